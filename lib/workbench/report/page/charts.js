/**
 * Section "Latency and rate": two charts over time, drawn by uPlot, with the faults as bands.
 *
 * @module
 */

import { choice, element, section } from "./dom.js";
import { formatCount } from "./format.js";
import { OUTCOMES } from "./run_data.js";
import { drawPlot, FLOOR, redrawWhenNeeded } from "./plot.js";
import { binLength, latencyQuantiles, rates, thin, withShortGaps } from "./series.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */

/** Largest number of points in the chart of latencies. */
const MOST_POINTS = 10_000;

const QUANTILES = /** @type {[number, string][]} */ ([[0.5, "p50"], [0.99, "p99"], [1, "max"]]);

/** Dashes of the functions in the chart of rates. */
const DASHES = [[], [6, 3], [2, 3], [10, 3, 2, 3], [1, 2], [12, 4]];

/**
 * Creates the section. Its charts are drawn when it has a width.
 *
 * @param {ReportData} data
 * @returns {HTMLElement}
 */
export function chartsSection(data) {
  const { operations } = data;
  const title = "Latency and rate";
  if (operations.index.length === 0) {
    return section("latency", title, element("p", { class: "muted" }, "No operation was begun."));
  }
  const latency = element("div", { class: "chart" });
  const rate = element("div", { class: "chart" });
  const note = element("p", { class: "muted", "aria-live": "polite" });
  /** @type {number | null} */
  let only = null;
  const draw = () => {
    note.textContent = drawLatency(latency, data, only);
    drawRate(rate, data, only);
  };
  const options = [
    { value: "", text: "all" },
    ...operations.functions.map((f, at) => ({ value: String(at), text: f })),
  ];
  const chooser = choice("Operations", options, (value) => {
    only = value === "" ? null : Number(value);
    draw();
  });
  redrawWhenNeeded(latency, draw);
  return section(
    "latency",
    title,
    element("div", { class: "filters" }, chooser),
    element("h3", {}, "Latency, by the time at which an operation ended"),
    latency,
    note,
    element("h3", {}, "Operations a second"),
    rate,
  );
}

/**
 * Draws latencies: a point for each operation, and lines for quantiles of those that succeeded.
 *
 * @param {HTMLElement} place
 * @param {ReportData} data
 * @param {number | null} only
 * @returns {string} Sentence on what is drawn.
 */
function drawLatency(place, { operations, faults, end }, only) {
  const { start, duration, f } = operations;
  const completed = duration.map((_, row) => row).filter((row) =>
    duration[row] >= 0 && (only === null || f[row] === only)
  );
  const rows = thin(completed, (row) => duration[row], MOST_POINTS);
  const bin = binLength(end);
  const curves = latencyQuantiles(operations, end, bin, QUANTILES.map(([quantile]) => quantile), only);
  const isLog = isWide(completed.map((row) => duration[row]));
  const floor = (/** @type {number} */ ms) => isLog ? Math.max(FLOOR, ms) : ms;
  const times = curves[0].map((_, index) => (index + 0.5) * bin / 1e6);
  const values = curves.map((curve) =>
    withShortGaps(curve.map((value) => value === null ? null : floor(value / 1000)))
  );
  const points = rows.map((row) => ({
    x: (start[row] + duration[row]) / 1e6,
    y: floor(duration[row] / 1000),
    outcome: operations.outcome[row],
  }));
  const top = Math.max(1, ...points.map(({ y }) => y)) * (isLog ? 2 : 1.1);
  const lines = QUANTILES.map(([, label], at) => ({ label, colour: "text", dash: [[], [6, 3], [2, 3]][at] }));
  drawPlot(place, { times, values, lines, faults, end, points, unit: "ms", top, isLog });
  const count = `${formatCount(rows.length)} of ${formatCount(completed.length)} operations are drawn as points`;
  const rest = rows.length < completed.length ? ": the extremes of each group of neighbours. Quantiles are of all" : "";
  return `${count}${rest}. ${isLog ? `The axis is logarithmic${operationsBelow(points)}. ` : ""}` +
    "● ok, ▲ info, ✕ fail; quantiles are of those that succeeded.";
}

/**
 * @param {{ y: number }[]} points
 * @returns {string}
 */
function operationsBelow(points) {
  return points.some(({ y }) => y === FLOOR) ? `; ${FLOOR} ms and less are at the bottom` : "";
}

/**
 * True if durations differ so much that an axis must be logarithmic.
 *
 * @param {number[]} durations
 * @returns {boolean}
 */
function isWide(durations) {
  const sorted = Float64Array.from(durations).sort();
  return sorted.length > 0 && sorted[sorted.length - 1] > 30 * Math.max(sorted[sorted.length >> 1], 1000);
}

/**
 * @param {HTMLElement} place
 * @param {ReportData} data
 * @param {number | null} only
 */
function drawRate(place, { operations, faults, end }, only) {
  const { times, curves } = rates(operations, end, binLength(end));
  const shown = curves.filter(({ f }) => only === null || f === only);
  const lines = shown.map(({ f, outcome }) => ({
    label: `${operations.functions[f]} ${OUTCOMES[outcome].symbol} ${OUTCOMES[outcome].name}`,
    colour: OUTCOMES[outcome].name,
    dash: DASHES[f % DASHES.length],
  }));
  const values = shown.map(({ perSecond }) => perSecond);
  const top = Math.max(1, ...values.map((curve) => Math.max(...curve))) * 1.1;
  drawPlot(place, { times: times.map((time) => time / 1e6), values, lines, faults, end, points: [], unit: "/s", top });
}
