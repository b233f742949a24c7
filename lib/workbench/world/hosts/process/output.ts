/**
 * Stdout and stderr of a process, as lines.
 *
 * The path of the bytes:
 * 1. They are written to the log, if there is one.
 * 2. They are decoded to text.
 * 3. The last lines are kept for a report.
 * 4. If a line is too long, reading stops.
 * 5. The text is split into lines.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { clip, MAX_LINE } from "../../../base/text.ts";

/** Options for {@linkcode readOutput}. */
export interface ReadOptions {
  /** Called with each line. */
  onLine(line: string): void;
  /** Called when a line is too long. Nothing is read after that. */
  onTooLong(): void;
  /** Longest line, in characters. `@default 1 << 26` */
  longest?: number;
  /** Stops reading, even if the stream is open. */
  signal: AbortSignal;
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
  /** Returns the last lines, for a report. */
  report(): string;
}

const LONGEST_LINE = 1 << 26;

/** Number of lines in a report. */
const LAST_LINES = 32;

/**
 * Reads an output of a process.
 *
 * @param name `"stdout"` or `"stderr"`.
 */
export function readOutput(name: string, stream: ReadableStream<Uint8Array>, options: ReadOptions): ProcessOutput {
  const { onLine, onTooLong, longest = LONGEST_LINE, signal, log } = options;
  const last = keepLastLines();
  const isTooLong = measureLines(longest);
  const lines = stream
    .pipeThrough(onEach<Uint8Array>((bytes) => log?.write(bytes)))
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(onEach(last.addText))
    .pipeThrough(onEach((text) => {
      if (!isTooLong(text)) return;
      onTooLong();
      void lines.cancel();
    }))
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

/** Calls a function with each chunk of a stream. */
function onEach<T>(see: (chunk: T) => void): TransformStream<T, T> {
  return new TransformStream<T, T>({
    transform(chunk, controller) {
      see(chunk);
      controller.enqueue(chunk);
    },
  });
}

/**
 * Returns a function that is given a text piece by piece, and returns true once, when the unfinished line is too long.
 */
function measureLines(longest: number): (text: string) => boolean {
  let length = 0;
  return (text) => {
    const end = text.lastIndexOf("\n");
    length = end < 0 ? length + text.length : text.length - end - 1;
    if (length <= longest) return false;
    length = -Infinity;
    return true;
  };
}

/** Keeps the last lines for a report, and the beginning of the unfinished one. */
function keepLastLines() {
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
    /** Forgets the unfinished line: the end of the stream has made it a line. */
    finish(): void {
      unfinished = "";
    },
    list: () => (unfinished === "" ? lines : [...lines, unfinished]).slice(-LAST_LINES),
  };
}

function section(name: string, lines: string[]): string {
  if (lines.every((line) => line === "")) return `It wrote nothing to ${name}`;
  return `Its last lines on ${name}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
