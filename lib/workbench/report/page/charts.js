/**
 * Section "Latency and rate": two charts over time, drawn by uPlot, with the faults as bands.
 *
 * @module
 */

import { choice, element, section } from "./dom.js";
import { formatCount } from "./format.js";
import { OUTCOMES } from "./run_data.js";
import { onThemeChange } from "./theme.js";
import { binLength, latencyQuantiles, rates, thin } from "./series.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */

/** Largest number of points in the chart of latencies. */
const MOST_POINTS = 10_000;

/** Lowest latency that a logarithmic axis shows, ms. In a simulation many take no time. */
const FLOOR = 0.1;

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
 * Calls `draw` when the width or the colours change.
 *
 * @param {HTMLElement} chart
 * @param {() => void} draw
 */
function redrawWhenNeeded(chart, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw();
  }).observe(chart);
  onThemeChange(draw);
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
  const values = curves.map((curve) => curve.map((value) => value === null ? null : floor(value / 1000)));
  const points = rows.map((row) => ({
    x: (start[row] + duration[row]) / 1e6,
    y: floor(duration[row] / 1000),
    outcome: operations.outcome[row],
  }));
  const top = Math.max(1, ...points.map(({ y }) => y)) * 1.1;
  const lines = QUANTILES.map(([, label], at) => ({ label, colour: "text", dash: [[], [6, 3], [2, 3]][at] }));
  draw(place, { times, values, lines, faults, end, points, unit: "ms", top, isLog });
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
  draw(place, { times: times.map((time) => time / 1e6), values, lines, faults, end, points: [], unit: "/s", top });
}

/**
 * @typedef {object} Chart
 * @property {number[]} times Seconds.
 * @property {(number | null)[][]} values One list for each line.
 * @property {{ label: string, colour: string, dash: number[] }[]} lines Colours are names of CSS variables.
 * @property {ReportData["faults"]} faults
 * @property {number} end Microseconds.
 * @property {{ x: number, y: number, outcome: number }[]} points
 * @property {string} unit
 * @property {number} top Upper end of the axis.
 * @property {boolean} [isLog]
 */

/**
 * Draws a chart in the place of an earlier one.
 *
 * @param {HTMLElement} place
 * @param {Chart} chart
 */
function draw(place, chart) {
  if (place.clientWidth === 0) return;
  const style = getComputedStyle(place);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`);
  const axis = {
    stroke: colour("muted"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line") },
  };
  const lines = chart.lines.map(({ label, colour: name, dash }) => ({
    ...{ label, dash, stroke: colour(name), width: 1.5, spanGaps: true, points: { show: false } },
    value: (/** @type {any} */ _, /** @type {number | null} */ value) =>
      value === null ? "–" : Number(value.toPrecision(3)),
  }));
  const y = chart.isLog ? { distr: 3, range: [FLOOR * 0.9, chart.top] } : { range: [-chart.top * 0.02, chart.top] };
  const options = {
    width: place.clientWidth,
    height: 260,
    series: [{ label: "s" }, ...lines],
    scales: { x: { time: false, range: [-chart.end / 2e8, chart.end / 1e6 * 1.005] }, y },
    axes: [{ ...axis, size: 34 }, {
      ...axis,
      size: 60,
      values: (/** @type {any} */ _, /** @type {(number | null)[]} */ ticks) =>
        ticks.map((tick) => tick === null ? "" : `${tick} ${chart.unit}`),
    }],
    cursor: { drag: { x: true, y: false } },
    hooks: {
      drawClear: [(/** @type {any} */ plot) => drawBands(plot, chart, colour)],
      drawSeries: [(/** @type {any} */ plot, /** @type {number} */ line) => {
        if (line === 1) drawPoints(plot, chart, colour);
      }],
    },
  };
  place.replaceChildren();
  // The library is a script of its own in the page.
  new (/** @type {any} */ (globalThis)).uPlot(options, [chart.times, ...chart.values], place);
}

/**
 * @param {any} plot
 * @param {Chart} chart
 * @param {(name: string) => string} colour
 */
function drawBands({ ctx, bbox, valToPos }, { faults }, colour) {
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  let labelled = -Infinity;
  for (const { name, start, end } of faults) {
    const x0 = Math.max(bbox.left, valToPos(start / 1e6, "x", true));
    const x1 = Math.min(bbox.left + bbox.width, valToPos(end / 1e6, "x", true));
    if (x1 < x0) continue;
    ctx.fillStyle = colour("fault");
    ctx.fillRect(x0, bbox.top, Math.max(1, x1 - x0), bbox.height);
    if (x0 < labelled) continue;
    ctx.fillStyle = colour("fault-text");
    ctx.textAlign = "left";
    ctx.fillText(name, x0 + 3 * ratio, bbox.top + 12 * ratio);
    labelled = x0 + ctx.measureText(name).width + 10 * ratio;
  }
  ctx.restore();
}

/**
 * @param {any} plot
 * @param {Chart} chart
 * @param {(name: string) => string} colour
 */
function drawPoints({ ctx, bbox, valToPos }, { points }, colour) {
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.5 * ratio;
  for (const { x, y, outcome } of [...points].sort((a, b) => a.outcome - b.outcome)) {
    const { name } = OUTCOMES[outcome];
    ctx.globalAlpha = outcome === 0 && points.length > 1500 ? 0.45 : 0.9;
    ctx.fillStyle = ctx.strokeStyle = colour(name);
    drawMark(ctx, name, valToPos(x, "x", true), valToPos(y, "y", true), (outcome === 0 ? 1.8 : 4) * ratio);
  }
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} name Name of the outcome.
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function drawMark(context, name, x, y, size) {
  context.beginPath();
  if (name === "ok") context.arc(x, y, size, 0, 7);
  else if (name === "info") {
    context.moveTo(x, y - size);
    context.lineTo(x + size, y + size);
    context.lineTo(x - size, y + size);
  } else {
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
    context.stroke();
  }
  context.fill();
}
