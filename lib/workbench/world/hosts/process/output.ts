/**
 * Stdout and stderr of a process, as lines.
 *
 * The path of the bytes:
 * 1. They are written to the log, if there is one.
 * 2. They are decoded to text (`base/decode_utf8.ts`), which notes the first line that is not UTF-8.
 * 3. The text is split into lines. The last ones are kept for a report.
 * 4. If the unfinished line is too long, reading stops.
 *
 * The lines of a chunk are handled in one go, or in a few: a stream of lines would take as long as all else that a
 * message costs.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { stripVTControlCharacters } from "node:util";
import { createLineDecoder, type LineDecoder } from "../../../base/decode_utf8.ts";
import { clip, MAX_LINE } from "../../../base/text.ts";

/** Options for {@linkcode readOutput}. */
export interface ReadOptions {
  /**
   * Called with each line.
   *
   * @param isUTF8 False from the first line on that is not UTF-8: U+FFFD stands for its invalid bytes.
   */
  onLine(line: string, isUTF8: boolean): void;
  /** Called when a line is too long. Nothing is read after that. */
  onTooLong(): void;
  /** Longest line, in characters. `@default 1 << 26` */
  longest?: number;
  /** Most lines to handle in one turn of the event loop. `@default Infinity` */
  linesPerTurn?: number;
  /** Resolves when more may be read; undefined if it may be now. `@default always now` */
  untilRoom?(): Promise<void> | undefined;
  /** Stops reading, even if the stream is open. */
  signal: AbortSignal;
  /** Returns the time, ms. `@default performance.now` */
  now?(): number;
  /** Log, which gets all bytes. */
  log?: Pick<NodeLog, "write">;
}

/** Log of what a node writes to stderr. Its methods never throw: a full disk costs the log, not the test. */
export interface NodeLog {
  readonly path: string;
  /** False as soon as anything that was written to it is lost. */
  readonly isWhole: boolean;
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Output of a process. */
export interface ProcessOutput {
  /** Resolves when the stream has ended, or reading was stopped. */
  readonly ended: Promise<void>;
  /** Number of lines that were read. */
  lineCount(): number;
  /** Returns the last lines with text in them, without colours; at most `count`. */
  lastLines(count: number): string[];
  /** The text after the last line feed; empty if there is none. */
  unfinished(): string;
  /** Milliseconds since anything was read. */
  quietFor(): number;
}

const LONGEST_LINE = 1 << 26;

/** Size of the buffer for reads, in bytes: that of a pipe. */
const BUFFER = 1 << 16;

/** Number of lines that are kept for a report, as in Maelstrom. */
const LAST_LINES = 32;

/** State of reading an output. */
interface State {
  readonly options: ReadOptions;
  readonly reader: ReadableStreamBYOBReader;
  readonly decoder: LineDecoder;
  readonly now: () => number;
  /** The last {@linkcode LAST_LINES} lines, clipped. */
  readonly last: string[];
  /** Number of lines so far. */
  count: number;
  /** Text after the last line feed. */
  unfinished: string;
  /** Time of the last read. */
  readAt: number;
  /** True after the signal or a line that is too long: nothing is read any more. */
  stopped: boolean;
}

/**
 * Reads an output of a process.
 *
 * @param stream Stream of bytes, as processes have.
 */
export function readOutput(stream: ReadableStream<Uint8Array>, options: ReadOptions): ProcessOutput {
  const { now = () => performance.now() } = options;
  const reader = stream.getReader({ mode: "byob" });
  // A line with a byte order mark is no message.
  const decoder = createLineDecoder({ ignoreBOM: true });
  const kept = { last: [], count: 0, unfinished: "", readAt: now(), stopped: false };
  const state: State = { options, reader, decoder, now, ...kept };
  options.signal.addEventListener("abort", () => stop(state), { once: true });
  return {
    ended: readAll(state),
    lineCount: () => state.count,
    lastLines: (count) => lastLines(state).slice(-count),
    unfinished: () => state.unfinished,
    quietFor: () => now() - state.readAt,
  };
}

function stop(state: State): void {
  state.stopped = true;
  void state.reader.cancel();
}

async function readAll(state: State): Promise<void> {
  const { reader, decoder, options: { log, untilRoom } } = state;
  // The same buffer for all reads: a new one for each would be most of what a read costs.
  const readInto = (buffer: ArrayBuffer) => reader.read(new Uint8Array(buffer));
  let next = await readInto(new ArrayBuffer(BUFFER));
  while (!next.done && !state.stopped) {
    const { value } = next;
    log?.write(value);
    state.readAt = state.now();
    await takeText(state, decoder.decode(value));
    const room = untilRoom?.();
    if (room !== undefined) await room;
    next = await readInto(value.buffer);
  }
  if (state.stopped) return;
  const rest = decoder.decode(new Uint8Array(0), true);
  if (state.unfinished + rest !== "") await takeText(state, `${rest}\n`);
}

/** Step 3 and 4 for a piece of the text. */
async function takeText(state: State, text: string): Promise<void> {
  const { onTooLong, longest = LONGEST_LINE, linesPerTurn = Infinity } = state.options;
  const end = text.lastIndexOf("\n");
  // Only the new text is searched: a long line arrives in many pieces.
  const lines = end < 0 ? [] : (state.unfinished + text.slice(0, end)).split("\n");
  state.unfinished = end < 0 ? state.unfinished + text : text.slice(end + 1);
  for (const [index, line] of lines.entries()) {
    if (index > 0 && index % linesPerTurn === 0) await nextTurn();
    if (state.stopped) return;
    takeLine(state, line.endsWith("\r") ? line.slice(0, -1) : line);
  }
  if (state.unfinished.length <= longest) return;
  onTooLong();
  stop(state);
}

/** Resolves in the next turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function takeLine(state: State, line: string): void {
  const { last, decoder, options: { onLine } } = state;
  state.count++;
  last.push(clip(line));
  if (last.length > LAST_LINES) last.shift();
  onLine(line, decoder.takeLine());
}

/** Lists the last lines, without the colours that Deno and others write to a pipe, too. */
function lastLines({ last, unfinished }: State): string[] {
  const lines = unfinished === "" ? last : [...last, unfinished.slice(0, MAX_LINE)];
  return lines.map(stripVTControlCharacters).filter((line) => line !== "").slice(-LAST_LINES);
}
