/**
 * Section "Anomalies": the sentences of the checkers. A time in a sentence is a link to that time in the pictures.
 *
 * @module
 */

import { element, section } from "./dom.js";
import { cyclePicture, cyclesIn, evidencePicture } from "./evidence.js";
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
function anomalyItem({ type, count, explanation, allowed, maelstrom }, data, view) {
  const notes = [
    count === 1 ? "1 case" : `${count} cases`,
    ...allowed ? ["the test allows it"] : [],
    ...maelstrom === "overlooks" ? ["Maelstrom does not look for it"] : [],
    ...maelstrom === "stops" ? ["Maelstrom's checker stops at it"] : [],
  ];
  const lines = explanation.split("\n");
  const [first, more] = lines.length <= MOST_EXPLAINED
    ? [lines, []]
    : [lines.slice(0, FIRST_EXPLAINED), lines.slice(FIRST_EXPLAINED)];
  const paragraph = (/** @type {string} */ line) => element("p", {}, ...linked(line, data, view));
  return element(
    "article",
    { class: "anomaly" },
    element("h3", {}, type, element("span", { class: "muted" }, ` ${notes.join(", ")}`)),
    ...first.map(paragraph),
    ...data.evidence.filter(({ anomaly }) => anomaly === type).map((each) => evidencePicture(each, data, view)),
    ...cyclesIn(explanation).map(cyclePicture),
    ...more.length === 0
      ? []
      : [element("details", {}, element("summary", {}, `${more.length} more lines`), ...more.map(paragraph))],
  );
}

/**
 * Turns times such as `at 1.234 s` into links.
 *
 * @param {string} text
 * @param {ReportData} data
 * @param {View} view
 * @returns {(Node | string)[]}
 */
function linked(text, data, view) {
  return text.split(/(\b\d+\.\d{3} s\b)/).map((part, position) => {
    if (position % 2 === 0) return part;
    return element("button", {
      type: "button",
      class: "link",
      title: "Show this time in the pictures",
      click: () => showTime(Number.parseFloat(part) * 1e6, data, view),
    }, part);
  });
}

/**
 * @param {number} time Microseconds.
 * @param {ReportData} data
 * @param {View} view
 */
function showTime(time, data, view) {
  const { operations } = data;
  view.showAround(time);
  // A sentence names the time of an invocation or a completion, rounded to milliseconds.
  const near = (/** @type {number} */ other) => Math.abs(other - time) <= 500;
  const row = operations.start.findIndex((start, at) => near(start) || near(start + operations.duration[at]));
  if (row !== -1) selectOperation(data, view, row);
  document.getElementById("operations")?.scrollIntoView({ block: "start" });
}
