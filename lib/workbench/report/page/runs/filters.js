/**
 * Filter of the list of runs: its form, and the function that it becomes.
 *
 * @module
 */

import { choice, element } from "../dom.js";
import { nameOf, stateText } from "./columns.js";

/** @typedef {import("../../serve/run_row.ts").RunRow} RunRow */

/**
 * Conditions for a run to be shown. An empty text asks for nothing.
 *
 * @typedef {object} RunFilter
 * @property {string} text Part of its name, path, seed, state or findings.
 * @property {string} workload
 * @property {"" | "running" | "good" | "bad" | "unclear"} verdict
 */

/** @type {RunFilter} */
export const ALL_RUNS = { text: "", workload: "", verdict: "" };

/** States of a verdict in the filter. */
const VERDICTS = /** @type {Record<string, RunRow["state"][]>} */ ({
  running: ["running"],
  good: ["passed", "noted"],
  bad: ["invalid", "missed"],
  unclear: ["unknown", "unfinished", "unreadable"],
});

const VERDICT_OPTIONS = [
  { value: "", text: "all" },
  { value: "running", text: "▶ running" },
  { value: "good", text: "✓ valid" },
  { value: "bad", text: "✕ invalid or limits missed" },
  { value: "unclear", text: "? unknown or no results" },
];

/**
 * Returns a function that says if a run passes.
 *
 * @param {RunFilter} filter
 * @returns {(row: RunRow) => boolean}
 */
export function runFilter({ text, workload, verdict }) {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return (row) => {
    if (workload !== "" && row.workload !== workload) return false;
    if (verdict !== "" && !VERDICTS[verdict].includes(row.state)) return false;
    const all = [nameOf(row), row.path, row.seed, stateText(row.state), row.findings, row.world].join(" ")
      .toLowerCase();
    return words.every((word) => all.includes(word));
  };
}

/**
 * Creates the form. Its `update` adds workloads that were not known before.
 *
 * @param {(filter: RunFilter) => void} onChange
 * @returns {{ form: HTMLElement, update: (workloads: string[]) => void }}
 */
export function filterForm(onChange) {
  let filter = ALL_RUNS;
  const change = (/** @type {Partial<RunFilter>} */ part) => {
    filter = { ...filter, ...part };
    onChange(filter);
  };
  const text = element("input", { type: "search", input: ({ target }) => change({ text: target.value }) });
  const workload = choice("Workload", [{ value: "", text: "all" }], (value) => change({ workload: value }));
  const verdict = choice(
    "Verdict",
    VERDICT_OPTIONS,
    (value) => change({ verdict: /** @type {RunFilter["verdict"]} */ (value) }),
  );
  const form = element(
    "form",
    { class: "filters", "aria-label": "Filter of runs", submit: (event) => event.preventDefault() },
    element("label", {}, element("span", {}, "Text"), text),
    workload,
    verdict,
    element("button", { type: "reset" }, "Reset"),
  );
  form.addEventListener("reset", () => change(ALL_RUNS));
  return { form, update: (workloads) => addOptions(workload, workloads) };
}

/**
 * @param {HTMLElement} label
 * @param {string[]} workloads
 */
function addOptions(label, workloads) {
  const select = /** @type {HTMLSelectElement} */ (label.querySelector("select"));
  const known = new Set(Array.from(select.options, ({ value }) => value));
  for (const value of workloads) if (!known.has(value)) select.append(element("option", { value }, value));
}
