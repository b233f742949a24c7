/**
 * Log of a process of a cluster: everything it writes, as it is, and when it came. Beside `n0.log`, the file
 * `n0.log.times` has a line for each piece of it: its time, ms since 1970, and its size in bytes.
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

/**
 * Opens a log to append to it.
 *
 * @returns Function that appends bytes. It never rejects: what cannot be written is lost.
 */
export function openChildLog(path: string): (bytes: Uint8Array) => Promise<void> {
  let last = Promise.resolve();
  const append = async (bytes: Uint8Array, time: number) => {
    try {
      await Deno.writeFile(path, bytes, { append: true });
      await Deno.writeTextFile(timesPath(path), `${time} ${bytes.length}\n`, { append: true });
    } catch {
      // A full disk costs the log, not the process.
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
  const now = Date.now();
  // The times are written after the bytes: what has none yet is new.
  const times = await Deno.readTextFile(timesPath(path)).catch(() => "");
  const { start, bytes } = await readBytes(path, from).catch(() => ({ start: 0, bytes: new Uint8Array(0) }));
  return { pieces: split(bytes, start, times, now), next: start + bytes.length, now };
}

async function readBytes(path: string, from: number): Promise<{ start: number; bytes: Uint8Array }> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const start = Math.min(size, from < 0 ? Math.max(0, size + from) : from);
  await file.seek(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(Math.min(size - start, MAX_PART));
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return { start, bytes: bytes.subarray(0, length) };
}

/** Splits bytes of a log at the limits of its pieces. */
function split(bytes: Uint8Array, start: number, times: string, now: number): LogPiece[] {
  const pieces: LogPiece[] = [];
  let offset = 0;
  let done = 0;
  const take = (until: number, time: number) => {
    const piece = bytes.subarray(done, Math.max(done, until - start));
    if (piece.length > 0) pieces.push({ time, base64: Buffer.from(piece).toString("base64") });
    done += piece.length;
  };
  for (const line of times.split("\n").filter((line) => line !== "")) {
    const [time, size] = line.split(" ").map(Number) as [number, number];
    offset += size;
    take(offset, time);
  }
  take(start + bytes.length, now);
  return pieces;
}

/** Returns the bytes of a piece. */
export function bytesOf({ base64 }: LogPiece): Uint8Array {
  return Buffer.from(base64, "base64");
}

/** Returns the last lines of a part with text in them, without colours, at most `count`. */
export function lastLinesOf({ pieces }: LogPart, count: number): string[] {
  return linesOf(new TextDecoder().decode(Buffer.concat(pieces.map(bytesOf)))).slice(-count);
}

/** Returns the last lines of a log with text in them, without colours, at most `count`; none if there is no log. */
export function lastLines(log: string, count: number): string[] {
  try {
    return linesOf(Deno.readTextFileSync(log)).slice(-count);
  } catch {
    return [];
  }
}

/** Splits a text into its lines with text in them, without colours. */
function linesOf(text: string): string[] {
  return stripVTControlCharacters(text).split("\n").filter((line) => line.trim() !== "");
}

function timesPath(path: string): string {
  return `${path}.times`;
}
