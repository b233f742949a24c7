/**
 * Start of the page: unpacks the data and creates the sections. The first ones do not wait for the messages.
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
import { followTheme, toggleTheme } from "./theme.js";
import { trafficSection } from "./traffic.js";
import { unpackBytes, unpackData, unpackMessages } from "./unpack.js";
import { verdictSection, verdictText } from "./verdict.js";
import { createView } from "./view.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {import("./causality.js").Related} Related */

/** Time in which a browser paints, ms. */
const PAINT = 30;

followTheme();
await start();

/** Shows the verdict and the anomalies, and then, when the messages are unpacked, everything else. */
async function start() {
  const page = /** @type {HTMLElement} */ (document.getElementById("page"));
  try {
    const data = await unpackData(partOf("data"), partOf("operations"));
    const view = createView(data.end);
    const first = [verdictSection(data), anomaliesSection(data, view)];
    const main = element("main", {}, ...first);
    page.replaceChildren(header(data), main);
    await new Promise((resolve) => setTimeout(resolve, PAINT));
    const messages = data.messageCount === null ? null : unpackMessages(await unpackBytes(partOf("messages")));
    const related = relatedOf(data, messages, view);
    main.append(...furtherSections(data, messages, view, related));
    page.append(inspector(data, messages, view, related));
    // What an address ends with was not there before.
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    page.replaceChildren(element("p", { class: "finding" }, `The report cannot be shown: ${error}`));
    throw error;
  }
}

/**
 * @param {string} name
 * @returns {string} Text of an embedded part of the data.
 */
function partOf(name) {
  return document.getElementById(`packed-${name}`)?.textContent ?? "";
}

/**
 * @param {ReportData} data
 * @param {Messages | null} messages
 * @param {import("./view.js").View} view
 * @param {() => Related | null} related
 * @returns {HTMLElement[]}
 */
function furtherSections(data, messages, view, related) {
  return [
    chartsSection(data),
    operationsSection(data, view),
    messagesSection(data, messages, view, related),
    trafficSection(data, messages),
    logsSection(data, view),
    filesSection(data),
  ].filter((each) => each !== null);
}

/**
 * Links to the sections that a report has.
 *
 * @param {ReportData} data
 * @returns {HTMLElement[]}
 */
function links({ results: { anomalies }, messageCount, logs }) {
  const sections = [
    ["verdict", "Verdict"],
    ...anomalies.length === 0 ? [] : [["anomalies", "Anomalies"]],
    ...[["latency", "Latency and rate"], ["operations", "Operations by worker"], ["messages", "Messages"]],
    ...messageCount ? [["traffic", "Traffic"]] : [],
    ...logs.some(({ text }) => text.some((line) => line !== "")) ? [["logs", "Logs of the nodes"]] : [],
    ["files", "Files"],
  ];
  return sections.map(([id, title]) => element("a", { href: `#${id}` }, title));
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
 * @returns {HTMLElement}
 */
function header(data) {
  const { title, results, nodes } = data;
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
    element("nav", { "aria-label": "Sections" }, ...links(data), theme),
  );
}
