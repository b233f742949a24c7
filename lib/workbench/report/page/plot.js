/**
 * A chart, drawn by uPlot: lines and points over time, with the faults as bands; or lines over another quantity.
 *
 * @module
 */

import { axisWidth } from "./format.js";
import { mergeBands, OUTCOMES } from "./run_data.js";
import { onThemeChange } from "./theme.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */

/** Lowest value that a logarithmic axis shows, ms. In a simulation many operations take no time. */
export const FLOOR = 0.1;

/**
 * Calls `draw` when the width or the colours change.
 *
 * @param {HTMLElement} chart
 * @param {() => void} draw
 */
export function redrawWhenNeeded(chart, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw();
  }).observe(chart);
  onThemeChange(draw);
}

/**
 * @typedef {object} Chart
 * @property {number[]} times Seconds.
 * @property {(number | null | undefined)[][]} values One list for each line.
 * @property {{ label: string, colour: string, dash: number[] }[]} lines Colours are names of CSS variables.
 * @property {ReportData["faults"]} faults
 * @property {number} end Microseconds.
 * @property {{ x: number, y: number, outcome: number }[]} points
 * @property {string} unit
 * @property {number} top Upper end of the axis.
 * @property {boolean} [isLog]
 * @property {{ colour: string, faults: ReportData["faults"] }[]} [strips] Faults of several runs: a strip for each, at
 *   the bottom.
 * @property {{ unit: string, range: [number, number] }} [x] Logarithmic axis in the place of the time.
 */

/**
 * Draws a chart in the place of an earlier one.
 *
 * @param {HTMLElement} place
 * @param {Chart} chart
 */
export function drawPlot(place, chart) {
  if (place.clientWidth === 0) return;
  const style = getComputedStyle(place);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`);
  const lines = chart.lines.map(({ label, colour: name, dash }) => ({
    label,
    dash,
    stroke: colour(name),
    width: 1.5,
    spanGaps: false,
    points: { show: false },
    value: (/** @type {any} */ _, /** @type {number | null | undefined} */ value) =>
      Number.isFinite(value) ? Number(value?.toPrecision(3)) : "–",
  }));
  const y = chart.isLog ? { distr: 3, range: [FLOOR * 0.9, chart.top] } : { range: [-chart.top * 0.02, chart.top] };
  const options = {
    width: place.clientWidth,
    height: 260,
    series: [{ label: chart.x?.unit ?? "s" }, ...lines],
    scales: { x: timeOrOtherScale(chart), y },
    axes: axesOf(chart, colour),
    cursor: { drag: { x: true, y: false } },
    legend: {
      markers: { width: 2, dash: (/** @type {any} */ _, /** @type {number} */ line) => styleOf(lines[line - 1]) },
    },
    hooks: {
      drawClear: [(/** @type {any} */ plot) => {
        drawBands(plot, chart, colour);
        drawStrips(plot, chart, colour);
      }],
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
 * Style of a border that is like a line.
 *
 * @param {{ dash: number[] } | undefined} line
 * @returns {string}
 */
function styleOf({ dash: [length] } = { dash: [] }) {
  if (length === undefined) return "solid";
  return length > 3 ? "dashed" : "dotted";
}

/**
 * @param {Chart} chart
 * @returns {object}
 */
function timeOrOtherScale({ x, end }) {
  return x === undefined
    ? { time: false, range: [-end / 2e8, end / 1e6 * 1.005] }
    : { time: false, distr: 3, range: x.range };
}

/**
 * Axes of a chart: seconds or another quantity, and the values.
 *
 * @param {Chart} chart
 * @param {(name: string) => string} colour
 */
function axesOf({ isLog = false, unit, x }, colour) {
  const axis = { stroke: colour("muted") };
  const [grid, ticks] = [{ stroke: colour("line"), width: 1 }, { stroke: colour("line") }];
  const axisOf = (/** @type {boolean} */ isLog, /** @type {string} */ unit) => {
    // A logarithmic axis has a line for each power of ten.
    const filter = (/** @type {any} */ _, /** @type {number[]} */ all) =>
      all.map((tick) => isLog && !Number.isInteger(Math.log10(tick)) ? null : tick);
    const values = (/** @type {any} */ _, /** @type {(number | null)[]} */ all) =>
      all.map((tick) => tick === null ? "" : `${tick} ${unit}`);
    return { ...axis, grid: { ...grid, filter }, ticks: { ...ticks, filter }, values };
  };
  return [
    x === undefined ? { ...axis, grid, ticks, size: 34 } : { ...axisOf(true, x.unit), size: 34 },
    {
      ...axisOf(isLog, unit),
      size: (/** @type {any} */ _, /** @type {string[] | null} */ labels) => axisWidth(labels),
    },
  ];
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
  for (const { names, start, end } of mergeBands(faults)) {
    const x0 = Math.max(bbox.left, valToPos(start / 1e6, "x", true));
    const x1 = Math.min(bbox.left + bbox.width, valToPos(end / 1e6, "x", true));
    if (x1 < x0) continue;
    ctx.fillStyle = colour("fault");
    ctx.fillRect(x0, bbox.top, Math.max(1, x1 - x0), bbox.height);
    const text = names.join(", ");
    ctx.fillStyle = colour("fault-text");
    ctx.textAlign = "left";
    if (ctx.measureText(text).width < x1 - x0) ctx.fillText(text, x0 + 3 * ratio, bbox.top - 4 * ratio);
  }
  ctx.restore();
}

/** Height of a strip, and its distance to the next, CSS pixels. */
const STRIP = { height: 5, step: 8 };

/**
 * @param {any} plot
 * @param {Chart} chart
 * @param {(name: string) => string} colour
 */
function drawStrips({ ctx, bbox, valToPos }, { strips = [] }, colour) {
  const ratio = devicePixelRatio || 1;
  ctx.save();
  strips.filter(({ faults }) => faults.length > 0).forEach(({ colour: name, faults }, at) => {
    ctx.fillStyle = colour(name);
    const y = bbox.top + bbox.height - (at + 1) * STRIP.step * ratio;
    for (const { start, end } of mergeBands(faults)) {
      const [x0, x1] = [start, end].map((time) => valToPos(time / 1e6, "x", true));
      ctx.fillRect(x0, y, Math.max(ratio, x1 - x0), STRIP.height * ratio);
    }
  });
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
