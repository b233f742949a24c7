/**
 * Pictures of cycles of transactions: a circle for each transaction, an arrow for each dependency.
 *
 * The transactions are operations that the checker lists; its sentences have the reasons.
 *
 * @module
 */

import { element } from "./dom.js";
import { operationText, rowsOf, showOperation } from "./operations.js";
import { svg, svgButton } from "./svg.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./view.js").View} View */

/**
 * Transactions and dependencies that an explanation names.
 *
 * @typedef {object} Cycle
 * @property {{ name: string, text: string }[]} transactions
 * @property {{ from: string, to: string, reason: string }[]} edges
 */

/** Matches the line of a dependency. */
const DEPENDENCY = /^\s*(?:But )?(T\d+) < (T\d+), because (.*)$/;

/**
 * True for a line that a picture of a cycle has in its list.
 *
 * @param {string} line
 * @returns {boolean}
 */
export function isDependency(line) {
  return DEPENDENCY.test(line);
}

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
    const [, from, to, reason] = DEPENDENCY.exec(line) ?? [];
    if (name === "T1") cycles.push({ transactions: [], edges: [] });
    const cycle = cycles[cycles.length - 1];
    if (name !== undefined) cycle?.transactions.push({ name, text });
    if (from !== undefined) cycle?.edges.push({ from, to, reason });
  }
  return cycles.filter(({ edges }) => edges.length > 0);
}

const CYCLE = { width: 400, height: 240, radius: 24, across: 130, up: 84 };

/**
 * Draws a cycle: the transactions on a circle, an arrow for each dependency with its number in the list below.
 *
 * @param {Cycle} cycle
 * @param {readonly number[]} operations Indices of the transactions in the history, in the order of the cycle; empty if
 *   they are not known.
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement}
 */
export function cyclePicture({ transactions, edges }, operations, data, view) {
  const placeOf = (/** @type {string} */ name) => {
    const at = transactions.findIndex((each) => each.name === name);
    const angle = 2 * Math.PI * at / transactions.length - Math.PI;
    return { x: CYCLE.width / 2 + CYCLE.across * Math.cos(angle), y: CYCLE.height / 2 + CYCLE.up * Math.sin(angle) };
  };
  const top = transactions.length === 2 ? 60 : 0;
  const rows = rowsOf(data, operations);
  const root = svg(
    "svg",
    {
      viewBox: `0 ${top} ${CYCLE.width} ${CYCLE.height - 2 * top}`,
      class: "evidence cycle",
      role: "group",
      "aria-label": "Cycle of transactions",
    },
    svg("defs", {}, arrowHead()),
    ...edges.flatMap(({ from, to }, at) => arrow(placeOf(from), placeOf(to), String(at + 1))),
    ...transactions.map(({ name, text }) => {
      // Of a long cycle only some are named; T8 is still the eighth.
      const row = rows[Number(name.slice(1)) - 1];
      const { x, y } = placeOf(name);
      const shapes = [
        svg("circle", { cx: x, cy: y, r: CYCLE.radius }),
        svg("text", { x, y: y + 6, "text-anchor": "middle", class: "name" }, name),
      ];
      if (row === undefined) return svg("g", {}, svg("title", {}, text), ...shapes);
      return svgButton("mark", operationText(data, row), () => showOperation(data, view, row), ...shapes);
    }),
  );
  const reasons = edges.map(({ from, to, reason }) => element("li", {}, `${from} before ${to}: ${reason}`));
  return element("figure", {}, root, element("ol", {}, ...reasons));
}

/** @returns {SVGElement} */
function arrowHead() {
  const size = { markerWidth: 9, markerHeight: 9, orient: "auto" };
  const place = { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4 };
  return svg("marker", { ...place, ...size }, svg("path", { d: "M0,0L8,4L0,8z", class: "head" }));
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
      x: (a.x + b.x) / 2 - uy * 38,
      y: (a.y + b.y) / 2 + ux * 38 + 5,
      "text-anchor": "middle",
      class: "edge-number",
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
