/**
 * Columns of the list of runs: what each shows, and by what it sorts.
 *
 * @module
 */

import { formatFigure } from "../format.js";

/** @typedef {import("../../serve/run_row.ts").RunRow} RunRow */

/**
 * Content of a cell, as data: a cell is drawn again only if it differs.
 *
 * @typedef {object} Cell
 * @property {string} text
 * @property {string} [href] Address that the text leads to.
 * @property {string} [kind] Class of the text.
 * @property {string} [note] Further text, below.
 * @property {{ text: string, href: string }} [more] Further link.
 * @property {{ value: number, max: number, label: string }} [progress]
 */

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {string} [unit]
 * @property {boolean} [isNumber]
 * @property {"ascending" | "descending"} first Direction of the first sorting.
 * @property {(row: RunRow) => string | number | null} value Null comes last in both directions.
 * @property {(row: RunRow) => Cell} cell
 */

/** States with symbol and words, in the order by which they sort. */
const STATES = /** @type {Record<RunRow["state"], { text: string, kind: string }>} */ ({
  running: { text: "▶ running", kind: "running" },
  invalid: { text: "✕ invalid", kind: "bad" },
  missed: { text: "✕ limits missed", kind: "bad" },
  unknown: { text: "? unknown", kind: "unclear" },
  unreadable: { text: "! unreadable", kind: "unclear" },
  noted: { text: "✓ valid, with findings", kind: "good" },
  passed: { text: "✓ valid", kind: "good" },
  unfinished: { text: "◌ no results", kind: "muted" },
});

/** Order of the states. */
const RANKS = Object.keys(STATES);

/**
 * Words for a state, with its symbol.
 *
 * @param {RunRow["state"]} state
 * @returns {string}
 */
export function stateText(state) {
  return STATES[state].text;
}

/** Words for the phases of a test besides its main phase. */
const PHASES = /** @type {Record<string, string>} */ ({
  starting: "starting the nodes",
  recovering: "waiting for recovery",
  final: "final operations",
  checking: "checking",
});

const DASH = "–";

/**
 * Column of a number.
 *
 * @param {string} key
 * @param {string} title
 * @param {(row: RunRow) => number | null} value
 * @param {(value: number) => string} [format]
 * @returns {Column}
 */
function number(key, title, value, format = (figure) => formatFigure(figure)) {
  const cell = (/** @type {RunRow} */ row) => {
    const figure = value(row);
    return { text: figure === null ? DASH : format(figure) };
  };
  return { key, title, isNumber: true, first: "descending", value, cell };
}

/** @type {Column[]} */
export const COLUMNS = [
  {
    key: "state",
    title: "Verdict",
    first: "ascending",
    value: ({ state }) => RANKS.indexOf(state),
    cell: ({ state, findings, progress }) => ({
      ...STATES[state],
      note: progress === null ? findings : liveText(progress),
    }),
  },
  {
    key: "test",
    title: "Test",
    first: "ascending",
    value: nameOf,
    cell: (row) => ({
      text: nameOf(row),
      ...row.hasReport ? { href: addressOf(row, "report.html") } : {},
      more: { text: "files", href: addressOf(row, "") },
    }),
  },
  {
    key: "started",
    title: "Started",
    first: "descending",
    value: ({ started, path }) => `${new Date(started).toISOString()} ${path}`,
    cell: ({ started }) => dateCell(new Date(started)),
  },
  {
    key: "duration",
    title: "Duration",
    isNumber: true,
    first: "descending",
    value: ({ durationMs }) => durationMs,
    cell: durationCell,
  },
  number("rate", "ops/s", ({ operationsPerSecond }) => operationsPerSecond, rounded),
  number("p50", "p50 ms", ({ p50 }) => p50, rounded),
  number("p99", "p99 ms", ({ p99 }) => p99, rounded),
  {
    key: "messages",
    title: "msgs/op",
    isNumber: true,
    first: "ascending",
    value: ({ messagesPerOperation }) => messagesPerOperation,
    cell: ({ messagesPerOperation, progress }) => {
      if (progress !== null) return { text: `${rounded(progress.messages_per_second)}/s` };
      return { text: messagesPerOperation === null ? DASH : rounded(messagesPerOperation) };
    },
  },
  number("ok", "ok", ({ okFraction }) => okFraction, (share) => `${Math.floor(share * 10_000) / 100} %`),
  number("anomalies", "Anomalies", ({ anomalies }) => anomalies),
  {
    key: "world",
    title: "World",
    first: "ascending",
    value: ({ world }) => world,
    cell: ({ world, seed }) => ({ text: world ?? DASH, ...seed === null ? {} : { note: `seed ${seed}` } }),
  },
];

/**
 * Faults in force, and exceptions so far.
 *
 * @param {NonNullable<RunRow["progress"]>} progress
 * @returns {string}
 */
function liveText({ faults, exceptions }) {
  const thrown = exceptions === 1 ? "1 exception" : `${exceptions} exceptions`;
  return [...faults.map((fault) => `⚡ ${fault}`), ...exceptions === 0 ? [] : [`! ${thrown}`]].join(" ");
}

/**
 * Name of a run's test.
 *
 * @param {RunRow} row
 * @returns {string}
 */
export function nameOf({ challenge, workload }) {
  return challenge === null ? workload : `${challenge} ${workload}`;
}

/**
 * @param {RunRow} row
 * @param {string} file
 */
function addressOf({ path }, file) {
  return `/runs/${path.split("/").map(encodeURIComponent).join("/")}/${file}`;
}

/**
 * @param {RunRow} row
 * @returns {Cell}
 */
function durationCell({ durationMs, progress }) {
  if (progress === null) return { text: durationMs === null ? DASH : `${rounded(durationMs / 1000)} s` };
  const { phase, elapsed_ms, total_ms, recovery_left_ms } = progress;
  const [seconds, total] = [Math.floor(Math.min(elapsed_ms, total_ms) / 1000), Math.round(total_ms / 1000)];
  const left = recovery_left_ms === null ? "" : `, ${Math.ceil(recovery_left_ms / 1000)} s left`;
  return {
    text: `${seconds} of ${total} s`,
    note: (PHASES[phase] ?? "") + left,
    progress: { value: seconds, max: total, label: "Elapsed seconds" },
  };
}

/**
 * A number with three digits, or all of those before its point.
 *
 * @param {number} value
 * @returns {string}
 */
function rounded(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

/**
 * Date and time on the reader's clock.
 *
 * @param {Date} date
 * @returns {Cell}
 */
function dateCell(date) {
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return { text: day, note: [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":") };
}
