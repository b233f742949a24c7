/**
 * Runs a program as a process: messages come in on stdin and go out on stdout, one a line; the log goes to stderr. It needs no
 * permissions.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import type { Host, LogLevel } from "./host.ts";
import { describeThrown } from "./log.ts";
import type { AnyMessages, MessageTypes } from "./messages.ts";
import { type NodeHandle, type Program, startNode } from "./node.ts";
import { type Message, parseMessage } from "./protocol.ts";

/** Where {@linkcode serve} reads and writes; all of it is the process's own by default. */
export interface ServeOptions {
  /** What comes in; stdin by default. */
  readable?: ReadableStream<Uint8Array>;
  /** Where messages go out; stdout by default. */
  writable?: WritableStream<Uint8Array>;
  /** Whether to log details, and every message that comes in or goes out; by default, if the arguments include `--debug`. */
  debug?: boolean;
  /** Takes the entries of the log; by default they go to stderr. */
  log?: (level: LogLevel, text: string) => void;
}

/** Reading stops while more characters than this wait to be written. */
const MAX_UNWRITTEN = 65536;

/** Of a line that is not a message, so many characters are shown. */
const MAX_SHOWN = 1000;

/** A timer cannot be set for longer (about 25 days); this is what setTimeout can do. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Runs a program until the input ends; then handlers in flight finish (5 s are for that), all output is written, and the promise is
 * fulfilled. Maelstrom does not end the input, it kills the process; a test or a shell's pipe does.
 *
 * All that is sent while one chunk of the input is dealt with goes out in one write. A line that is not a message is logged, and the
 * node goes on. When nobody reads the output any more, the node ends quietly.
 *
 * @throws {Error} The input cannot be read, or the output cannot be written, for another reason than that it is closed.
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
  const log: Host["log"] = debug ? write : (level, text) => void (level === "debug" || write(level, text));
  const output = openOutput(writable ?? Deno.stdout.writable);
  const node = startNode(program, createHost(output.write, log, debug));
  const lines = (readable ?? Deno.stdin.readable)
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new TextLineStream())
    .getReader();
  output.broken.then(() => lines.cancel());
  let ended = false;
  const release = catchRejections((reason) => {
    if (!ended) log("error", `Unhandled rejection: ${describeThrown(reason)}`);
  });
  try {
    await receiveAll(lines, node, output, log, debug);
    await Promise.race([node.idle(), output.broken, grace()]);
  } finally {
    ended = true;
    node.stop();
    await endOfTurn();
    release();
  }
  await output.close();
}

/** How long handlers in flight may take after the end of input, ms: messages that they still wait for can no longer come. */
const GRACE = 5000;

/** Fulfilled when the grace is over; keeps nothing alive. */
function grace(): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, GRACE)));
}

/** Hands a node all lines, as fast as its output is written. */
async function receiveAll(
  lines: ReadableStreamDefaultReader<string>,
  node: NodeHandle,
  output: Output,
  log: Host["log"],
  debug: boolean,
): Promise<void> {
  for (let line = await lines.read(); !line.done; line = await lines.read()) {
    if (debug) log("debug", `Received ${line.value}`);
    const message = parse(line.value, log);
    if (message !== undefined) node.receive(message);
    if (output.unwritten > MAX_UNWRITTEN) await output.drained();
  }
}

/** Reads a line; one that is not a message goes to the log. */
function parse(line: string, log: Host["log"]): Message | undefined {
  try {
    return parseMessage(line);
  } catch (error) {
    const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}… (${line.length} characters)` : line;
    log("error", `${(error as Error).message}: ${shown}`);
    return undefined;
  }
}

/** Takes what promises are rejected with and nobody else does, which would end the process, until it is told to stop. */
function catchRejections(report: (reason: unknown) => void): () => void {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    report(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => globalThis.removeEventListener("unhandledrejection", onRejection);
}

function createHost(write: (line: string) => void, log: Host["log"], debug: boolean): Host {
  return {
    send: (message) => {
      const line = JSON.stringify(message);
      if (debug) log("debug", `Sent ${line}`);
      write(line + "\n");
    },
    now: () => performance.timeOrigin + performance.now(),
    setTimer: (delay, callback) => setTimeout(callback, Math.min(delay, MAX_DELAY)),
    clearTimer: (timer) => clearTimeout(timer as number),
    getRandomValues: (array) => crypto.getRandomValues(array as Uint8Array<ArrayBuffer>) as typeof array,
    random: Math.random,
    log,
  };
}

/** Writes one entry to stderr, with the time and the level. */
function logToStderr(level: LogLevel, text: string): void {
  const bytes = new TextEncoder().encode(`${new Date().toISOString()} ${level} ${text}\n`);
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch {
    // Nobody reads the log: that is no reason to end.
  }
}

/** Writes lines; those of one turn go out together. */
interface Output {
  /** Adds a line; it goes out when the turn is over. */
  readonly write: (line: string) => void;
  /** How many characters wait to be written. */
  readonly unwritten: number;
  /** Fulfilled when everything is written, or cannot be written any more. */
  drained(): Promise<void>;
  /** Fulfilled when nothing can be written any more. */
  readonly broken: Promise<void>;
  /** Writes what is left; throws what has gone wrong, unless it is only that nobody reads it any more. */
  close(): Promise<void>;
}

function openOutput(writable: WritableStream<Uint8Array>): Output {
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const broken = Promise.withResolvers<void>();
  let failure: unknown;
  let waiting = "";
  let inFlight = 0;
  let draining: Promise<void> | undefined;
  const drain = async () => {
    try {
      while (waiting !== "") {
        await endOfTurn();
        const text = waiting;
        waiting = "";
        inFlight = text.length;
        await writer.write(encoder.encode(text));
        inFlight = 0;
      }
    } catch (error) {
      failure = error;
      inFlight = 0;
      broken.resolve();
    }
    draining = undefined;
  };
  return {
    write: (line) => {
      if (failure !== undefined) return;
      waiting += line;
      draining ??= drain();
    },
    get unwritten() {
      return waiting.length + inFlight;
    },
    drained: async () => await draining,
    broken: broken.promise,
    close: async () => {
      await draining;
      if (failure === undefined || failure instanceof Deno.errors.BrokenPipe) return;
      throw new Error(`Cannot write output: ${(failure as Error).message ?? failure}`, { cause: failure });
    },
  };
}

const setImmediate = (globalThis as unknown as { setImmediate: (callback: () => void) => void }).setImmediate;

/** Fulfilled when the promises that can run have run. (A timer would do, but takes two milliseconds.) */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
