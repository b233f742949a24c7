/**
 * Form with the filter of messages.
 *
 * @module
 */

import { choice, element } from "./dom.js";
import { NO_FILTER } from "./filter.js";

/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {import("./filter.js").Filter} Filter */

/** Delay after which a typed text is used, ms. */
const TYPING = 150;

/**
 * Creates the form.
 *
 * @param {Messages} messages
 * @param {(filter: Filter) => void} onChange
 * @returns {HTMLElement}
 */
export function filterBar(messages, onChange) {
  let filter = NO_FILTER;
  let timer = 0;
  const change = (/** @type {Partial<Filter>} */ part) => {
    filter = { ...filter, ...part };
    clearTimeout(timer);
    timer = setTimeout(() => onChange(filter), TYPING);
  };
  const all = (/** @type {string} */ text) => ({ value: "", text });
  const same = (/** @type {string} */ value) => ({ value, text: value });
  const names = messages.names.filter((_, position) => !messages.isClient[position]).sort();
  const form = element(
    "form",
    { class: "filters", "aria-label": "Filter of messages", submit: (event) => event.preventDefault() },
    choice("Type", [all("all types"), ...[...messages.types].sort().map(same)], (type) => change({ type })),
    choice("Node", [all("all nodes"), ...names.map(same)], (name) => change({ name })),
    choice("Kind", KINDS, (kind) => change({ kind: /** @type {Filter["kind"]} */ (kind) })),
    seconds("From, s", (from) => change({ from })),
    seconds("To, s", (to) => change({ to })),
    field("Text", "search", (text) => change({ text })),
    element("button", { type: "reset" }, "Reset"),
  );
  form.addEventListener("reset", () => change(NO_FILTER));
  return form;
}

const KINDS = [
  { value: "", text: "all messages" },
  { value: "servers", text: "between servers" },
  { value: "clients", text: "with clients" },
  { value: "lost", text: "lost" },
  { value: "late", text: "late" },
];

/**
 * @param {string} label
 * @param {string} type
 * @param {(value: string) => void} onInput
 * @returns {HTMLElement}
 */
function field(label, type, onInput) {
  const input = element("input", { type, input: ({ target }) => onInput(target.value) });
  if (type === "number") input.step = "any";
  return element("label", {}, element("span", {}, label), input);
}

/**
 * @param {string} label
 * @param {(microseconds: number | null) => void} onInput
 * @returns {HTMLElement}
 */
function seconds(label, onInput) {
  return field(label, "number", (text) => onInput(text === "" ? null : Number(text) * 1e6));
}
