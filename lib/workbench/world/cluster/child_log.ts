/**
 * Log of a process of a cluster: everything it writes, as it is, and when it came. Beside `n0.log`, the file
 * `n0.log.times` has a line for each piece of it: its time, ms since 1970, and the offset of its end, bytes. A log can
 * be long: no more of the two is read than what is asked for.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { stripVTControlCharacters } from "node:util";

/** Piece of a log that was written at one time. */
export interface LogPiece {
  /** Time at which it came, ms since 1970. */
  time: number;
  /** Its bytes, as base64: they may be no text. */
  base64: string;
}

/** Part of a log. */
export interface LogPart {
  pieces: LogPiece[];
  /** Offset of what comes after it, bytes. */
  next: number;
  /** Time of the machine that the log is on, ms since 1970. */
  now: number;
}

/** Greatest size of a part, bytes. */
const MAX_PART = 1 << 22;
/** Bytes that are read at once where a few may be enough. */
const BLOCK = 1 << 14;
/** Bytes that have a whole line of a file of times, wherever they begin. */
const TWO_LINES = 80;

/**
 * Opens a log to append to it.
 *
 * @returns Function that appends bytes. It never rejects: what cannot be written is lost.
 */
export function openChildLog(path: string): (bytes: Uint8Array) => Promise<void> {
  let last = Promise.resolve();
  /** Size of the log, bytes; undefined if it is not known, as after a failed write. */
  let size: number | undefined;
  const append = async (bytes: Uint8Array, time: number) => {
    try {
      size ??= await Deno.stat(path).then(({ size }) => size, () => 0);
      await Deno.writeFile(path, bytes, { append: true });
      size += bytes.length;
      await Deno.writeTextFile(timesPath(path), `${time} ${size}\n`, { append: true });
    } catch {
      // A full disk costs the log, not the process.
      size = undefined;
    }
  };
  return (bytes) => {
    const time = Date.now();
    last = last.then(() => append(bytes, time));
    return last;
  };
}

/**
 * Reads a part of a log, at most 4 MB. That of a log that does not exist is empty.
 *
 * @param from Offset of the part, bytes; if it is negative, from the end.
 */
export async function readLogPart(path: string, from: number): Promise<LogPart> {
  const { start, bytes } = await readBytes(path, from).catch(() => ({ start: 0, bytes: new Uint8Array(0) }));
  const next = start + bytes.length;
  // The times are written after the bytes: what has none yet is new.
  const marks = bytes.length === 0 ? [] : await readMarks(timesPath(path), start, next).catch(() => []);
  const now = Date.now();
  return { pieces: split(bytes, start, [...marks, { time: now, end: next }]), next, now };
}

async function readBytes(path: string, from: number): Promise<{ start: number; bytes: Uint8Array }> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const start = Math.min(size, from < 0 ? Math.max(0, size + from) : from);
  return { start, bytes: await readAt(file, start, Math.min(size - start, MAX_PART)) };
}

async function readAt(file: Deno.FsFile, offset: number, length: number): Promise<Uint8Array> {
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** End of a piece in a log, and its time. */
interface Mark {
  time: number;
  end: number;
}

/** Reads the marks of the pieces in a part of a log: those after its start, until one at its end or after it. */
async function readMarks(path: string, start: number, end: number): Promise<Mark[]> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const marks: Mark[] = [];
  let rest = "";
  for (let offset = await findMark(file, size, start); offset < size; offset += BLOCK) {
    const lines = (rest + decode(await readAt(file, offset, BLOCK))).split("\n");
    rest = lines.pop()!;
    marks.push(...lines.map(parseMark).filter((mark) => mark.end > start));
    if (marks.length > 0 && marks.at(-1)!.end >= end) break;
  }
  return marks;
}

/** Finds the beginning of a line in a file of times, at or before the first mark after an offset of the log. */
async function findMark(file: Deno.FsFile, size: number, start: number): Promise<number> {
  // No line that begins at `low` or before has a mark after the start.
  let [low, high] = [0, size];
  while (high - low > BLOCK) {
    const middle = low + Math.floor((high - low) / 2);
    // The first may have begun before; one without an end is still being written.
    const [first, line, next] = decode(await readAt(file, middle, TWO_LINES)).split("\n");
    if (next !== undefined && parseMark(line!).end <= start) low = middle + first!.length + 1;
    else high = middle;
  }
  return low;
}

function parseMark(line: string): Mark {
  const [, time, end] = /^(\d+) (\d+)$/.exec(line) ?? [];
  return { time: Number(time), end: Number(end) };
}

/** Splits bytes of a log at the ends of its pieces. */
function split(bytes: Uint8Array, start: number, marks: readonly Mark[]): LogPiece[] {
  let done = 0;
  return marks.flatMap(({ time, end }): LogPiece[] => {
    const piece = bytes.subarray(done, Math.max(done, end - start));
    done += piece.length;
    return piece.length === 0 ? [] : [{ time, base64: Buffer.from(piece).toString("base64") }];
  });
}

/** Returns the bytes of a piece. */
export function bytesOf({ base64 }: LogPiece): Uint8Array {
  return Buffer.from(base64, "base64");
}

/** Returns the last lines of a part with text in them, without colours, at most `count`. */
export function lastLinesOf({ pieces }: LogPart, count: number): string[] {
  return linesIn(Buffer.concat(pieces.map(bytesOf))).slice(-count);
}

/** Returns the last lines of a log with text in them, without colours, at most `count`; none if it cannot be read. */
export function lastLines(path: string, count: number): string[] {
  try {
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    for (let length = BLOCK;; length *= 8) {
      const bytes = new Uint8Array(Math.min(size, length, MAX_PART));
      file.seekSync(size - bytes.length, Deno.SeekMode.Start);
      const lines = linesIn(bytes.subarray(0, file.readSync(bytes) ?? 0));
      const isWhole = bytes.length === size;
      // The first line may have begun before.
      if (isWhole || lines.length > count || length >= MAX_PART) return lines.slice(-count);
    }
  } catch {
    return [];
  }
}

/** Returns the lines with text in them, without colours. */
function linesIn(bytes: Uint8Array): string[] {
  return stripVTControlCharacters(decode(bytes)).split("\n").filter((line) => line.trim() !== "");
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function timesPath(path: string): string {
  return `${path}.times`;
}
