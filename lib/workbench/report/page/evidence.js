/**
 * Pictures of anomalies, as SVG: marks over time in lanes or by value, and cycles of transactions. Each mark is a link
 * to its operation.
 *
 * @module
 */

import { element } from "./dom.js";
import { formatDuration, ticksBetween } from "./format.js";
import { operationText, selectOperation } from "./operations.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("../html/report_data.ts").AnomalyPicture} AnomalyPicture */
/** @typedef {import("../html/report_data.ts").Mark} Mark */

const WIDTH = 900;
const LABELS = 90;
const LANE_HEIGHT = 30;
const VALUES_HEIGHT = 220;
const FOOT = 24;

/** Symbols of points; a bar has its text. */
const SYMBOLS = { present: "●", absent: "○", write: "◆", read: "●", wrong: "✕", order: "", other: "" };

/**
 * Creates an element of SVG.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
function svg(tag, attributes, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Creates the picture of some evidence.
 *
 * @param {AnomalyPicture} evidence
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement}
 */
export function evidencePicture(evidence, data, view) {
  const scale = scaleOf(evidence);
  const root = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${scale.height}`,
    class: "evidence",
    role: "group",
    "aria-label": evidence.title,
  });
  for (const band of data.faults) {
    const [x0, x1] = [Math.max(LABELS, scale.xOf(band.start)), Math.min(WIDTH, scale.xOf(band.end))];
    if (x1 > x0) root.append(svg("rect", { x: x0, y: 0, width: x1 - x0, height: scale.height - FOOT, class: "band" }));
  }
  root.append(...axes(evidence, scale));
  for (const { points, label } of evidence.lines) root.append(...stepLine(points, label, scale));
  // What is in question is on top.
  const isOnTop = (/** @type {Mark} */ { kind }) => Number(kind === "write") + 2 * Number(kind === "wrong");
  for (const mark of [...evidence.marks].sort((a, b) => isOnTop(a) - isOnTop(b))) {
    root.append(markLink(mark, scale, data, view));
  }
  return element("figure", {}, element("figcaption", {}, evidence.title), element("div", { class: "scrolls" }, root));
}

/**
 * @typedef {object} Scale
 * @property {(time: number) => number} xOf
 * @property {(y: number) => number} yOf
 * @property {number} height
 * @property {number} from Microseconds.
 * @property {number} to
 * @property {[from: number, to: number][]} breaks Long periods in which nothing happens, drawn short.
 * @property {number[]} values Ticks of values.
 */

/**
 * @param {AnomalyPicture} evidence
 * @returns {Scale}
 */
function scaleOf({ marks, lines, lanes }) {
  const { xOf, from, to, breaks } = timeScale(marks.flatMap(({ time, end }) => [time, end ?? time]));
  if (lanes.length > 0) {
    const yOf = (/** @type {number} */ lane) => (lane + 0.5) * LANE_HEIGHT;
    return { xOf, yOf, from, to, breaks, height: lanes.length * LANE_HEIGHT + FOOT, values: [] };
  }
  const inPeriod = lines.flatMap(({ points }) => points.filter(([time]) => time <= to).map(([, value]) => value));
  const all = [...marks.map(({ y }) => y), ...inPeriod];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const height = VALUES_HEIGHT;
  const yOf = (/** @type {number} */ value) => height - 16 - (value - low) / Math.max(1, high - low) * (height - 32);
  const values = ticksBetween(low, high, 6).filter(Number.isInteger);
  return { xOf, yOf, from, to, breaks, height: height + FOOT, values: values.length === 0 ? [low] : values };
}

/** Share of all time from which on a period without marks is drawn short, and the share of the width that it gets. */
const LONG_PAUSE = 0.25;
const PAUSE_WIDTH = 0.1;

/**
 * Places times from left to right. A long pause, such as the recovery before the final reads, is drawn short.
 *
 * @param {number[]} times
 * @returns {Pick<Scale, "xOf" | "from" | "to" | "breaks">}
 */
export function timeScale(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  const breaks = sorted.slice(1).map((time, at) => /** @type {[number, number]} */ ([sorted[at], time]))
    .filter(([start, end]) => end - start > (last - first) * LONG_PAUSE);
  const paused = breaks.reduce((sum, [start, end]) => sum + end - start, 0);
  const busy = last - first - paused;
  const margin = Math.max(busy * 0.05, 50);
  const [from, to] = [first - margin, last + margin];
  const width = WIDTH - LABELS;
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
    return LABELS + outside * perTime + inBreaks.reduce((sum, { pause, part }) => sum + part * perPause(pause), 0);
  };
  return { xOf, from, to, breaks };
}

/**
 * Round times outside of pauses, for ticks.
 *
 * @param {Scale} scale
 * @returns {number[]}
 */
function timeTicks({ from, to, breaks }) {
  const ends = [from, ...breaks.flat(), to];
  const busy = to - from - breaks.reduce((sum, [start, end]) => sum + end - start, 0);
  return ends.flatMap((start, at) => {
    if (at % 2 === 1) return [];
    const ticks = ticksBetween(start, ends[at + 1], Math.max(1, Math.round(8 * (ends[at + 1] - start) / busy)));
    return ticks.length === 0 ? [(start + ends[at + 1]) / 2] : ticks;
  });
}

/**
 * @param {AnomalyPicture} evidence
 * @param {Scale} scale
 * @returns {SVGElement[]}
 */
function axes({ lanes }, scale) {
  const { xOf, yOf, height, values, breaks } = scale;
  const ticks = timeTicks(scale);
  const steps = ticks.slice(1).map((time, at) => time - ticks[at]);
  const digits = Math.min(3, Math.max(1, Math.ceil(-Math.log10(Math.min(...steps, 1e6) / 1e6))));
  const labelOf = (/** @type {number} */ time) => `${(time / 1e6).toFixed(digits)} s`;
  const rows = lanes.length > 0
    ? lanes.map((text, lane) => ({ text, y: yOf(lane) }))
    : values.map((value) => ({ text: String(value), y: yOf(value) }));
  return [
    ...ticks.filter((time, at) => at === 0 || labelOf(time) !== labelOf(ticks[at - 1])).flatMap((time) => [
      svg("line", { x1: xOf(time), x2: xOf(time), y1: 0, y2: height - FOOT, class: "grid" }),
      svg(
        "text",
        { x: xOf(time), y: height - 7, class: "tick", "text-anchor": "middle" },
        labelOf(time),
      ),
    ]),
    ...breaks.map(([start, end]) =>
      svg(
        "text",
        { x: (xOf(start) + xOf(end)) / 2, y: 14, class: "tick", "text-anchor": "middle" },
        `⋯ ${formatDuration(end - start)} ⋯`,
      )
    ),
    ...rows.flatMap(({ text, y }) => [
      svg("line", { x1: LABELS, x2: WIDTH, y1: y, y2: y, class: "grid" }),
      svg("text", { x: LABELS - 8, y: y + 4, class: "tick", "text-anchor": "end" }, text),
    ]),
  ];
}

/**
 * Line of a value that changes in steps.
 *
 * @param {[time: number, value: number][]} points
 * @param {string} label
 * @param {Scale} scale
 * @returns {SVGElement[]}
 */
function stepLine(points, label, { xOf, yOf, from, to }) {
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
  return [
    svg("path", { d: path, class: isHigh ? "bound high" : "bound" }),
    svg("text", { x: LABELS + 6, y: yOf(last) + (isHigh ? -6 : 14), class: "tick" }, label),
  ];
}

/**
 * @param {Mark} mark
 * @param {Scale} scale
 * @param {ReportData} data
 * @param {View} view
 * @returns {SVGElement}
 */
function markLink(mark, scale, data, view) {
  const { row, time, kind } = mark;
  const text = operationText(data, row);
  const shape = mark.end === undefined ? pointOf(mark, scale) : barOf(mark, mark.end, scale);
  const name = { class: `mark ${kind}`, tabindex: 0, role: "button", "aria-label": text };
  const link = svg("g", name, svg("title", {}, text), ...shape);
  const open = () => {
    view.showAround(time);
    selectOperation(data, view, row);
  };
  link.addEventListener("click", open);
  link.addEventListener("keydown", (event) => (/** @type {KeyboardEvent} */ (event)).key === "Enter" && open());
  return link;
}

/**
 * @param {Mark} mark
 * @param {Scale} scale
 * @returns {SVGElement[]}
 */
function pointOf({ time, y, kind, text = "", row }, { xOf, yOf }) {
  const symbol = svg("text", { x: xOf(time), y: yOf(y) + 5, "text-anchor": "middle", class: "symbol" }, SYMBOLS[kind]);
  // Texts of neighbours are above and below, so that they can be read.
  const label = svg("text", { x: xOf(time) + 7, y: yOf(y) + (row % 2 === 0 ? -4 : 13), class: "tick" }, text);
  return text === "" ? [symbol] : [symbol, label];
}

/** Width of a bar from which on its text is inside. */
const WIDE = 110;

/**
 * @param {Mark} mark
 * @param {number} end
 * @param {Scale} scale
 * @returns {SVGElement[]}
 */
function barOf({ time, y, kind, text = "" }, end, { xOf, yOf }) {
  const width = Math.max(3, xOf(end) - xOf(time));
  const isInside = width >= WIDE || kind === "other";
  const isAtEnd = xOf(time) + width > WIDTH - WIDE && !isInside;
  const x = isInside ? xOf(time) + 4 : isAtEnd ? xOf(time) - 4 : xOf(time) + width + 4;
  const place = { x, y: yOf(y) + 4, class: isInside ? "inside" : "", "text-anchor": isAtEnd ? "end" : "start" };
  return [
    svg("rect", { x: xOf(time), y: yOf(y) - 11, width, height: 22, rx: 3 }),
    svg("text", place, `${SYMBOLS[kind]} ${text}`.trim()),
  ];
}

/**
 * Transactions and dependencies that an explanation names.
 *
 * @typedef {object} Cycle
 * @property {{ name: string, text: string }[]} transactions
 * @property {{ from: string, to: string, reason: string }[]} edges
 */

/**
 * Reads cycles from an explanation such as `T1 is …`, `T1 < T2, because …`, `But T2 < T1, because …`.
 *
 * @param {string} explanation
 * @returns {Cycle[]} Each begins with its `T1 is …`.
 */
export function cyclesIn(explanation) {
  /** @type {Cycle[]} */
  const cycles = [];
  for (const line of explanation.split("\n")) {
    const [, name, text] = /^\s*(T\d+) is (.*)$/.exec(line) ?? [];
    const [, from, to, reason] = /^\s*(?:But )?(T\d+) < (T\d+), because (.*)$/.exec(line) ?? [];
    if (name === "T1") cycles.push({ transactions: [], edges: [] });
    const cycle = cycles[cycles.length - 1];
    if (name !== undefined) cycle?.transactions.push({ name, text });
    if (from !== undefined) cycle?.edges.push({ from, to, reason });
  }
  return cycles.filter(({ edges }) => edges.length > 0);
}

const CYCLE = { width: 520, height: 260, radius: 24 };

/**
 * Draws a cycle: the transactions on a circle, an arrow for each dependency with its number in the list below.
 *
 * @param {Cycle} cycle
 * @returns {HTMLElement}
 */
export function cyclePicture({ transactions, edges }) {
  const placeOf = (/** @type {string} */ name) => {
    const at = transactions.findIndex((each) => each.name === name);
    const angle = 2 * Math.PI * at / transactions.length - Math.PI;
    return { x: CYCLE.width / 2 + 170 * Math.cos(angle), y: CYCLE.height / 2 + 90 * Math.sin(angle) };
  };
  const marker = svg("marker", {
    id: "arrow",
    viewBox: "0 0 8 8",
    refX: 8,
    refY: 4,
    markerWidth: 9,
    markerHeight: 9,
    orient: "auto",
  }, svg("path", { d: "M0,0L8,4L0,8z", class: "head" }));
  const top = transactions.length === 2 ? 60 : 0;
  const root = svg(
    "svg",
    {
      viewBox: `0 ${top} ${CYCLE.width} ${CYCLE.height - 2 * top}`,
      class: "evidence cycle",
      role: "img",
      "aria-label": "Cycle of transactions",
    },
    svg("defs", {}, marker),
    ...edges.flatMap(({ from, to }, at) => arrow(placeOf(from), placeOf(to), String(at + 1))),
    ...transactions.flatMap(({ name, text }) => {
      const { x, y } = placeOf(name);
      return [
        svg("circle", { cx: x, cy: y, r: CYCLE.radius }, svg("title", {}, text)),
        svg("text", { x, y: y + 5, "text-anchor": "middle", class: "name" }, name),
      ];
    }),
  );
  const reasons = edges.map(({ from, to, reason }) => element("li", {}, `${from} before ${to}: ${reason}`));
  return element("figure", {}, root, element("ol", {}, ...reasons));
}

/**
 * Curved arrow with a number, so that two between the same transactions can be told apart.
 *
 * @param {{ x: number, y: number }} a
 * @param {{ x: number, y: number }} b
 * @param {string} number
 * @returns {SVGElement[]}
 */
function arrow(a, b, number) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const middle = { x: (a.x + b.x) / 2 - uy * 46, y: (a.y + b.y) / 2 + ux * 46 };
  const start = towards(a, middle);
  const end = towards(b, middle);
  return [
    svg("path", {
      d: `M${start.x},${start.y}Q${middle.x},${middle.y} ${end.x},${end.y}`,
      class: "edge",
      "marker-end": "url(#arrow)",
    }),
    svg("text", {
      x: (a.x + b.x) / 2 - uy * 34,
      y: (a.y + b.y) / 2 + ux * 34 + 5,
      "text-anchor": "middle",
      class: "number",
    }, number),
  ];
}

/**
 * Point on the edge of a transaction's circle.
 *
 * @param {{ x: number, y: number }} centre
 * @param {{ x: number, y: number }} other
 */
function towards(centre, other) {
  const [dx, dy] = [other.x - centre.x, other.y - centre.y];
  const share = (CYCLE.radius + 3) / (Math.hypot(dx, dy) || 1);
  return { x: centre.x + dx * share, y: centre.y + dy * share };
}
