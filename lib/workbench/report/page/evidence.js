/**
 * Pictures of anomalies, as SVG: marks over time in lanes or by value. Each mark is a link to its operation.
 *
 * @module
 */

import { element } from "./dom.js";
import { formatDuration, ticksBetween } from "./format.js";
import { createPlaces } from "./label_places.js";
import { operationText, showOperation } from "./operations.js";
import { redrawWhenNeeded } from "./plot.js";
import { mergeBands } from "./run_data.js";
import { svg, svgButton } from "./svg.js";
import { timeScale, timeTicks } from "./time_scale.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("../html/report_data.ts").AnomalyPicture} AnomalyPicture */
/** @typedef {import("../html/report_data.ts").Mark} Mark */
/** @typedef {import("./label_places.js").Box} Box */

const POINT_LANE = 30;
/** Height of a lane with bars: two rows of labels, and the bar. */
const BAR_LANE = 48;
const BAR = 16;
const VALUES_HEIGHT = 260;
const FOOT = 24;
/** Height above the marks for the lengths of pauses. */
const HEAD = 18;

/** Width of a character, and height of a line, of a label, about. */
const CHARACTER = 6.8;
const LINE = 13;
/** Bold characters are wider by this factor. */
const BOLD = 1.12;

/** Symbols of points, and before the texts of bars. A bar of an operation that was ok has none. */
const SYMBOLS = {
  present: "●",
  absent: "○",
  write: "◆",
  read: "●",
  wrong: "✕",
  order: "",
  other: "",
  ok: "",
  info: "▲",
  fail: "✕",
  open: "◌",
};

/**
 * Creates the picture of some evidence. It is drawn again if its width changes.
 *
 * @param {AnomalyPicture} evidence
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement}
 */
export function evidencePicture(evidence, data, view) {
  const place = element("div", { class: "evidence-place" });
  redrawWhenNeeded(place, () => place.replaceChildren(drawEvidence(evidence, data, view, place.clientWidth)));
  return element("figure", {}, element("figcaption", {}, evidence.title), place);
}

/**
 * @param {AnomalyPicture} evidence
 * @param {ReportData} data
 * @param {View} view
 * @param {number} width
 * @returns {SVGElement}
 */
function drawEvidence(evidence, data, view, width) {
  const scale = scaleOf(evidence, width);
  const { left, height, xOf } = scale;
  const root = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: "evidence",
    role: "group",
    "aria-label": evidence.title,
  });
  for (const band of mergeBands(data.faults)) {
    const [x0, x1] = [Math.max(left, xOf(band.start)), Math.min(width, xOf(band.end))];
    if (x1 > x0) root.append(svg("rect", { x: x0, y: 0, width: x1 - x0, height: height - FOOT, class: "band" }));
  }
  root.append(...axes(evidence, scale));
  for (const { points, label } of evidence.lines) root.append(stepLine(points, label, scale));
  root.append(...marksOf(evidence, scale, data, view));
  return root;
}

/**
 * @typedef {object} Scale
 * @property {(time: number) => number} xOf
 * @property {(y: number) => number} yOf
 * @property {number} width
 * @property {number} height
 * @property {number} left Width of the labels of lanes and values.
 * @property {import("./time_scale.js").TimeScale} time
 * @property {number[]} values Ticks of values.
 */

/**
 * @param {AnomalyPicture} evidence
 * @param {number} width
 * @returns {Scale}
 */
function scaleOf({ marks, lines, lanes }, width) {
  const labels = lanes.length > 0 ? lanes : marks.map(({ y }) => String(y));
  const left = Math.min(width / 4, Math.max(...labels.map(({ length }) => length)) * CHARACTER + 16);
  const time = timeScale(marks.map(({ time, end }) => [time, end ?? time]), left, width);
  const head = time.breaks.length > 0 ? HEAD : 0;
  const base = { xOf: time.xOf, width, left, time };
  if (lanes.length > 0) {
    const laneHeight = marks.some(({ end }) => end !== undefined) ? BAR_LANE : POINT_LANE;
    const yOf = (/** @type {number} */ lane) => head + (lane + 0.5) * laneHeight;
    return { ...base, yOf, height: head + lanes.length * laneHeight + FOOT, values: [] };
  }
  const inPeriod = lines.flatMap(({ points }) => points.filter(([at]) => at <= time.to).map(([, value]) => value));
  const all = [...marks.map(({ y }) => y), ...inPeriod];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const height = head + VALUES_HEIGHT;
  const yOf = (/** @type {number} */ value) =>
    height - 16 - (value - low) / Math.max(1, high - low) * (VALUES_HEIGHT - 32);
  const values = ticksBetween(low, high, 6).filter(Number.isInteger);
  return { ...base, yOf, height: height + FOOT, values: values.length === 0 ? [low] : values };
}

/**
 * @param {AnomalyPicture} evidence
 * @param {Scale} scale
 * @returns {SVGElement[]}
 */
function axes({ lanes }, { xOf, yOf, width, height, left, time, values }) {
  const rows = lanes.length > 0
    ? lanes.map((text, lane) => ({ text, y: yOf(lane) }))
    : values.map((value) => ({ text: String(value), y: yOf(value) }));
  const isFree = createPlaces([]);
  const ticks = timeTicks(time, (width - left) / 100).filter(({ time, label }) => {
    const half = label.length * CHARACTER / 2 + 4;
    return isFree([{ x0: xOf(time) - half, x1: xOf(time) + half, y0: 0, y1: 1 }]) === 0;
  });
  return [
    ...ticks.flatMap(({ time, label }) => {
      // Labels at the edges are whole.
      const half = label.length * CHARACTER / 2;
      const x = Math.min(Math.max(xOf(time), left + half), width - half);
      return [
        svg("line", { x1: xOf(time), x2: xOf(time), y1: 0, y2: height - FOOT, class: "grid" }),
        svg("text", { x, y: height - 7, class: "tick", "text-anchor": "middle" }, label),
      ];
    }),
    ...time.breaks.map(([start, end]) => {
      const text = `⋯ ${formatDuration(end - start)} ⋯`;
      const half = text.length * CHARACTER / 2;
      const x = Math.min((xOf(start) + xOf(end)) / 2, width - half);
      return svg("text", { x, y: 12, class: "tick", "text-anchor": "middle" }, text);
    }),
    ...rows.flatMap(({ text, y }) => [
      svg("line", { x1: left, x2: width, y1: y, y2: y, class: "grid" }),
      svg("text", { x: left - 8, y: y + 4, class: "tick", "text-anchor": "end" }, text),
    ]),
  ];
}

/**
 * Line of a value that changes in steps.
 *
 * @param {[time: number, value: number][]} points
 * @param {string} label
 * @param {Scale} scale
 * @returns {SVGElement}
 */
function stepLine(points, label, { xOf, yOf, time: { from, to } }) {
  let path = "";
  let last = points[0][1];
  for (const [time, value] of [...points, /** @type {[number, number]} */ ([to, points[points.length - 1][1]])]) {
    if (time < from) last = value;
    else {
      path += path === "" ? `M${xOf(from)},${yOf(last)}` : "";
      path += `H${xOf(Math.min(time, to))}V${yOf(value)}`;
      last = value;
    }
  }
  const isHigh = label.startsWith("highest");
  return svg("path", { d: path, class: isHigh ? "bound high" : "bound" }, svg("title", {}, label));
}

/**
 * Draws the marks, those in question on top, and their labels where there is room. A tip has every text.
 *
 * @param {AnomalyPicture} evidence
 * @param {Scale} scale
 * @param {ReportData} data
 * @param {View} view
 * @returns {SVGElement[]}
 */
function marksOf({ marks }, scale, data, view) {
  const rank = (/** @type {Mark} */ { kind }) => Number(kind === "write") + 2 * Number(kind === "wrong");
  const sorted = [...marks].sort((a, b) => rank(a) - rank(b));
  // A label covers no point, and no other label.
  const takePlace = createPlaces(
    sorted.filter(({ end }) => end === undefined).map((mark) => {
      const [x, y] = [scale.xOf(mark.time), scale.yOf(mark.y)];
      return { x0: x - 5, x1: x + 5, y0: y - 5, y1: y + 5 };
    }),
  );
  const labels = new Map([...sorted].reverse().map((mark) => [mark, labelOf(mark, scale, takePlace)]));
  return sorted.map((mark) => {
    const shape = mark.end === undefined ? [pointOf(mark, scale)] : [barOf(mark, mark.end, scale)];
    const open = () => showOperation(data, view, mark.row);
    return svgButton(`mark ${mark.kind}`, operationText(data, mark.row), open, ...shape, ...labels.get(mark) ?? []);
  });
}

/**
 * @param {Mark} mark
 * @param {Scale} scale
 * @param {(candidates: readonly Box[]) => number} takePlace
 * @returns {SVGElement[]} Empty if there is no text, or no room.
 */
function labelOf(mark, scale, takePlace) {
  const text = mark.end === undefined ? mark.text ?? "" : `${SYMBOLS[mark.kind]} ${mark.text ?? ""}`.trim();
  if (text === "") return [];
  const size = text.length * CHARACTER * (mark.kind === "wrong" ? BOLD : 1);
  const [x, y] = [scale.xOf(mark.time), scale.yOf(mark.y)];
  const bottoms = mark.end === undefined ? [y - 3, y + LINE, y - 3 - LINE, y + 2 * LINE] : [y + 2, y + 2 - LINE];
  const right = mark.end === undefined ? x + 7 : x;
  const starts = mark.end === undefined ? [right, x - 7 - size] : [right];
  const candidates = bottoms.flatMap((bottom) =>
    starts.map((start) => {
      const x0 = Math.min(Math.max(start, scale.left), scale.width - size);
      return { x0, x1: x0 + size + 4, y0: bottom - LINE + 2, y1: bottom + 1 };
    })
  );
  const taken = takePlace(candidates);
  if (taken === -1) return [];
  const { x0, y1 } = candidates[taken];
  const label = svg("text", { x: x0, y: y1 - 1, class: "tick" }, text);
  // A line leads from the second row of labels to the bar.
  const isHigh = mark.end !== undefined && taken > 0;
  return isHigh ? [svg("line", { x1: x, x2: x, y1: y1 - 2, y2: y + 4, class: "leader" }), label] : [label];
}

/**
 * @param {Mark} mark
 * @param {Scale} scale
 * @returns {SVGElement}
 */
function pointOf({ time, y, kind }, { xOf, yOf }) {
  return svg("text", { x: xOf(time), y: yOf(y) + 5, "text-anchor": "middle", class: "symbol" }, SYMBOLS[kind]);
}

/**
 * @param {Mark} mark
 * @param {number} end
 * @param {Scale} scale
 * @returns {SVGElement}
 */
function barOf({ time, y }, end, { xOf, yOf }) {
  return svg("rect", { x: xOf(time), y: yOf(y) + 5, width: Math.max(3, xOf(end) - xOf(time)), height: BAR, rx: 3 });
}
