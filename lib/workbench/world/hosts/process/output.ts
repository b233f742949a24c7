/**
 * The ways out of a process: its stdout and stderr, line by line, and what it has said last.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { MAX_LINE } from "../../../base/text.ts";
import { clip } from "../../../base/text.ts";

/** Who takes what a process writes. */
export interface Reader {
  /** Is given each line, whole. */
  onLine(line: string): void;
  /** Is told of a line so long that it is not waited for; nothing is read any more. */
  onEndless(): void;
  /** How long a line may be, in characters; {@linkcode LONGEST_LINE} by default. */
  longest?: number;
  /** Ends the reading, though the stream may go on. */
  signal: AbortSignal;
  /** Gets the bytes as they are. */
  file?: Deno.FsFile;
}

/** What a process writes to one of its outputs. */
export interface ProcessOutput {
  /** Resolves when the stream has ended, or the signal was given. */
  readonly ended: Promise<void>;
  /** What was written last, for a report. */
  report(): string;
}

/** How long a line may be, in characters. */
export const LONGEST_LINE = 1 << 26;

/** How many lines a report shows. */
const LAST_LINES = 32;

/**
 * Reads an output of a process.
 *
 * @param name `"stdout"` or `"stderr"`.
 */
export function readOutput(name: string, stream: ReadableStream<Uint8Array>, reader: Reader): ProcessOutput {
  const { onLine, onEndless, longest = LONGEST_LINE, signal, file } = reader;
  const last = lastLines();
  let length = 0;
  function measure(text: string): void {
    const end = text.lastIndexOf("\n");
    length = end < 0 ? length + text.length : text.length - end - 1;
    if (length <= longest) return;
    length = -Infinity;
    onEndless();
    void lines.cancel();
  }
  const lines = stream
    .pipeThrough(onEach<Uint8Array>((bytes) => file !== undefined && writeAll(file, bytes)))
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(onEach(last.addText))
    .pipeThrough(onEach(measure))
    .pipeThrough(new TextLineStream())
    .getReader();
  signal.addEventListener("abort", () => void lines.cancel(), { once: true });
  async function readLines(): Promise<void> {
    for (let next = await lines.read(); !next.done; next = await lines.read()) {
      last.addLine(next.value);
      onLine(next.value);
    }
    if (!signal.aborted) last.finish();
  }
  return { ended: readLines(), report: () => section(name, last.list()) };
}

/** Shows each chunk of a stream to a function. */
function onEach<T>(see: (chunk: T) => void): TransformStream<T, T> {
  return new TransformStream<T, T>({
    transform(chunk, controller) {
      see(chunk);
      controller.enqueue(chunk);
    },
  });
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}

/** Keeps the last lines as a report shows them, and the beginning of the one that is not finished. */
function lastLines() {
  const lines: string[] = [];
  let unfinished = "";
  return {
    addText(text: string): void {
      const end = text.lastIndexOf("\n");
      unfinished = (end < 0 ? unfinished + text : text.slice(end + 1)).slice(0, MAX_LINE);
    },
    addLine(line: string): void {
      lines.push(clip(line));
      if (lines.length > LAST_LINES) lines.shift();
    },
    /** The stream has ended: what was unfinished is a line. */
    finish(): void {
      unfinished = "";
    },
    list: () => (unfinished === "" ? lines : [...lines, unfinished]).slice(-LAST_LINES),
  };
}

function section(name: string, lines: string[]): string {
  if (lines.every((line) => line === "")) return `It wrote nothing to ${name}`;
  return `The last it wrote to ${name}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
