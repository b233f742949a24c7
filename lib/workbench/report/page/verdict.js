/**
 * Section "Verdict": both verdicts, limits, figures, what went wrong, and the command that repeats the run.
 *
 * @module
 */

import { element, section, tableOf } from "./dom.js";
import { counted, formatFigure } from "./format.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {ReportData["results"]} Results */

/** Labels and units of figures with a limit. */
const FIGURES = /** @type {Record<string, [label: string, unit: string]>} */ ({
  msgs_per_op: ["messages per operation", ""],
  median_latency_ms: ["median latency", " ms"],
  max_latency_ms: ["maximum latency", " ms"],
});

/**
 * Creates the section.
 *
 * @param {ReportData} data
 * @returns {HTMLElement}
 */
export function verdictSection(data) {
  const { results, omitted } = data;
  const { command, related } = results;
  return section(
    "verdict",
    "Verdict",
    ...verdicts(results),
    ...results.interrupted
      ? [element("p", {}, "The run was ended early: what was recorded until then was checked.")]
      : [],
    ...related === undefined ? [] : [relatedNote(related)],
    ...targets(results),
    ...figures(data),
    ...exceptions(results),
    ...command === undefined ? [] : [commandLine(command)],
    ...omitted.map((note) => element("p", { class: "note" }, `${note}.`)),
  );
}

/**
 * Text of a validity, with a symbol.
 *
 * @param {Results["valid"]} valid
 * @param {boolean} passed
 * @returns {{ text: string, kind: string }}
 */
export function verdictText(valid, passed) {
  if (valid === false) return { text: "✕ invalid", kind: "bad" };
  if (valid === "unknown") return { text: "? unknown", kind: "unclear" };
  return passed ? { text: "✓ valid", kind: "good" } : { text: "✕ valid, but not within its limits", kind: "bad" };
}

/**
 * @param {Results} results
 * @returns {HTMLElement[]}
 */
function verdicts({ valid, passed, maelstrom, decided_by, engine }) {
  const strict = verdictText(valid, passed);
  const other = verdictText(maelstrom.valid, maelstrom.passed);
  const shown = (/** @type {{ text: string, kind: string }} */ { text, kind }, /** @type {string} */ rest) =>
    element("p", { class: `verdict ${kind}` }, text, element("span", {}, rest));
  if (engine === "maelstrom" || strict.text === other.text) return [shown(strict, "")];
  const both = [
    { verdict: strict, whose: " by every finding", decides: decided_by === "strict" },
    { verdict: other, whose: " as Maelstrom would judge it", decides: decided_by === "maelstrom" },
  ].sort((a, b) => Number(b.decides) - Number(a.decides));
  return both.map(({ verdict, whose, decides }) => shown(verdict, `${whose}${decides ? ", which decides" : ""}`));
}

/**
 * @param {NonNullable<Results["related"]>} related
 * @returns {HTMLElement}
 */
function relatedNote({ role, folder, changes, command }) {
  const what = role === "smaller"
    ? "A smaller run fails for the same reason, and is easier to read"
    : "This is the smallest run found that fails for the same reason as its original";
  return element(
    "div",
    { class: "note" },
    element(
      "p",
      {},
      folder === null ? what : element("a", { href: `${folder}/report.html` }, what),
      `: ${changes.join(", ")}`,
    ),
    element("pre", {}, command),
  );
}

/**
 * @param {Results} results
 * @returns {HTMLElement[]}
 */
function targets({ targets }) {
  if (targets.length === 0) return [];
  const rows = targets.map(({ name, limit, value, met }) => {
    const [label, unit] = FIGURES[name] ?? [name, ""];
    return [
      label,
      `${formatFigure(value)}${value === null ? "" : unit}`,
      `below ${limit}${unit}`,
      met ? "✓ met" : "✕ missed",
    ];
  });
  return [tableOf("Limits", ["figure", "value", "limit", ""], rows)];
}

/**
 * Tables of figures, and what they leave out: Maelstrom has no final phase of transactions, so its operations do not
 * count.
 *
 * @param {ReportData} data
 * @returns {HTMLElement[]}
 */
function figures({ results: { operations, latency_ms, net }, operations: { index } }) {
  const tables = [];
  if (operations !== null) {
    const latency = (/** @type {string} */ f) => latency_ms?.[f];
    const rows = Object.entries(operations.by_f).map(([f, { count, ok, fail, info }]) => {
      const { p50, p95, p99, max } = latency(f) ?? {};
      const times = [p50, p95, p99, max].map((time) => time === undefined ? "–" : formatFigure(time));
      return [f, count, ok, fail, info, ...times.map(right)];
    });
    const head = ["operation", "count", "● ok", "✕ fail", "▲ info", "p50 ms", "p95 ms", "p99 ms", "max ms"];
    tables.push(tableOf("Figures of operations", head, rows));
  }
  if (net !== null) {
    const row = (
      /** @type {string} */ name,
      /** @type {any} */ { msg_count, send_count, recv_count, msgs_per_op },
    ) => [name, msg_count, send_count, recv_count, right(msgs_per_op === undefined ? "–" : formatFigure(msgs_per_op))];
    const rows = [row("between servers", net.servers), row("with clients", net.clients), row("all", net.all)];
    tables.push(tableOf("Figures of messages", ["messages", "count", "sent", "received", "per operation"], rows));
  }
  const uncounted = operations === null ? 0 : index.length - operations.count;
  if (uncounted > 0) {
    const text = `${counted(uncounted, "final operation")} after the recovery: in the pictures, but not in these ` +
      "figures, as Maelstrom has none.";
    tables.push(element("p", { class: "muted" }, text));
  }
  return tables;
}

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
function right(text) {
  return element("span", { class: "number" }, text);
}

/**
 * @param {Results} results
 * @returns {HTMLElement[]}
 */
function exceptions({ exceptions, error_replies = [] }) {
  const replies = error_replies.map(({ f, error, code, count, text }) =>
    `error-reply${count > 1 ? `, ${count} times` : ""}: ${f} was answered with error ${code} (${error}): ${text}`
  );
  const found = exceptions.map(({ type, node, message, count }) =>
    `${type}${node === undefined ? "" : ` (${node})`}${count > 1 ? `, ${count} times` : ""}: ${message}`
  );
  return [...found, ...replies].map((text) => element("pre", { class: "finding" }, text));
}

/**
 * @param {string} command
 * @returns {HTMLElement}
 */
function commandLine(command) {
  const copy = element("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
  });
  const scrolls = { tabindex: "0", "aria-label": "Command that repeats the run", role: "region" };
  return element("div", { class: "command" }, element("pre", scrolls, command), copy);
}
