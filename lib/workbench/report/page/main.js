/**
 * Start of the page: unpacks the data, and creates the sections.
 *
 * @module
 */

import { anomaliesSection } from "./anomalies.js";
import { createCausalIndex, relatedToMessage, relatedToOperation } from "./causality.js";
import { chartsSection } from "./charts.js";
import { element } from "./dom.js";
import { filesSection } from "./files.js";
import { logsSection } from "./logs.js";
import { inspector } from "./inspector.js";
import { messagesSection } from "./messages.js";
import { operationsSection } from "./operations.js";
import { decodeMessages } from "./run_data.js";
import { followTheme, toggleTheme } from "./theme.js";
import { trafficSection } from "./traffic.js";
import { verdictSection, verdictText } from "./verdict.js";
import { createView } from "./view.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {import("./causality.js").Related} Related */

followTheme();
await start();

async function start() {
  const page = /** @type {HTMLElement} */ (document.getElementById("page"));
  try {
    const data = await unpack(document.getElementById("data")?.textContent ?? "");
    page.replaceChildren(...content(data));
  } catch (error) {
    page.replaceChildren(element("p", { class: "finding" }, `The report cannot be shown: ${error}`));
    throw error;
  }
}

/**
 * Unpacks the embedded data: JSON, compressed with gzip, as base64.
 *
 * @param {string} packed
 * @returns {Promise<ReportData>}
 */
async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).json();
}

/**
 * @param {ReportData} data
 * @returns {HTMLElement[]}
 */
function content(data) {
  const messages = data.messages === null ? null : decodeMessages(data.messages);
  const view = createView(data.end);
  const related = relatedOf(data, messages, view);
  const sections = [
    verdictSection(data),
    anomaliesSection(data, view),
    chartsSection(data),
    operationsSection(data, view),
    messagesSection(data, messages, view, related),
    trafficSection(data, messages),
    logsSection(data, view),
    filesSection(data),
  ].filter((each) => each !== null);
  const links = sections.map(({ id, firstElementChild }) =>
    element("a", { href: `#${id}` }, firstElementChild?.textContent ?? "")
  );
  return [
    header(data, links),
    element("main", {}, ...sections),
    inspector(data, messages, view, related),
  ];
}

/**
 * Returns a function that finds the messages related to the selection, and remembers the last answer.
 *
 * @param {ReportData} data
 * @param {Messages | null} messages
 * @param {import("./view.js").View} view
 * @returns {() => Related | null}
 */
function relatedOf({ results }, messages, view) {
  /** @type {import("./causality.js").CausalIndex | undefined} */
  let index;
  /** @type {{ selection: import("./view.js").Selection, related: Related | null }} */
  let last = { selection: null, related: null };
  return () => {
    const selection = view.selection();
    if (selection === null || messages === null) return null;
    if (selection === last.selection) return last.related;
    index ??= createCausalIndex(messages, results.mode === "simulation");
    const find = selection.kind === "operation" ? relatedToOperation : relatedToMessage;
    last = { selection, related: find(index, selection.row) };
    return last.related;
  };
}

/**
 * @param {ReportData} data
 * @param {HTMLElement[]} links
 * @returns {HTMLElement}
 */
function header({ title, results, nodes }, links) {
  const decisive = results.decided_by === "maelstrom" ? results.maelstrom : results;
  const { text, kind } = verdictText(decisive.valid, decisive.passed);
  const world = results.engine === "maelstrom" ? "Maelstrom" : results.mode ?? "a recorded history";
  const facts = [
    `workload ${results.workload}`,
    ...nodes.length === 0 ? [] : [nodes.length === 1 ? "1 node" : `${nodes.length} nodes`],
    world,
    ...results.seed === null ? [] : [`seed ${results.seed}`],
  ];
  const theme = element("button", { type: "button", class: "theme", click: toggleTheme }, "Light or dark");
  return element(
    "header",
    {},
    element("h1", {}, title, " ", element("span", { class: `badge ${kind}` }, text)),
    element("p", { class: "muted" }, facts.join(" · ")),
    element("nav", { "aria-label": "Sections" }, ...links, theme),
  );
}
