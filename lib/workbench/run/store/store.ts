/**
 * The store: keeps one run on disk. This folder writes files and reads nothing back (`cli/stored_run.ts` does).
 *
 * A run's folder is `store/<workload>/<time>/`, with `results.json`, `history.jsonl`, `messages.jsonl` and
 * `node-logs/`; `store/latest` is a link to the newest. `memory_store.ts` keeps the same lines in memory.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";
import { whileWriting } from "../../base/watchdog.ts";
import { formatJSON, formatJSONLine } from "../../base/json.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../results.ts";

/** Files of one run. */
export interface Store {
  /** Path of the run's folder, relative to the user's working directory; empty if it is not on disk. */
  readonly path: string;
  /** Adds a line to `messages.jsonl`. Lines are buffered. */
  message(entry: { id: number; time: number; type: string; message: Message }): void;
  /** Writes `history.jsonl`. */
  history(history: readonly Operation[]): void;
  /** Writes `results.json`. */
  results(results: Results): void;
  /**
   * Writes buffered lines.
   *
   * @returns Message of the first write that failed, if any. The test continues without its store.
   */
  problem(): string | undefined;
  /** Writes buffered lines and closes the files. */
  close(): void;
}

/** Store on disk, which also has the nodes' logs. */
export interface DiskStore extends Store {
  /** Returns the path of a node's log, for a host that writes it. */
  nodeLogPath(node: string): string;
  /** Writes a node's whole log, for a node that runs in this process. */
  writeNodeLog(node: string, text: string): void;
}

/** Size of the buffer for `messages.jsonl`, in characters. */
const BUFFER = 1 << 16;

/**
 * Opens the store of a new run: makes its folder and the link `latest`.
 *
 * @param root Folder of all runs, such as `"store"`; made if it does not exist.
 * @param workload Name of the workload.
 * @param now Time of the run.
 * @throws {Error} The folder cannot be made or written to.
 */
export function openStore(root: string, workload: string, now: Date): DiskStore {
  const path = makeRunFolder(root, workload, now);
  Deno.mkdirSync(`${path}/node-logs`);
  link(`${root}/latest`, path.slice(root.length + 1));
  let problem: string | undefined;
  /** Writes, or keeps the first error: a full disk must not cost the verdict. */
  function attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      problem ??= `Cannot store all of the run in ${path}: ${(error as Error).message}`;
    }
  }
  const messages = openLineWriter(`${path}/messages.jsonl`);
  const nodeLogPath = (node: string) => `${path}/node-logs/${node}.log`;
  return {
    path,
    nodeLogPath,
    writeNodeLog: (node, text) => attempt(() => Deno.writeTextFileSync(nodeLogPath(node), text)),
    message: (entry) => attempt(() => messages.write(entry)),
    history: (history) =>
      attempt(() => {
        const lines = openLineWriter(`${path}/history.jsonl`);
        for (const operation of history) lines.write(operation);
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

/** Makes a folder named after the time; runs that begin in the same second get `-2`, `-3` and so on. */
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

/** Sets a symbolic link. If links cannot be made, or another run makes one at the same time, the run does without. */
function link(path: string, target: string): void {
  const temporary = `${path}-${target.replaceAll("/", "-")}`;
  try {
    Deno.symlinkSync(target, temporary, { type: "dir" });
    Deno.renameSync(temporary, path);
  } catch {
    // The link is a convenience only.
  }
}

/** Opens a file to which values are written, one line of JSON each. */
function openLineWriter(path: string): { write(value: unknown): void; flush(): void; close(): void } {
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
      buffer += formatJSONLine(value) + "\n";
      if (buffer.length > BUFFER) flush();
    },
    flush,
    close() {
      flush();
      file.close();
    },
  };
}
