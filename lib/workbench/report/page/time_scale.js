/**
 * Times from left to right in pictures of anomalies. A long pause, such as the recovery before the final reads, is
 * drawn short.
 *
 * @module
 */

import { ticksBetween } from "./format.js";

/**
 * @typedef {object} TimeScale
 * @property {(time: number) => number} xOf
 * @property {number} from Microseconds.
 * @property {number} to
 * @property {[from: number, to: number][]} breaks Long periods in which nothing happens, drawn short.
 */

/** Share of all time from which on a period without marks is drawn short, and the share of the width that it gets. */
const LONG_PAUSE = 0.25;
const PAUSE_WIDTH = 0.1;

/**
 * Places times from left to right.
 *
 * @param {readonly [start: number, end: number][]} periods Periods in which something happens.
 * @param {number} left Place of the first time.
 * @param {number} right Place of the last time.
 * @returns {TimeScale}
 */
export function timeScale(periods, left, right) {
  const sorted = [...periods].sort(([a], [b]) => a - b);
  /** @type {[number, number][]} */
  const gaps = [];
  let last = sorted[0][0];
  for (const [start, end] of sorted) {
    if (start > last) gaps.push([last, start]);
    last = Math.max(last, end);
  }
  const first = sorted[0][0];
  const breaks = gaps.filter(([start, end]) => end - start > (last - first) * LONG_PAUSE);
  const paused = breaks.reduce((sum, [start, end]) => sum + end - start, 0);
  const busy = last - first - paused;
  const margin = Math.max(busy * 0.05, 50);
  const [from, to] = [first - margin, last + margin];
  const width = right - left;
  // Where all marks are at the ends of pauses, there is room.
  const pauseWidth = busy < 1000 && breaks.length > 0 ? 0.6 / breaks.length : PAUSE_WIDTH;
  const perTime = width * (1 - pauseWidth * breaks.length) / (busy + 2 * margin);
  const perPause = (/** @type {[number, number]} */ [start, end]) => width * pauseWidth / (end - start);
  const xOf = (/** @type {number} */ time) => {
    const inBreaks = breaks.map((pause) => ({
      pause,
      part: Math.min(Math.max(time - pause[0], 0), pause[1] - pause[0]),
    }));
    const outside = time - from - inBreaks.reduce((sum, { part }) => sum + part, 0);
    return left + outside * perTime + inBreaks.reduce((sum, { pause, part }) => sum + part * perPause(pause), 0);
  };
  return { xOf, from, to, breaks };
}

/**
 * Round times outside of pauses, for ticks, with their labels.
 *
 * @param {TimeScale} scale
 * @param {number} most About how many.
 * @returns {{ time: number, label: string }[]}
 */
export function timeTicks({ from, to, breaks }, most) {
  // No time is before the test began, though the margin is.
  const ends = [Math.max(0, from), ...breaks.flat(), to];
  const busy = to - from - breaks.reduce((sum, [start, end]) => sum + end - start, 0);
  const ticks = ends.flatMap((start, at) => {
    if (at % 2 === 1) return [];
    const ticks = ticksBetween(start, ends[at + 1], Math.max(1, Math.round(most * (ends[at + 1] - start) / busy)));
    return ticks.length === 0 ? [(start + ends[at + 1]) / 2] : ticks;
  });
  const steps = ticks.slice(1).map((time, at) => time - ticks[at]);
  const digits = Math.min(3, Math.max(1, Math.ceil(-Math.log10(Math.min(...steps, 1e6) / 1e6))));
  const labelled = ticks.map((time) => ({ time, label: `${(time / 1e6).toFixed(digits)} s` }));
  return labelled.filter(({ label }, at) => label !== labelled[at - 1]?.label);
}
