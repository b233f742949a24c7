/**
 * Time left of a series, from the time that its runs have taken so far.
 *
 * @module
 */

/** Estimate of a series' end. */
export interface TimeLeft {
  /** Begins run `index`. The time before it is that of the runs before it. */
  begin(index: number): void;
  /**
   * Returns the time left, ms; undefined as long as nothing is known.
   *
   * @param done Share of the run under way that is done, from 0 to 1.
   */
  read(done: number): number | undefined;
}

/** Share of a run from which on its time says how long the others take, if none has ended that counts. */
const TELLING_SHARE = 0.05;

/** Time and work at which something was known of a series. */
interface Point {
  /** Milliseconds. */
  at: number;
  /** Length of the tests that were done by then, ms. */
  work: number;
}

/**
 * Creates an estimate. The time left is to the time spent as the work left is to the work done, where the work of a run
 * is the length of its test.
 *
 * The first simulation loads and compiles the program, which can take longer than many runs: its time counts from when
 * it shows progress, and not at all once it has ended.
 *
 * @param lengths Length of each run's test, ms.
 * @param isRealTime True if a test takes about its length; false for simulations.
 * @param now Returns the time, ms.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { estimateTimeLeft } from "./time_left.ts";
 *
 * let now = 0;
 * const left = estimateTimeLeft([20_000, 20_000, 10_000], true, () => now);
 * left.begin(0);
 * assertEquals(left.read(0), 50_000);
 * now = 22_000;
 * left.begin(1);
 * assertEquals(left.read(0.5), 22_000);
 * ```
 */
export function estimateTimeLeft(lengths: readonly number[], isRealTime: boolean, now: () => number): TimeLeft {
  const total = sum(lengths);
  /** Point from which time counts; undefined as long as the first simulation shows no progress. */
  let from: Point | undefined = isRealTime ? { at: now(), work: 0 } : undefined;
  /** Beginning of the run under way. */
  let begun: Point & { index: number } = { index: 0, at: now(), work: 0 };
  return {
    begin(index) {
      begun = { index, at: now(), work: sum(lengths.slice(0, index)) };
      if (index === 1 && !isRealTime) from = begun;
    },
    read(done) {
      const work = begun.work + lengths[begun.index]! * done;
      const left = total - work;
      if (from === undefined && done > 0) from = { at: now(), work };
      if (from === undefined) return undefined;
      if (begun.work > from.work) return left * (begun.at - from.at) / (begun.work - from.work);
      if (isRealTime) return left;
      const isTelling = work - from.work >= TELLING_SHARE * lengths[begun.index]!;
      return isTelling ? left * (now() - from.at) / (work - from.work) : undefined;
    },
  };
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}

/**
 * Formats a time left: `45 s`, `1 min 20 s`, `12 min`, `2 h 5 min`. Above a minute it is rounded, so that it does not
 * change all the time.
 *
 * @param ms Milliseconds.
 */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds > 600) return formatMinutesLeft(ms);
  const rounded = Math.ceil(seconds / 5) * 5;
  return rounded % 60 === 0 ? `${rounded / 60} min` : `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
}

/** Formats a time left in few characters: `45 s`, `2 min`, `2 h 5 min`. */
export function formatMinutesLeft(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  if (ms <= 59_000) return `${Math.ceil(ms / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
