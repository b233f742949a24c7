/**
 * Start of the list of runs: follows the server's events, and shows the rows that pass the filter.
 *
 * @module
 */

import { element } from "../dom.js";
import { formatCount } from "../format.js";
import { followTheme, toggleTheme } from "../theme.js";
import { filterForm, runFilter } from "./filters.js";
import { NEWEST_FIRST, PAGE_LENGTH, runTable, sortRows } from "./table.js";

/** @typedef {import("../../serve/run_row.ts").RunRow} RunRow */
/** @typedef {import("../../serve/run_row.ts").RunChange} RunChange */

/** Largest number of runs that are compared: there are as many colours. */
const MOST_COMPARED = 8;

/** Text in place of the number of runs, until the server has sent them. */
const READING = "Reading the store …";

/** Text in place of the table. */
const EMPTY = "There is no run yet. Start one: ./maelstrom.sh echo. It appears here.";

/** Note on rows of Maelstrom. */
const MAELSTROM =
  "The results of Maelstrom have no duration, rate, latencies and seed: “Compare” reads them, but for " +
  "the seed, from its histories.";

followTheme();
start();

/**
 * State of the page.
 *
 * @typedef {object} State
 * @property {Map<string, RunRow>} rows All runs by their paths.
 * @property {Set<string>} chosen Paths of the runs to compare.
 * @property {import("./table.js").Order} order
 * @property {(row: RunRow) => boolean} passes The filter.
 * @property {number} length Number of rows that are shown at most.
 */

function start() {
  /** @type {State} */
  const state = { rows: new Map(), chosen: new Set(), order: NEWEST_FIRST, passes: () => true, length: PAGE_LENGTH };
  const parts = createParts({
    onSort: (order) => change({ order }),
    onFilter: (filter) => change({ passes: runFilter(filter), length: PAGE_LENGTH }),
    onMore: () => change({ length: state.length + PAGE_LENGTH }),
    onChoose: (path, isChosen) => {
      if (isChosen) state.chosen.add(path);
      else state.chosen.delete(path);
      showChosen(parts.comparing, state.chosen);
    },
  });
  const change = (/** @type {Partial<State>} */ part) => {
    for (const [name, value] of Object.entries(part)) Reflect.set(state, name, value);
    show(parts, state);
  };
  listen(parts.connection, (event) => {
    receive(event, state);
    parts.filters.update([...new Set(Array.from(state.rows.values(), ({ workload }) => workload))].sort());
    show(parts, state);
    showChosen(parts.comparing, state.chosen);
  });
}

/**
 * Changes the rows as an event says.
 *
 * @param {RunChange} event
 * @param {State} state
 */
function receive({ all, rows: changed, removed }, { rows, chosen }) {
  if (all) rows.clear();
  for (const path of removed) rows.delete(path);
  for (const row of changed) rows.set(row.path, row);
  for (const path of [...chosen]) if (!rows.has(path)) chosen.delete(path);
}

/**
 * @param {ReturnType<typeof createParts>} parts
 * @param {State} state
 */
function show({ table, more, empty, note, count }, { rows, chosen, order, passes, length }) {
  const passing = sortRows([...rows.values()].filter(passes), order);
  table.show(passing.slice(0, length), order, chosen);
  more.hidden = passing.length <= length;
  more.textContent = `Show ${Math.min(PAGE_LENGTH, passing.length - length)} more`;
  empty.hidden = passing.length > 0;
  empty.textContent = rows.size === 0 ? EMPTY : "No run passes the filter.";
  note.hidden = !passing.some(({ world }) => world === "maelstrom");
  setText(count, countText(rows, passing.length));
}

/**
 * Creates the page.
 *
 * @param {object} reactions
 * @param {(order: import("./table.js").Order) => void} reactions.onSort
 * @param {(path: string, isChosen: boolean) => void} reactions.onChoose
 * @param {(filter: import("./filters.js").RunFilter) => void} reactions.onFilter
 * @param {() => void} reactions.onMore
 */
function createParts({ onSort, onChoose, onFilter, onMore }) {
  const table = runTable({ onSort, onChoose });
  const filters = filterForm(onFilter);
  const count = element("p", { class: "muted", role: "status" }, READING);
  const connection = element("p", { class: "note", role: "status", hidden: true });
  const comparing = element("p", { class: "comparing", "aria-live": "polite" });
  const empty = element("p", { class: "muted", hidden: true });
  const note = element("p", { class: "muted", hidden: true }, MAELSTROM);
  const more = element("button", { type: "button", hidden: true, click: onMore });
  const theme = element("button", { type: "button", class: "theme", click: toggleTheme }, "Light or dark");
  document.getElementById("page")?.replaceChildren(
    element("header", {}, element("h1", {}, "Runs"), element("nav", { "aria-label": "Page" }, count, theme)),
    element(
      "main",
      {},
      connection,
      element("div", { class: "bar" }, filters.form, comparing),
      table.element,
      empty,
      more,
      note,
    ),
  );
  return { table, filters, count, connection, comparing, empty, note, more };
}

/**
 * Follows the server's events while the page is visible: a browser has few connections to a server.
 *
 * @param {HTMLElement} connection Place that says if the server is gone.
 * @param {(change: RunChange) => void} onChange
 */
function listen(connection, onChange) {
  /** @type {EventSource | null} */
  let events = null;
  const open = () => {
    events = new EventSource("/events");
    events.addEventListener("message", ({ data }) => {
      connection.hidden = true;
      onChange(JSON.parse(data));
    });
    events.addEventListener("error", () => {
      connection.textContent = "The server does not answer: what is shown may be old. Is ./maelstrom.sh serve running?";
      connection.hidden = false;
    });
  };
  document.addEventListener("visibilitychange", () => {
    events?.close();
    if (!document.hidden) open();
  });
  open();
}

/**
 * @param {Map<string, RunRow>} rows
 * @param {number} passing
 * @returns {string}
 */
function countText(rows, passing) {
  const running = Array.from(rows.values()).filter(({ state }) => state === "running").length;
  return [
    rows.size === 1 ? "1 run" : `${formatCount(rows.size)} runs`,
    ...passing < rows.size ? [`${formatCount(passing)} pass the filter`] : [],
    ...running > 0 ? [`${running} running`] : [],
  ].join(", ");
}

/**
 * Says how many runs are chosen, with the link that compares them.
 *
 * @param {HTMLElement} place
 * @param {ReadonlySet<string>} chosen
 */
function showChosen(place, chosen) {
  if (chosen.size >= 2 && chosen.size <= MOST_COMPARED) {
    const href = `/compare?${new URLSearchParams([...chosen].map((path) => ["run", path]))}`;
    const link = place.querySelector("a");
    if (link?.getAttribute("href") === href) return;
    place.replaceChildren(element("a", { class: "button", href }, `Compare ${chosen.size} runs`));
  } else {
    setText(
      place,
      chosen.size > MOST_COMPARED
        ? `At most ${MOST_COMPARED} runs can be compared; ${chosen.size} are chosen.`
        : `Choose 2 to ${MOST_COMPARED} runs to compare them${chosen.size === 1 ? "; 1 is chosen" : ""}.`,
    );
  }
}

/**
 * Sets a text, unless it is there: a screen reader tells each change.
 *
 * @param {HTMLElement} place
 * @param {string} text
 */
function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
