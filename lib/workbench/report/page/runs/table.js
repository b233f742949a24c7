/**
 * Table of the list of runs. A change touches only the cells that differ, so that what a reader has focused or chosen
 * stays.
 *
 * @module
 */

import { element } from "../dom.js";
import { COLUMNS, nameOf } from "./columns.js";

/** @typedef {import("../../serve/run_row.ts").RunRow} RunRow */
/** @typedef {import("./columns.js").Cell} Cell */
/** @typedef {import("./columns.js").Column} Column */

/** Number of rows that are shown at first, and that a click adds. */
export const PAGE_LENGTH = 250;

/** @typedef {{ column: Column, direction: "ascending" | "descending" }} Order */

/** @type {Order} */
export const NEWEST_FIRST = {
  column: /** @type {Column} */ (COLUMNS.find(({ key }) => key === "started")),
  direction: "descending",
};

/**
 * Sorts rows.
 *
 * @param {readonly RunRow[]} rows
 * @param {Order} order
 * @returns {RunRow[]}
 */
export function sortRows(rows, { column: { value }, direction }) {
  const sign = direction === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  keyed.sort(({ key: a, row: { started: x } }, { key: b, row: { started: y } }) => {
    if (a === b) return y - x;
    if (a === null || b === null) return a === null ? 1 : -1;
    return (a < b ? -1 : 1) * sign;
  });
  return keyed.map(({ row }) => row);
}

/**
 * Row of the table with what its cells show.
 *
 * @typedef {object} DrawnRow
 * @property {HTMLTableRowElement} line
 * @property {HTMLInputElement} box
 * @property {HTMLTableCellElement[]} cells
 * @property {string[]} drawn
 */

/**
 * Creates the table.
 *
 * @param {object} options
 * @param {(order: Order) => void} options.onSort
 * @param {(path: string, isChosen: boolean) => void} options.onChoose
 * @returns {{ element: HTMLElement, show: (rows: RunRow[], order: Order, chosen: ReadonlySet<string>) => void }}
 */
export function runTable({ onSort, onChoose }) {
  let order = NEWEST_FIRST;
  const heads = COLUMNS.map((column) => headOf(column, () => onSort(nextOrder(order, column))));
  const body = element("tbody", { role: "rowgroup" });
  const table = element(
    "table",
    { class: "runs", role: "table" },
    element("caption", { class: "hidden-text" }, "Runs in the store"),
    element(
      "thead",
      { role: "rowgroup" },
      element("tr", { role: "row" }, element("th", { role: "columnheader", scope: "col" }, "Compare"), ...heads),
    ),
    body,
  );
  /** @type {Map<string, DrawnRow>} */
  const known = new Map();
  const region = { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Runs in the store" };
  return {
    element: element("div", region, table),
    show(rows, newOrder, chosen) {
      order = newOrder;
      heads.forEach((head, at) =>
        head.setAttribute("aria-sort", COLUMNS[at] === order.column ? order.direction : "none")
      );
      const lines = rows.map((row) => {
        const drawn = known.get(row.path) ?? newRow(row, onChoose);
        known.set(row.path, drawn);
        update(drawn, row, chosen.has(row.path));
        return drawn.line;
      });
      place(body, lines);
    },
  };
}

/**
 * Puts lines into the table, unless they are there in this order. What has the focus keeps it.
 *
 * @param {HTMLElement} body
 * @param {HTMLElement[]} lines
 */
function place(body, lines) {
  if (body.childElementCount === lines.length && lines.every((line, at) => body.children[at] === line)) return;
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  body.replaceChildren(...lines);
  if (focused !== null && body.contains(focused)) focused.focus({ preventScroll: true });
}

/**
 * @param {Order} order
 * @param {Column} column
 * @returns {Order}
 */
function nextOrder(order, column) {
  if (order.column !== column) return { column, direction: column.first };
  return { column, direction: order.direction === "ascending" ? "descending" : "ascending" };
}

/**
 * @param {Column} column
 * @param {() => void} onClick
 */
function headOf({ title, isNumber }, onClick) {
  const button = element("button", { type: "button", click: onClick }, title);
  return element("th", { role: "columnheader", scope: "col", class: isNumber ? "number" : "" }, button);
}

/**
 * @param {RunRow} row
 * @param {(path: string, isChosen: boolean) => void} onChoose
 * @returns {DrawnRow}
 */
function newRow(row, onChoose) {
  const box = element("input", {
    type: "checkbox",
    "aria-label": `Compare ${nameOf(row)}, ${row.path}`,
    change: ({ target }) => onChoose(row.path, target.checked),
  });
  const cells = COLUMNS.map(({ title, isNumber }) =>
    element("td", { role: "cell", class: isNumber ? "number" : "", "data-title": title })
  );
  const line = element("tr", { role: "row" }, element("td", { role: "cell", class: "choose" }, box), ...cells);
  return { line, box, cells, drawn: [] };
}

/**
 * @param {DrawnRow} drawn
 * @param {RunRow} row
 * @param {boolean} isChosen
 */
function update({ line, box, cells, drawn }, row, isChosen) {
  line.className = row.state === "running" ? "live" : "";
  box.disabled = ["running", "unfinished", "unreadable"].includes(row.state);
  box.checked = isChosen;
  COLUMNS.forEach(({ cell }, at) => {
    const content = cell(row);
    const text = JSON.stringify(content);
    if (drawn[at] === text) return;
    drawn[at] = text;
    cells[at].replaceChildren(...nodesOf(content));
  });
}

/**
 * @param {Cell} cell
 * @returns {HTMLElement[]}
 */
function nodesOf({ text, href, kind = "", note = "", more, progress }) {
  const attributes = /** @type {Record<string, string>} */ (kind === "" ? {} : { class: kind });
  return [
    href === undefined ? element("span", attributes, text) : element("a", { ...attributes, href }, text),
    ...more === undefined ? [] : [element("a", { class: "more", href: more.href }, more.text)],
    ...progress === undefined
      ? []
      : [element("progress", { value: `${progress.value}`, max: `${progress.max}`, "aria-label": progress.label })],
    ...note === "" ? [] : [element("span", { class: "note-text", title: note }, note)],
  ];
}
