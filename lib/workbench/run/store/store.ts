/**
 * The store: one folder for each run, `store/<workload>/<time>/`, with `results.json`, `history.jsonl`, `messages.jsonl` and
 * `node-logs/`; `store/latest` points at the newest.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";
import { whileWriting } from "../../base/watchdog.ts";
import { formatJSON, formatLine } from "../../base/json.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../results.ts";

/** One run's folder. */
export interface Store {
  /** Its path, as the user would write it. */
  readonly path: string;
  /** Where a node's log goes. */
  nodeLog(node: string): string;
  /** Adds one line to `messages.jsonl`; buffered. */
  message(entry: { id: number; time: number; type: string; message: Message }): void;
  /** Writes `history.jsonl`. */
  history(history: readonly Operation[]): void;
  /** Writes `results.json`. */
  results(results: Results): void;
  /** Writes what is buffered; says what could not be written, and why. A test goes on without its store. */
  problem(): string | undefined;
  /** Writes what is buffered, and closes the files. */
  close(): void;
}

/** A run's folder, in which nobody but this process writes. */
export interface OwnStore extends Store {
  /** Writes a node's log. */
  writeNodeLog(node: string, text: string): void;
}

/** What is gathered before it is written, in characters. */
const BUFFER = 1 << 16;

/**
 * Makes the folder of a run.
 *
 * @param root The folder of all runs, such as `"store"`; made if need be.
 * @param workload The workload's name.
 * @param now The time of the run.
 * @throws {Error} The folder cannot be made or written to.
 */
export function openStore(root: string, workload: string, now: Date): OwnStore {
  const path = makeRunFolder(root, workload, now);
  Deno.mkdirSync(`${path}/node-logs`);
  link(`${root}/latest`, path.slice(root.length + 1));
  let problem: string | undefined;
  /** Writes, or notes why not: a full disk must not cost the verdict. */
  function attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      problem ??= `Cannot store all of the run in ${path}: ${(error as Error).message}`;
    }
  }
  const messages = lineWriter(`${path}/messages.jsonl`);
  const nodeLog = (node: string) => `${path}/node-logs/${node}.log`;
  return {
    path,
    nodeLog,
    writeNodeLog: (node, text) => attempt(() => Deno.writeTextFileSync(nodeLog(node), text)),
    message: (entry) => attempt(() => messages.write(entry)),
    history: (history) =>
      attempt(() => {
        const lines = lineWriter(`${path}/history.jsonl`);
        history.forEach(lines.write);
        lines.close();
      }),
    results: (results) => attempt(() => Deno.writeTextFileSync(`${path}/results.json`, formatJSON(results, 2) + "\n")),
    problem() {
      attempt(messages.flush);
      return problem;
    },
    close: () => attempt(messages.close),
  };
}

/** Two runs that begin in the same second get different folders. */
function makeRunFolder(root: string, workload: string, now: Date): string {
  const time = now.toISOString().replace(/[-:]|\..*/g, "");
  Deno.mkdirSync(`${root}/${workload}`, { recursive: true });
  for (let attempt = 1;; attempt++) {
    const path = `${root}/${workload}/${time}${attempt === 1 ? "" : `-${attempt}`}`;
    try {
      Deno.mkdirSync(path);
      return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** A convenience: where links cannot be made, or another run makes one at the same time, the run goes on without. */
function link(path: string, target: string): void {
  const temporary = `${path}-${target.replaceAll("/", "-")}`;
  try {
    Deno.symlinkSync(target, temporary, { type: "dir" });
    Deno.renameSync(temporary, path);
  } catch {
    // See above.
  }
}

/** Writes values to a file, one line of JSON each. */
function lineWriter(path: string): { write(value: unknown): void; flush(): void; close(): void } {
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  let buffer = "";
  function flush(): void {
    let bytes = encoder.encode(buffer);
    buffer = "";
    while (bytes.length > 0) bytes = bytes.subarray(whileWriting(() => file.writeSync(bytes)));
  }
  return {
    write(value) {
      buffer += formatLine(value) + "\n";
      if (buffer.length > BUFFER) flush();
    },
    flush,
    close() {
      flush();
      file.close();
    },
  };
}
