/**
 * Curves of a run over time: rates and latencies of operations, in bins of equal length. Pages use them.
 *
 * @module
 */

/** @typedef {Omit<import("../html/report_data.ts").OperationColumns, "argument" | "result">} OperationColumns */

/**
 * Chooses the length of a bin: a round one, so that there are 40 to 100 of them.
 *
 * @param {number} end End of the run, microseconds.
 * @returns {number} Microseconds.
 */
export function binLength(end) {
  const rough = Math.max(end, 1) / 100;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * (/** @type {number} */ ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough)));
}

/**
 * Counts completions a second, for each function and outcome. Open operations have none.
 *
 * @param {OperationColumns} operations
 * @param {number} end
 * @param {number} bin Length of a bin, microseconds.
 * @returns {{ times: number[], curves: { f: number, outcome: number, perSecond: number[] }[] }} Times are the
 *   middles of bins.
 */
export function rates({ f, outcome, start, duration }, end, bin) {
  const count = Math.max(1, Math.ceil((end + 1) / bin));
  /** @type {Map<string, { f: number, outcome: number, perSecond: number[] }>} */
  const curves = new Map();
  for (let row = 0; row < f.length; row++) {
    if (duration[row] < 0) continue;
    const key = `${f[row]} ${outcome[row]}`;
    let curve = curves.get(key);
    if (curve === undefined) {
      curve = { f: f[row], outcome: outcome[row], perSecond: new Array(count).fill(0) };
      curves.set(key, curve);
    }
    curve.perSecond[Math.min(count - 1, Math.floor((start[row] + duration[row]) / bin))] += 1e6 / bin;
  }
  const sorted = [...curves.values()].sort((a, b) => a.f - b.f || a.outcome - b.outcome);
  return { times: Array.from({ length: count }, (_, index) => (index + 0.5) * bin), curves: sorted };
}

/**
 * Computes quantiles of the latency of operations that succeeded, by the bin in which they ended.
 *
 * @param {OperationColumns} operations
 * @param {number} end
 * @param {number} bin
 * @param {readonly number[]} quantiles
 * @param {number | null} only Function that counts; null for all.
 * @returns {(number | null)[][]} One list for each quantile, microseconds; null for a bin without operations.
 */
export function latencyQuantiles({ f, outcome, start, duration }, end, bin, quantiles, only) {
  const count = Math.max(1, Math.ceil((end + 1) / bin));
  const bins = Array.from({ length: count }, () => /** @type {number[]} */ ([]));
  for (let row = 0; row < f.length; row++) {
    if (outcome[row] !== 0 || (only !== null && f[row] !== only)) continue;
    bins[Math.min(count - 1, Math.floor((start[row] + duration[row]) / bin))].push(duration[row]);
  }
  for (const list of bins) list.sort((a, b) => a - b);
  return quantiles.map((quantile) => bins.map((list) => list.length === 0 ? null : quantileOf(list, quantile)));
}

/** Largest number of bins without operations that a line spans. */
const SHORT_GAP = 6;

/**
 * Turns short runs of null into undefined, which the library for charts spans. A long pause stays a gap.
 *
 * @param {(number | null)[]} values
 * @returns {(number | null | undefined)[]}
 */
export function withShortGaps(values) {
  let known = -Infinity;
  return values.map((value, at) => {
    if (value !== null) {
      known = at;
      return value;
    }
    const next = values.findIndex((other, later) => later > at && other !== null);
    return next !== -1 && next - known <= SHORT_GAP ? undefined : null;
  });
}

/**
 * Quantile of ascending numbers, interpolated as in the results.
 *
 * @param {readonly number[]} sorted
 * @param {number} quantile
 * @returns {number}
 */
export function quantileOf(sorted, quantile) {
  const at = (sorted.length - 1) * quantile;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Thins rows to about `most`: of each group of neighbours, those with the lowest and the highest value stay.
 *
 * @param {readonly number[]} rows
 * @param {(row: number) => number} valueOf
 * @param {number} most
 * @returns {number[]}
 */
export function thin(rows, valueOf, most) {
  if (rows.length <= most) return [...rows];
  const groups = Math.floor(most / 2);
  return Array.from({ length: groups }, (_, index) => {
    const group = rows.slice(Math.floor(index * rows.length / groups), Math.floor((index + 1) * rows.length / groups));
    const lowest = group.reduce((a, b) => valueOf(b) < valueOf(a) ? b : a);
    const highest = group.reduce((a, b) => valueOf(b) > valueOf(a) ? b : a);
    return lowest === highest ? [lowest] : [lowest, highest].sort((a, b) => a - b);
  }).flat();
}
