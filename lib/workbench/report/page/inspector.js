/**
 * Panel with what is selected: an operation or a message, and the messages related to it as a list.
 *
 * @module
 */

import { element } from "./dom.js";
import { formatTime } from "./format.js";
import { operationText, selectOperation } from "./operations.js";
import { messageText, selectMessage } from "./messages.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./causality.js").Related} Related */

/** Largest number of messages in one list. */
const MOST_LISTED = 60;

/**
 * Creates the panel, which is hidden while nothing is selected.
 *
 * @param {ReportData} data
 * @param {Messages | null} messages
 * @param {View} view
 * @param {() => Related | null} related
 * @returns {HTMLElement}
 */
export function inspector(data, messages, view, related) {
  const content = element("div", { class: "content", "aria-live": "polite" });
  const close = element("button", { type: "button", "aria-label": "Close", click: () => view.select(null) }, "✕");
  const panel = element("aside", { class: "inspector", "aria-label": "Selected", hidden: true }, close, content);
  view.onChange((change) => {
    if (change !== "selection") return;
    const selection = view.selection();
    panel.hidden = selection === null;
    if (selection === null) return;
    const text = selection.kind === "operation" || messages === null
      ? operationText(data, selection.row)
      : messageText({ messages, isLate: () => false, copies: new Map() }, selection.row);
    const operation = selection.kind === "message" ? messages?.operation[selection.row] ?? -1 : -1;
    content.replaceChildren(
      element("pre", {}, text),
      ...operation === -1 ? [] : [operationButton(data, view, operation)],
      ...messages === null ? [] : lists(messages, view, related()),
    );
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && view.selection() !== null) view.select(null);
  });
  return panel;
}

/**
 * @param {ReportData} data
 * @param {View} view
 * @param {number} row
 * @returns {HTMLElement}
 */
function operationButton(data, view, row) {
  const text = `of operation: ${operationText(data, row).split("\n")[0]}`;
  return element(
    "button",
    { type: "button", class: "row", click: () => selectOperation(data, view, row) },
    text,
  );
}

/**
 * @param {Messages} messages
 * @param {View} view
 * @param {Related | null} related
 * @returns {HTMLElement[]}
 */
function lists(messages, view, related) {
  if (related === null) return [];
  const note = related.isWhole ? [] : [element("p", { class: "muted" }, "There are more; these are the nearest.")];
  return [
    ...view.selection()?.kind === "operation" ? list("Its messages", "own", related.own, messages, view) : [],
    ...list("It may depend on", "cause", related.causes, messages, view),
    ...list("It may have caused", "effect", related.effects, messages, view),
    ...note,
  ];
}

/**
 * @param {string} title
 * @param {string} kind
 * @param {number[]} rows
 * @param {Messages} messages
 * @param {View} view
 * @returns {HTMLElement[]}
 */
function list(title, kind, rows, messages, view) {
  if (rows.length === 0) return [];
  const items = rows.slice(0, MOST_LISTED).map((row) =>
    element(
      "li",
      {},
      element(
        "button",
        { type: "button", class: "row", click: () => selectMessage(messages, view, row) },
        messageLine(messages, row),
      ),
    )
  );
  const more = rows.length > MOST_LISTED ? ` (the first ${MOST_LISTED} of ${rows.length})` : ` (${rows.length})`;
  return [element("h3", { class: kind }, `${title}${more}`), element("ul", {}, ...items)];
}

/**
 * @param {Messages} messages
 * @param {number} row
 * @returns {string}
 */
function messageLine({ names, types, src, dest, type, sent, received, bodyOf }, row) {
  const lost = Number.isNaN(received[row]) ? " ✕ lost" : "";
  return `${formatTime(sent[row])} ${names[src[row]]} → ${names[dest[row]]}${lost} ${bodyOf(row) || types[type[row]]}`;
}
