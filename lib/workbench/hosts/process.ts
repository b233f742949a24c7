/**
 * Runs nodes as processes, in whatever language: messages go in on stdin and come out on stdout, one a line; stderr is the log.
 *
 * Each process leads a group of its own (a session, where the system has them): a Ctrl-C in the terminal does not reach it, and what
 * it has started ends with it, unless that has left the group. When this process exits, the nodes are killed.
 *
 * @module
 */

// @ts-types="../../../types/streams.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
import { tmpdir } from "node:os";
import { parseMessage } from "../../protocol.ts";
import type { Clock } from "../clock.ts";
import { UsageError } from "../errors.ts";
import type { Network } from "../network.ts";
import type { TestException } from "../results.ts";
import type { World } from "../run.ts";
import { badLine, clip, nodeCrashed, type NodeHost } from "./node_host.ts";
import { openInput } from "./process_input.ts";

/** How to start a node's process. */
export interface ProcessOptions {
  /** The program: an absolute path. */
  bin: string;
  /** Its arguments. */
  args: readonly string[];
  /** The file that gets a node's stderr. */
  logFile(node: string): string;
  /** Is given each line of stderr as well. */
  onStderr?(line: string): void;
}

/** How many lines of stdout and of stderr a report shows. */
const LAST_LINES = 32;
/** How long to wait for the end of a process, which would explain what looks wrong, ms. */
const GRACE = 200;
/** How long a process that has ended, or was killed, may leave its output open, ms: someone it has started may hold it. */
const DRAIN = 1000;

/** The world in which each node is a process, in real time. */
export function processWorld({ clock, ...options }: ProcessOptions & { clock: Clock }): World {
  return {
    mode: "process",
    clock,
    // deno-lint-ignore require-await -- what startProcess throws is to be a rejection
    startNode: async (id, network, _random, onFailure) => startProcess(id, options, network, onFailure),
  };
}

/**
 * Starts a program as a node on a network, in the system's temporary folder.
 *
 * @param onFailure Is told, once, when the process ends by itself, prints what is not a message, or cannot be reached any more.
 * @throws {UsageError} The program cannot be started.
 */
export function startProcess(
  id: string,
  options: ProcessOptions,
  network: Pick<Network, "attach" | "detach" | "send">,
  onFailure: (failure: TestException) => void,
): NodeHost {
  const log = Deno.openSync(options.logFile(id), { write: true, create: true, truncate: true });
  const child = spawn(options, log);
  const stdout = recentText();
  const stderr = recentText();
  const output = () =>
    [section("stdout", stdout), section("stderr", stderr), `All of its stderr is in ${options.logFile(id)}`].join("\n");
  let over = false;
  let exited = false;
  let grace: ReturnType<typeof setTimeout> | undefined;
  const fail = (failure: TestException) => {
    if (!over) onFailure(failure);
    over = true;
  };
  /** Fails soon, unless the process ends meanwhile: that says more. */
  const failSoon = (failure: () => TestException) => {
    if (!exited) grace ??= setTimeout(() => fail(failure()), GRACE);
  };
  const lost = (how: string) => failSoon(() => nodeCrashed(id, how, output()));

  const input = openInput(child.stdin, {
    onClosed: () => lost("closed its stdin"),
    onBacklog: () => lost("did not read its stdin, with more than 64 MB waiting,"),
  });
  network.attach(id, input.write);

  const drained = new AbortController();
  const onLine = (line: string) => {
    if (over) return;
    const problem = sendLine(id, line, network);
    if (problem !== undefined) failSoon(() => badLine(id, line, problem));
  };
  const onStderr = (line: string) => options.onStderr?.(`${id}: ${line}`);
  const reading = Promise.all([
    readLines(child.stdout, stdout.add, onLine, drained.signal).then(() => lost("closed its stdout")),
    readLog(child.stderr, log, stderr.add, onStderr, drained.signal),
  ]);

  const kill = () => killGroup(child);
  addEventListener("unload", kill);
  const ended = child.status.then(async (status) => {
    exited = true;
    clearTimeout(grace);
    kill();
    removeEventListener("unload", kill);
    const timeout = setTimeout(() => drained.abort(), DRAIN);
    await reading;
    clearTimeout(timeout);
    input.close();
    fail(nodeCrashed(id, describe(status), output()));
  });
  return {
    id,
    output,
    async stop() {
      over = true;
      network.detach(id);
      input.close();
      if (!exited) kill();
      await ended;
    },
  };
}

function spawn({ bin, args }: ProcessOptions, log: Deno.FsFile): Deno.ChildProcess {
  try {
    return new Deno.Command(bin, {
      args: [...args],
      cwd: tmpdir(),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    log.close();
    throw new UsageError(`Cannot run ${bin}: ${spawnProblem(error as Error)}`);
  }
}

function spawnProblem(error: Error): string {
  if (error instanceof Deno.errors.NotFound) {
    return "there is no such file, or its first line (#!) names a program that does not exist";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "it is not executable, expected a program (try chmod +x)";
  if (error.message.includes("os error 8")) {
    return "the system does not know how to, expected a program or a script whose first line names one (#!/usr/bin/env python3)";
  }
  return error.message;
}

function killGroup(child: Deno.ChildProcess): void {
  try {
    Deno.kill(-child.pid, "SIGKILL");
  } catch {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/** Puts a line on the network as a message; says what is wrong if it is none. */
function sendLine(id: string, line: string, network: Pick<Network, "send">): string | undefined {
  try {
    const message = parseMessage(line);
    if (message.src !== id) return `expected src to be ${JSON.stringify(id)}, got ${JSON.stringify(message.src)}`;
    network.send(message);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Reads lines to the end of a stream, or until the signal. */
async function readLines(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => void,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const lines = stream
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(
      new TransformStream<string, string>({
        transform(text, controller) {
          onText(text);
          controller.enqueue(text);
        },
      }),
    )
    .pipeThrough(new TextLineStream())
    .getReader();
  signal.addEventListener("abort", () => void lines.cancel(), { once: true });
  for (let next = await lines.read(); !next.done; next = await lines.read()) onLine(next.value);
}

/** Keeps what a node writes to stderr, as it is, and shows it line by line. */
async function readLog(
  stream: ReadableStream<Uint8Array>,
  file: Deno.FsFile,
  onText: (text: string) => void,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const tee = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
      controller.enqueue(chunk);
    },
  });
  try {
    await readLines(stream.pipeThrough(tee), onText, onLine, signal);
  } finally {
    file.close();
  }
}

/** The end of a text. */
interface RecentText {
  add(text: string): void;
  /** The last lines, whole or not. */
  lines(): string[];
}

/** Keeps the end of a text: {@linkcode LAST_LINES} lines of the length that a report shows, if it has as much. */
function recentText(): RecentText {
  const keep = LAST_LINES * 500;
  const chunks: string[] = [];
  let length = 0;
  return {
    add(text) {
      chunks.push(text);
      length += text.length;
      while (length - chunks[0]!.length > keep) length -= chunks.shift()!.length;
    },
    lines: () => chunks.join("").trimEnd().split("\n").slice(-LAST_LINES),
  };
}

function section(name: string, text: RecentText): string {
  const lines = text.lines();
  if (lines.join("") === "") return `It wrote nothing to ${name}`;
  return `The last it wrote to ${name}:\n${lines.map((line) => `  ${clip(line)}`).join("\n")}`;
}

function describe({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `exited with status ${code}` : `was ended by signal ${signal}`;
}
