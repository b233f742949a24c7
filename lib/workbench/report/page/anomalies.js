/**
 * Section "Anomalies": the sentences of the checkers. A time in a sentence is a link to that time in the pictures.
 *
 * @module
 */

import { element, section } from "./dom.js";
import { cyclePicture, cyclesIn, isDependency } from "./cycles.js";
import { evidencePicture } from "./evidence.js";
import { counted } from "./format.js";
import { selectOperation } from "./operations.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./view.js").View} View */

/** Largest number of lines of an explanation that are all shown above its pictures; else the first of them. */
const MOST_EXPLAINED = 6;
const FIRST_EXPLAINED = 3;

/**
 * Creates the section; null if nothing was found.
 *
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement | null}
 */
export function anomaliesSection(data, view) {
  const { results: { anomalies } } = data;
  if (anomalies.length === 0) return null;
  return section("anomalies", "Anomalies", ...anomalies.map((anomaly) => anomalyItem(anomaly, data, view)));
}

/**
 * @param {ReportData["results"]["anomalies"][number]} anomaly
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement}
 */
function anomalyItem({ type, count, explanation, allowed, maelstrom, cases = [] }, data, view) {
  const listed = new Set(cases.flatMap(({ operations = [] }) => operations));
  const notes = [
    count === 1 ? "1 case" : `${count} cases`,
    ...allowed ? ["the test allows it"] : [],
    ...maelstrom === "overlooks" ? ["Maelstrom does not look for it"] : [],
    ...maelstrom === "stops" ? ["Maelstrom's checker stops at it"] : [],
  ];
  const { first, more } = partsOf(explanation);
  const withCycles = (/** @type {string[]} */ lines, /** @type {number} */ at) => [
    ...lines.filter((line) => !isDependency(line)).map((line) => element("p", {}, ...linked(line, listed, data, view))),
    ...cyclesIn(lines.join("\n")).map((cycle) => cyclePicture(cycle, cases[at]?.operations ?? [], data, view)),
  ];
  return element(
    "article",
    { class: "anomaly" },
    element("h3", {}, type, element("span", { class: "muted" }, ` ${notes.join(", ")}`)),
    ...withCycles(first, 0),
    ...data.evidence.filter(({ anomaly }) => anomaly === type).map((each) => evidencePicture(each, data, view)),
    ...more.length === 0 ? [] : [element(
      "details",
      {},
      element("summary", {}, `${counted(more.flat().length, "more line")}`),
      ...more.flatMap((lines, at) => withCycles(lines, at + 1)),
    )],
  );
}

/**
 * Divides an explanation into the lines that are always shown, and groups of further ones. A cycle stays together with
 * its transactions, and a line with the indented ones after it.
 *
 * @param {string} explanation
 * @returns {{ first: string[], more: string[][] }}
 */
export function partsOf(explanation) {
  const [first, ...more] = explanation.split(/\n(?=\s*T1 is )/).map((part) => part.split("\n"));
  if (cyclesIn(explanation).length > 0) return { first, more };
  const groups = explanation.split(/\n(?=\S)/).map((part) => numbered(part.split("\n")));
  if (groups.flat().length <= MOST_EXPLAINED) return { first: groups.flat(), more: [] };
  const kept = groups[0].length > 1 ? 1 : FIRST_EXPLAINED;
  const rest = groups.slice(kept).flat();
  return { first: groups.slice(0, kept).flat(), more: rest.length === 0 ? [] : [rest] };
}

/**
 * Numbers the operations in an order that a checker has found: lines that are indented twice.
 *
 * @param {string[]} lines
 * @returns {string[]}
 */
function numbered(lines) {
  let number = 0;
  return lines.map((line) => line.replace(/^ {4}(?=process )/, () => `${++number}. `));
}

/** Matches a time in a sentence. */
const TIME = /(\b\d+\.\d{3} s\b)/;

/**
 * Turns times such as `at 1.234 s` into links.
 *
 * @param {string} text
 * @param {ReadonlySet<number>} listed Indices of the operations in question.
 * @param {ReportData} data
 * @param {View} view
 * @returns {(Node | string)[]}
 */
function linked(text, listed, data, view) {
  const parts = text.split(TIME);
  return parts.map((part, position) => {
    if (position % 2 === 0) return part;
    const row = operationAt(parts.slice(0, position), Number.parseFloat(part) * 1e6, listed, data.operations);
    return element("button", {
      type: "button",
      class: "link",
      title: "Show this time in the pictures",
      click: () => showTime(Number.parseFloat(part) * 1e6, row, data, view),
    }, part);
  });
}

/**
 * Finds the operation whose time a sentence names: of those that began or ended then, one of the process that is named
 * before the time, and one that the checker listed. A time that is named twice for a process leads to two operations.
 *
 * @param {readonly string[]} before Parts of the sentence before the time: texts and times in turn.
 * @param {number} time Microseconds, rounded to milliseconds.
 * @param {ReadonlySet<number>} listed Indices of the operations in question.
 * @param {Pick<ReportData["operations"], "start" | "duration" | "process" | "index" | "completion">} operations
 * @returns {number} Row, or -1.
 */
export function operationAt(before, time, listed, { start, duration, process, index, completion }) {
  const near = (/** @type {number} */ other) => Math.abs(other - time) <= 500;
  let rows = [...start.keys()].filter((row) =>
    near(start[row]) || duration[row] >= 0 && near(start[row] + duration[row])
  );
  const narrow = (/** @type {(row: number) => boolean} */ fits) => {
    if (rows.some(fits)) rows = rows.filter(fits);
  };
  const processIn = (/** @type {readonly string[]} */ parts) =>
    [...parts.join("").matchAll(/\bprocess (\d+)/gi)].at(-1)?.[1];
  const named = processIn(before);
  if (named !== undefined) narrow((row) => process[row] === Number(named));
  narrow((row) => listed.has(index[row]) || listed.has(completion[row]));
  const earlier = before.filter((part, at) =>
    at % 2 === 1 && near(Number.parseFloat(part) * 1e6) && processIn(before.slice(0, at)) === named
  );
  return rows[Math.min(earlier.length, rows.length - 1)] ?? -1;
}

/**
 * @param {number} time Microseconds.
 * @param {number} row Operation, or -1.
 * @param {ReportData} data
 * @param {View} view
 */
function showTime(time, row, data, view) {
  view.showAround(time);
  if (row !== -1) selectOperation(data, view, row);
  document.getElementById("operations")?.scrollIntoView({ block: "start" });
}
