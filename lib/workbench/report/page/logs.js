/**
 * Section "Logs": lines of all nodes together, in the order of their times.
 *
 * @module
 */

import { choice, element, section } from "./dom.js";
import { formatCount } from "./format.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./view.js").View} View */
/** @typedef {{ node: string, time: number, text: string }} Line */

/** Largest number of lines shown at a time. */
const MOST_LINES = 300;

/**
 * Creates the section; null if no node has logged anything.
 *
 * @param {ReportData} data
 * @param {View} view
 * @returns {HTMLElement | null}
 */
export function logsSection({ logs }, view) {
  const lines = mergeLogs(logs);
  if (lines.length === 0) return null;
  const filter = { node: "", text: "", isInPeriod: false };
  const list = element("ol", { class: "log", tabindex: "0", "aria-label": "Lines of the logs" });
  const note = element("p", { class: "muted", "aria-live": "polite" });
  const show = () => {
    const { from, to } = view.period();
    const found = lines.filter(({ node, time, text }) =>
      (filter.node === "" || node === filter.node) && text.toLowerCase().includes(filter.text.toLowerCase()) &&
      (!filter.isInPeriod || (time >= from && time <= to))
    );
    list.replaceChildren(...found.slice(0, MOST_LINES).map((line) => logItem(line, view)));
    const cut = found.length > MOST_LINES ? `; the first ${MOST_LINES} are shown` : "";
    note.textContent = `${formatCount(found.length)} of ${formatCount(lines.length)} lines${cut}.`;
  };
  view.onChange((change) => change === "period" && filter.isInPeriod && show());
  show();
  return section("logs", "Logs of the nodes", filterForm(logs, filter, show), list, note);
}

/**
 * Merges logs. A line without a time has that of the line before it; without any, all lines are in the order of nodes.
 *
 * @param {ReportData["logs"]} logs
 * @returns {Line[]}
 */
export function mergeLogs(logs) {
  return logs.flatMap(({ node, time, text }) => {
    let last = -1;
    return text.map((line, row) => ({ node, time: last = time[row] === -1 ? last : time[row], text: line }));
  }).filter(({ text }) => text !== "").sort((a, b) => a.time - b.time);
}

/**
 * @param {ReportData["logs"]} logs
 * @param {{ node: string, text: string, isInPeriod: boolean }} filter Changed by the form.
 * @param {() => void} onChange
 * @returns {HTMLElement}
 */
function filterForm(logs, filter, onChange) {
  const nodes = logs.filter(({ text }) => text.length > 0).map(({ node }) => ({ value: node, text: node }));
  const change = (/** @type {() => void} */ apply) => {
    apply();
    onChange();
  };
  const text = element("input", { type: "search", input: ({ target }) => change(() => filter.text = target.value) });
  const period = element("input", {
    type: "checkbox",
    change: ({ target }) => change(() => filter.isInPeriod = target.checked),
  });
  return element(
    "form",
    { class: "filters", "aria-label": "Filter of logs", submit: (event) => event.preventDefault() },
    choice("Log of", [{ value: "", text: "all nodes" }, ...nodes], (node) => change(() => filter.node = node)),
    element("label", {}, element("span", {}, "With text"), text),
    element("label", { class: "check" }, period, " only the period of the pictures"),
  );
}

/**
 * @param {Line} line
 * @param {View} view
 * @returns {HTMLElement}
 */
function logItem({ node, time, text }, view) {
  const show = () => view.showAround(time);
  const where = { type: "button", class: "link", title: "Show this time in the pictures", click: show };
  return element("li", {}, time === -1 ? node : element("button", where, node), ` ${text}`);
}
