/**
 * Logs whose lines have times.
 *
 * A node may write anything to stderr, and its log is kept as it is. The times are in a file beside it: line i there
 * is the time of line i of the log, in seconds since the test began. So `paste` shows both.
 *
 * @module
 */

import type { GrowingFile } from "./run_files.ts";

const LINE_FEED = 10;

/**
 * Adds times to a log.
 *
 * @param times File for them. A line has the time at which its end was read.
 * @param now Returns milliseconds since the test began.
 */
export function withTimes(log: GrowingFile, times: GrowingFile, now: () => number): GrowingFile {
  const encoder = new TextEncoder();
  return {
    path: log.path,
    get isWhole() {
      return log.isWhole;
    },
    write(bytes) {
      log.write(bytes);
      const ends = bytes.reduce((count, byte) => byte === LINE_FEED ? count + 1 : count, 0);
      if (ends > 0 && log.isWhole) times.write(encoder.encode(`${(now() / 1000).toFixed(3)}\n`.repeat(ends)));
    },
    close() {
      log.close();
      times.close();
    },
  };
}
