/**
 * Texts of times and numbers.
 *
 * @module
 */

/**
 * Formats a time since the test began, in seconds.
 *
 * @param {number} time Microseconds.
 * @returns {string}
 */
export function formatTime(time) {
  return `${(time / 1e6).toFixed(3)} s`;
}

/**
 * Formats a duration with a unit that suits it.
 *
 * @param {number} time Microseconds.
 * @returns {string}
 */
export function formatDuration(time) {
  if (time < 1000) return `${Math.round(time)} µs`;
  if (time < 100_000) return `${Number((time / 1000).toPrecision(3))} ms`;
  return time < 10_000_000 ? `${Math.round(time / 1000)} ms` : `${(time / 1e6).toFixed(1)} s`;
}

/**
 * Formats a whole number with separators.
 *
 * @param {number} count
 * @returns {string}
 */
export function formatCount(count) {
  return count.toLocaleString("en-US");
}

/**
 * Counts things in words: `1 operation`, `2 operations`.
 *
 * @param {number} count
 * @param {string} one The noun in the singular.
 * @returns {string}
 */
export function counted(count, one) {
  return `${formatCount(count)} ${one}${count === 1 ? "" : "s"}`;
}

/**
 * Formats a figure of the results: four digits, or all of a whole number.
 *
 * @param {number | null | undefined} value
 * @returns {string}
 */
export function formatFigure(value) {
  if (value === null || value === undefined) return "not measured";
  return Number.isInteger(value) ? formatCount(value) : formatCount(Number(value.toPrecision(4)));
}

/**
 * Returns round numbers between two limits, for the ticks of an axis.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} most Largest number of ticks.
 * @returns {number[]}
 */
export function ticksBetween(from, to, most) {
  const rough = (to - from) / Math.max(1, most);
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const count = Math.floor(to / step) - Math.ceil(from / step) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (Math.ceil(from / step) + index) * step);
}

/** Width of a character of an axis, about, and of the ticks and gaps beside its labels, pixels. */
const AXIS_CHARACTER = 7.5;
const AXIS_MARGIN = 20;

/**
 * Width of a vertical axis: all of its labels fit.
 *
 * @param {readonly string[] | null} labels
 * @returns {number} Pixels.
 */
export function axisWidth(labels) {
  const longest = Math.max(0, ...(labels ?? []).map(({ length }) => length));
  return Math.max(72, longest * AXIS_CHARACTER + AXIS_MARGIN);
}
