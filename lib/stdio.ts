/**
 * Runs a program as a process: messages come in on stdin and go out on stdout, one a line; the log goes to stderr. It needs no
 * permissions.
 *
 * @module
 */

// @ts-types="../types/streams.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
import type { Host, LogLevel } from "./host.ts";
import type { AnyMessages, MessageTypes } from "./messages.ts";
import { type NodeHandle, type Program, startNode } from "./node.ts";
import { parseMessage } from "./protocol.ts";

/** Where {@linkcode serve} reads and writes; all of it is the process's own by default. */
export interface ServeOptions {
  /** What comes in; stdin by default. */
  readable?: ReadableStream<Uint8Array>;
  /** Where messages go out; stdout by default. */
  writable?: WritableStream<Uint8Array>;
  /** Takes the entries of the log; by default they go to stderr, those of level debug only if the arguments include `--debug`. */
  log?: (level: LogLevel, text: string) => void;
}

/** Reading stops while more characters than this wait to be written. */
const MAX_UNWRITTEN = 1 << 20;

/** A timer cannot be set for longer (about 25 days); this is what setTimeout can do. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Runs a program until the input ends; then handlers in flight finish, all output is written, and the promise is fulfilled.
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
  { readable, writable, log = createLog(Deno.args.includes("--debug")) }: ServeOptions = {},
): Promise<void> {
  const output = openOutput(writable ?? Deno.stdout.writable);
  const node = startNode(program, createHost((line) => output.write(line), log));
  const lines = (readable ?? Deno.stdin.readable)
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new TextLineStream())
    .getReader();
  output.closed.catch(() => {}).then(() => lines.cancel());
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log("error", `Unhandled rejection: ${event.reason?.stack ?? event.reason}`);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  try {
    await receiveAll(lines, node, output, log);
    await node.idle();
  } finally {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    node.stop();
  }
  await output.close();
}

/** Hands a node all lines, as fast as its output is written. */
async function receiveAll(
  lines: ReadableStreamDefaultReader<string>,
  node: NodeHandle,
  output: Output,
  log: Host["log"],
): Promise<void> {
  while (true) {
    const { value: line, done } = await lines.read();
    if (done) return;
    try {
      node.receive(parseMessage(line));
    } catch (error) {
      log("error", `${(error as Error).message}: ${line.length > 1000 ? `${line.slice(0, 1000)}…` : line}`);
    }
    if (output.unwritten > MAX_UNWRITTEN) await output.drained();
  }
}

function createHost(write: (line: string) => void, log: Host["log"]): Host {
  return {
    send: (message) => write(JSON.stringify(message) + "\n"),
    now: () => performance.timeOrigin + performance.now(),
    setTimer: (delay, callback) => setTimeout(callback, Math.min(delay, MAX_DELAY)),
    clearTimer: (timer) => clearTimeout(timer as number),
    getRandomValues: (array) => crypto.getRandomValues(array as Uint8Array<ArrayBuffer>) as typeof array,
    random: Math.random,
    log,
  };
}

/** Writes to stderr, one entry a line, with the time and the level. */
function createLog(debug: boolean): Host["log"] {
  const encoder = new TextEncoder();
  return (level, text) => {
    if (level === "debug" && !debug) return;
    const bytes = encoder.encode(`${new Date().toISOString()} ${level} ${text}\n`);
    try {
      for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
    } catch {
      // Nobody reads the log: that is no reason to end.
    }
  };
}

/** Writes lines; those of one turn go out together. */
interface Output {
  /** Adds a line; it goes out when the turn is over. */
  write(line: string): void;
  /** How many characters wait to be written. */
  readonly unwritten: number;
  /** Fulfilled when everything is written, or nobody reads it any more. */
  drained(): Promise<void>;
  /** Fulfilled when nobody reads the output any more. */
  readonly closed: Promise<void>;
  /** Writes what is left. */
  close(): Promise<void>;
}

function openOutput(writable: WritableStream<Uint8Array>): Output {
  const encoder = new TextEncoder();
  const writer = writable.getWriter();
  const closed = Promise.withResolvers<void>();
  let text = "";
  let unwritten = 0;
  let draining: Promise<void> | undefined;
  let broken = false;
  async function drain() {
    try {
      while (text !== "") {
        await endOfTurn();
        const bytes = encoder.encode(text);
        unwritten = text.length;
        text = "";
        await writer.write(bytes);
      }
    } catch (error) {
      broken = true;
      if (error instanceof Deno.errors.BrokenPipe) closed.resolve();
      else closed.reject(error);
    }
    unwritten = 0;
    draining = undefined;
  }
  return {
    write(line) {
      if (broken) return;
      text += line;
      draining ??= drain();
    },
    get unwritten() {
      return unwritten + text.length;
    },
    drained: async () => {
      await draining;
    },
    closed: closed.promise,
    close: async () => {
      await draining;
      if (broken) await closed.promise;
    },
  };
}

const setImmediate = (globalThis as unknown as { setImmediate: (callback: () => void) => void }).setImmediate;

/** Fulfilled when all that happens because of what has happened has happened: timers would take a millisecond or two for it. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
