/**
 * The host of a node that is a process: messages are lines of stdin and stdout, the log goes to stderr. It needs no
 * permissions.
 *
 * 1. {@linkcode serve} starts the node, and reads lines.
 * 2. Each line is parsed and delivered to the node. Reading pauses while too much output is unwritten (backpressure).
 * 3. At the end of the input, handlers have 5 s to finish; then the node stops and the output is written.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import type { Host, LogLevel, NodeHandle } from "./host.ts";
import { formatJSON } from "./json.ts";
import type { AnyMessages, MessageTypes } from "./messages.ts";
import type { Program } from "./node.ts";
import { Output } from "./output.ts";
import { createProcessHost, logToStderr, parseOrLog, runNode, withoutDetails } from "./process_host.ts";
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
  const node = startNode(program, createProcessHost(createSend(output, log, debug), log));
  const lines = (readable ?? Deno.stdin.readable)
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new TextLineStream())
    .getReader();
  output.broken.then(() => lines.cancel());
  await runNode(() => receiveAll(lines, node, output, log, debug), {
    node,
    log,
    broken: output.broken,
    ownsProcess: readable === undefined,
  });
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
    const message = parseOrLog(line.value, log);
    if (message !== undefined) node.receive(message);
    if (output.unwritten > MAX_UNWRITTEN) await output.flushed();
  }
}

/** Creates the function that writes a message as a line. */
function createSend(output: Output, log: Host["log"], debug: boolean): Host["send"] {
  return (message) => {
    const line = formatJSON(message);
    if (debug) log("debug", `Sent ${line}`);
    output.write(line + "\n");
  };
}
