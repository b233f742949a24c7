/**
 * Section "Operations": a lane for each worker, a bar for each operation from invocation to completion.
 *
 * @module
 */

import { element, section, tableOf } from "./dom.js";
import { counted, formatDuration, formatTime } from "./format.js";
import { createPicture, periodText } from "./picture.js";
import { firstAtLeast, OUTCOMES } from "./run_data.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./picture.js").Surface} Surface */

/** Height of a lane, pixels. */
const LANE = 20;

/**
 * Creates the section.
 *
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement}
 */
export function operationsSection(data, view) {
  const { operations, faults, end } = data;
  const count = operations.index.length;
  if (count === 0) {
    return section("operations", "Operations by worker", element("p", { class: "muted" }, "No operation was begun."));
  }
  const workers = [...new Set(operations.worker)].sort((a, b) => a - b);
  const lane = new Map(workers.map((worker, position) => [worker, position]));
  const laneOf = (/** @type {number} */ row) => /** @type {number} */ (lane.get(operations.worker[row]));
  const longest = operations.duration.reduce((a, b) => Math.max(a, b), 0);
  /** Last operation of each worker stays open until the end. */
  const endOf = (/** @type {number} */ row) =>
    operations.duration[row] < 0 ? end : operations.start[row] + operations.duration[row];
  const open = operations.duration.findIndex((duration) => duration < 0);
  const picture = createPicture({
    label: "Operations by worker over time",
    view,
    faults,
    laneHeight: LANE,
    lanes: () => workers.map((worker) => `worker ${worker}`),
    draw(surface) {
      drawBars(surface, view, data, { laneOf, endOf, first: firstVisible(surface, operations.start, longest, open) });
    },
    find(x, y, surface) {
      const row = findBar(x, y, surface, data, { laneOf, endOf, longest, open });
      if (row === -1) return null;
      return { text: operationText(data, row), select: () => selectOperation(data, view, row) };
    },
    step: (direction) => stepOperation(data, view, direction),
  });
  return section("operations", "Operations by worker", legend(), picture.root, keys(count), faultTable(faults));
}

/**
 * Table of the faults: what each did, to which nodes.
 *
 * @param {readonly import("./run_data.js").FaultBand[]} faults
 * @returns {HTMLElement | null}
 */
function faultTable(faults) {
  if (faults.length === 0) return null;
  const rows = faults.map(({ name, start, end, text }) => [name, formatTime(start), formatTime(end), text]);
  return element(
    "details",
    {},
    element("summary", {}, `${faults.length} ${faults.length === 1 ? "fault" : "faults"}`),
    tableOf("Faults", ["fault", "from", "to", "kind and nodes"], rows),
  );
}

/**
 * Describes an operation.
 *
 * @param {ReportData} data
 * @param {number} row
 * @returns {string}
 */
export function operationText({ operations }, row) {
  const { name, symbol } = OUTCOMES[operations.outcome[row]];
  const [argument, result] = [operations.argumentOf(row), operations.resultOf(row)];
  const duration = operations.duration[row];
  return [
    `${symbol} ${operations.functions[operations.f[row]]} ${argument === "null" ? "" : argument}`.trimEnd(),
    `${name}${duration < 0 ? "" : ` after ${formatDuration(duration)}`}${result === "" ? "" : `: ${result}`}`,
    `process ${operations.process[row]}, ${periodText(operations.start[row], duration)}`,
    `operation ${operations.index[row]}${duration < 0 ? "" : `, completed as ${operations.completion[row]}`}`,
  ].join("\n");
}

/** @returns {HTMLElement} */
function legend() {
  const items = OUTCOMES.map(({ name, symbol }) => element("span", { class: `outcome ${name}` }, `${symbol} ${name}`));
  return element("p", { class: "legend" }, ...items, element("span", { class: "outcome fault" }, "▒ fault"));
}

/**
 * @param {number} count
 * @returns {HTMLElement}
 */
function keys(count) {
  return element(
    "p",
    { class: "muted" },
    `${counted(count, "operation")}. Click one to see its messages. In the picture: arrow keys move, + and − zoom, ` +
      "Home shows the whole run, n and p select the next and the previous operation, Escape ends the selection.",
  );
}

/**
 * @param {ReportData} data
 * @param {View} view
 * @param {1 | -1} direction
 */
function stepOperation(data, view, direction) {
  const { operations: { start } } = data;
  const { from, to } = view.period();
  const selected = view.selection();
  const before = selected?.kind === "operation" ? selected.row : firstAtLeast(start, from) - (direction === 1 ? 1 : 0);
  const row = Math.min(Math.max(before + direction, 0), start.length - 1);
  if (start[row] < from || start[row] > to) view.show(start[row] - (to - from) / 2, start[row] + (to - from) / 2);
  selectOperation(data, view, row);
}

/**
 * Position of the first row that can be visible.
 *
 * @param {Surface} surface
 * @param {number[]} start
 * @param {number} longest
 * @param {number} open First open operation, or -1.
 * @returns {number}
 */
function firstVisible({ timeAt, left }, start, longest, open) {
  const first = firstAtLeast(start, timeAt(left) - longest);
  return open === -1 ? first : Math.min(first, open);
}

/**
 * @param {Surface} surface
 * @param {View} view
 * @param {ReportData} data
 * @param {{ laneOf: (row: number) => number, endOf: (row: number) => number, first: number }} places
 */
function drawBars({ context, width, left, top, xOf, timeAt, colour }, view, { operations }, { laneOf, endOf, first }) {
  const colours = OUTCOMES.map(({ name }) => colour(name));
  const selected = view.selection();
  const last = timeAt(width);
  for (let row = first; row < operations.start.length && operations.start[row] <= last; row++) {
    const [x0, x1] = [xOf(operations.start[row]), xOf(endOf(row))];
    if (x1 < left) continue;
    const y = top + laneOf(row) * LANE;
    const outcome = operations.outcome[row];
    const size = Math.max(2, x1 - x0);
    context.fillStyle = colours[outcome];
    context.fillRect(x0, y + 4, size, LANE - 7);
    if (outcome !== 0) {
      drawSymbol(context, OUTCOMES[outcome].symbol, Math.max(left + 6, x0 + 6), y + LANE / 2, size, colour);
    }
    if (selected?.kind !== "operation" || selected.row !== row) continue;
    context.strokeStyle = colour("text");
    context.lineWidth = 2;
    context.strokeRect(x0 - 2, y + 2, size + 4, LANE - 3);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} symbol
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {(name: string) => string} colour
 */
function drawSymbol(context, symbol, x, y, size, colour) {
  if (size < 12) return;
  context.fillStyle = colour("on-outcome");
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(symbol, x, y);
}

/**
 * @param {number} x
 * @param {number} y
 * @param {Surface} surface
 * @param {ReportData} data
 * @param {{ laneOf: (row: number) => number, endOf: (row: number) => number, longest: number, open: number }} places
 * @returns {number} Row, or -1.
 */
function findBar(x, y, surface, { operations: { start } }, { laneOf, endOf, longest, open }) {
  const lane = Math.floor((y - surface.top) / LANE);
  const last = surface.timeAt(x + 4);
  let [found, nearest] = [-1, 5];
  for (let row = firstVisible(surface, start, longest, open); row < start.length && start[row] <= last; row++) {
    if (laneOf(row) !== lane) continue;
    const distance = Math.max(
      0,
      surface.xOf(start[row]) - x,
      x - Math.max(surface.xOf(endOf(row)), surface.xOf(start[row]) + 2),
    );
    if (distance < nearest) [found, nearest] = [row, distance];
  }
  return found;
}

/**
 * Finds operations by their indices in the history: those of completions, or of invocations.
 *
 * @param {Pick<ReportData, "operations">} data
 * @param {readonly number[]} indices
 * @returns {number[]} Rows, in the order of the indices; those that are not found are left out.
 */
export function rowsOf({ operations: { index, completion } }, indices) {
  return indices.map((each) => {
    const row = completion.indexOf(each);
    return row === -1 ? index.indexOf(each) : row;
  }).filter((row) => row !== -1);
}

/**
 * Shows the time around an operation, and selects it.
 *
 * @param {ReportData} data
 * @param {View} view
 * @param {number} row
 */
export function showOperation(data, view, row) {
  view.showAround(data.operations.start[row]);
  selectOperation(data, view, row);
}

/**
 * Selects an operation.
 *
 * @param {ReportData} data
 * @param {View} view
 * @param {number} row
 */
export function selectOperation({ operations }, view, row) {
  view.select({ kind: "operation", row }, operations.start[row]);
}
