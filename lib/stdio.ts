/**
 * The host of a node that is a process: messages are lines of stdin and stdout, the log goes to stderr. It needs no
 * permissions.
 *
 * 1. {@linkcode serve} starts the node, and reads lines.
 * 2. Each line is parsed and delivered to the node. Reading pauses while too much output is unwritten (backpressure).
 * 3. At the end of the input, handlers have {@linkcode GRACE_PERIOD} to finish; then the node stops and the output is
 *    written.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import type { Host, LogLevel, NodeHandle } from "./host.ts";
import { formatJSON } from "./json.ts";
import { describeThrown } from "./log.ts";
import type { AnyMessages, MessageTypes } from "./messages.ts";
import type { Program } from "./node.ts";
import { endOfTurn, Output } from "./output.ts";
import { type Message, parseMessage } from "./protocol.ts";
import { startNode } from "./start_node.ts";

/** Options for {@linkcode serve}. */
export interface ServeOptions {
  /**
   * The input.
   *
   * @default Deno.stdin.readable
   */
  readable?: ReadableStream<Uint8Array>;
  /**
   * The output.
   *
   * @default Deno.stdout.writable
   */
  writable?: WritableStream<Uint8Array>;
  /**
   * True to log details, and every message received or sent.
   *
   * @default Deno.args.includes("--debug")
   */
  debug?: boolean;
  /**
   * Receives the entries of the log.
   *
   * @default entries are written to stderr
   */
  log?: (level: LogLevel, text: string) => void;
}

/** Reading pauses while more characters than this are unwritten. */
const MAX_UNWRITTEN = 65_536;

/** Characters shown of a line that is not a message. */
const MAX_SHOWN = 1000;

/** Longest delay of `setTimeout`, ms: about 25 days. A timer with a longer delay fires after that time. */
const MAX_DELAY = 2 ** 31 - 1;

/** Time for handlers to finish after the end of the input, ms. Messages that they wait for can no longer arrive. */
const GRACE_PERIOD = 5000;

/**
 * Runs a program until the input ends, then lets its handlers finish for up to 5 s and writes the remaining output.
 * (Maelstrom does not end the input, it kills the process. A test or a pipe of the shell ends it.)
 *
 * Messages sent while one chunk of input is handled go out in one write. A line that is not a message is logged and
 * skipped. If the reader of the output closes it, the node ends without an error. If nothing handles a rejection, the
 * reason is logged and the process ends with exit status 1.
 *
 * @throws {Error} The input cannot be read, or the output cannot be written although its reader has not closed it.
 * @throws The reason of a rejection that nothing handled, if `readable` was given.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serve } from "./stdio.ts";
 *
 * const input = [
 *   { src: "c0", dest: "n0", body: { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0"] } },
 *   { src: "c1", dest: "n0", body: { type: "echo", msg_id: 2, echo: "hi" } },
 * ];
 * const lines = input.map((message) => JSON.stringify(message) + "\n");
 * const output: Uint8Array[] = [];
 * await serve((node) => node.on("echo", ({ echo }) => ({ echo })), {
 *   readable: ReadableStream.from(lines).pipeThrough(new TextEncoderStream()),
 *   writable: new WritableStream({ write: (chunk) => void output.push(chunk) }),
 * });
 * const text = new TextDecoder().decode(output.at(-1)).trim().split("\n").at(-1)!;
 * assertEquals(JSON.parse(text).body, { type: "echo_ok", echo: "hi", in_reply_to: 2 });
 * ```
 */
export async function serve<M extends MessageTypes = AnyMessages>(
  program: Program<M>,
  { readable, writable, debug = Deno.args.includes("--debug"), log: write = logToStderr }: ServeOptions = {},
): Promise<void> {
  const log: Host["log"] = debug ? write : withoutDetails(write);
  const output = new Output(writable ?? Deno.stdout.writable);
  const node = startNode(program, createHost(output, log, debug));
  const lines = (readable ?? Deno.stdin.readable)
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new TextLineStream())
    .getReader();
  output.broken.then(() => lines.cancel());
  const crash = catchRejection();
  try {
    await Promise.race([receiveAll(lines, node, output, log, debug), crash.happened]);
    await withinGracePeriod([node.idle(), output.broken, crash.happened]);
  } catch (error) {
    if (!crash.isCause(error)) throw error;
    log("error", `The node ends: it did not handle a rejection: ${describeThrown(error)}`);
    // As the log has the reason, Deno need not print it again.
    if (readable === undefined) Deno.exit(1);
    throw error;
  } finally {
    node.stop();
    // RPCs that nothing awaits are rejected now: they must not end the process as unhandled.
    await endOfTurn();
    crash.stopCatching();
  }
  await output.finish();
}

/** Delivers all lines to the node, with backpressure from its output. */
async function receiveAll(
  lines: ReadableStreamDefaultReader<string>,
  node: NodeHandle,
  output: Output,
  log: Host["log"],
  debug: boolean,
): Promise<void> {
  for (let line = await lines.read(); !line.done; line = await lines.read()) {
    if (debug) log("debug", `Received ${line.value}`);
    const message = parseLine(line.value, log);
    if (message !== undefined) node.receive(message);
    if (output.unwritten > MAX_UNWRITTEN) await output.flushed();
  }
}

/** Parses a line as a message. If it is not one, logs it and returns undefined. */
function parseLine(line: string, log: Host["log"]): Message | undefined {
  try {
    return parseMessage(line);
  } catch (error) {
    const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}… (${line.length} characters)` : line;
    log("error", `${(error as Error).message}: ${shown}`);
    return undefined;
  }
}

/** Waits for the first of some promises, or for {@linkcode GRACE_PERIOD}. */
async function withinGracePeriod(promises: readonly Promise<void>[]): Promise<void> {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GRACE_PERIOD);
  try {
    await Promise.race([...promises, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a rejection that nothing handles. */
interface RejectionCatcher {
  /** Rejects with the reason of the first one. */
  happened: Promise<never>;
  /** True if that reason is what was thrown. */
  isCause(thrown: unknown): boolean;
  /** Leaves later rejections to Deno. */
  stopCatching(): void;
}

function catchRejection(): RejectionCatcher {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  let first: { reason: unknown } | undefined;
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    first ??= { reason: event.reason };
    reject(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    happened: promise,
    isCause: (thrown) => first?.reason === thrown && first !== undefined,
    stopCatching: () => globalThis.removeEventListener("unhandledrejection", onRejection),
  };
}

function createHost(output: Output, log: Host["log"], debug: boolean): Host {
  return {
    send: (message) => {
      const line = formatJSON(message);
      if (debug) log("debug", `Sent ${line}`);
      output.write(line + "\n");
    },
    now: () => performance.timeOrigin + performance.now(),
    setTimer: (delay, callback) => setTimeout(callback, Math.min(delay, MAX_DELAY)),
    clearTimer: (timer) => clearTimeout(timer as number),
    getRandomValues: (array) => crypto.getRandomValues(array as Uint8Array<ArrayBuffer>) as typeof array,
    random: Math.random,
    log,
  };
}

/** Leaves out the entries of level debug. */
function withoutDetails(log: Host["log"]): Host["log"] {
  return (level, text) => {
    if (level !== "debug") log(level, text);
  };
}

/** Writes one entry to stderr, with its time and level. */
function logToStderr(level: LogLevel, text: string): void {
  const bytes = new TextEncoder().encode(`${new Date().toISOString()} ${level} ${text}\n`);
  try {
    let written = 0;
    while (written < bytes.length) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch {
    // The log cannot be written: the node runs on without it.
  }
}
