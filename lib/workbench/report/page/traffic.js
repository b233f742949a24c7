/**
 * Section "Traffic": messages by type, by pair of participants, by node, and a second.
 *
 * @module
 */

import { element, section, tableOf } from "./dom.js";
import { drawPlot, redrawWhenNeeded } from "./plot.js";
import { binLength } from "./series.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./run_data.js").Messages} Messages */

/** Largest number of participants that the table of pairs shows all of. */
const MOST_COLUMNS = 12;

/** Number of pairs in a list, if there are more participants. */
const MOST_PAIRS = 20;

/** Name of all clients together. */
const CLIENTS = "clients";

/**
 * Creates the section; null if there are no messages.
 *
 * @param {ReportData} data
 * @param {Messages | null} messages
 * @returns {HTMLElement | null}
 */
export function trafficSection(data, messages) {
  if (messages === null || messages.count === 0) return null;
  const counts = countTraffic(messages);
  const chart = element("div", { class: "chart" });
  redrawWhenNeeded(chart, () => drawMessagesPerSecond(chart, data, messages));
  return section(
    "traffic",
    "Traffic",
    element("h3", {}, "Messages a second"),
    chart,
    element("h3", {}, "By type"),
    tableOf("Messages by type", ["type", "sent", "lost", "bytes", "bytes each"], typeRows(counts.types)),
    element("h3", {}, "By node"),
    tableOf("Messages by node", ["", "sent", "received", "both"], nodeRows(counts.nodes)),
    element("h3", {}, "By pair"),
    ...pairTable(counts.pairs, data.nodes),
  );
}

/**
 * @typedef {object} Traffic
 * @property {Map<string, { sent: number, lost: number, bytes: number }>} types
 * @property {Map<string, { sent: number, received: number }>} nodes Nodes, services, and all clients together.
 * @property {Map<string, Map<string, number>>} pairs Messages sent, by source and destination.
 */

/**
 * Counts messages.
 *
 * @param {Messages} messages
 * @returns {Traffic}
 */
export function countTraffic({ count, names, types, isClient, src, dest, type, received, size }) {
  const labels = [...new Set(names.map((name, position) => isClient[position] ? CLIENTS : name))];
  const labelOf = names.map((name, position) => labels.indexOf(isClient[position] ? CLIENTS : name));
  const ofTypes = types.map(() => ({ sent: 0, lost: 0, bytes: 0 }));
  const ofLabels = labels.map(() => ({ sent: 0, received: 0 }));
  const sent = new Uint32Array(labels.length ** 2);
  for (let row = 0; row < count; row++) {
    const [from, to] = [labelOf[src[row]], labelOf[dest[row]]];
    const isLost = Number.isNaN(received[row]);
    const ofType = ofTypes[type[row]];
    ofType.sent++;
    ofType.bytes += size[row];
    if (isLost) ofType.lost++;
    else ofLabels[to].received++;
    ofLabels[from].sent++;
    sent[from * labels.length + to]++;
  }
  const pairs = labels.map((from, at) => {
    const row = labels.map((to, other) => /** @type {const} */ ([to, sent[at * labels.length + other]]));
    return /** @type {const} */ ([from, new Map(row.filter(([, count]) => count > 0))]);
  });
  return {
    types: new Map(types.map((name, at) => [name, ofTypes[at]])),
    nodes: new Map(labels.map((label, at) => [label, ofLabels[at]])),
    pairs: new Map(pairs.filter(([, row]) => row.size > 0)),
  };
}

/**
 * @param {Traffic["types"]} types
 * @returns {(string | number)[][]}
 */
function typeRows(types) {
  return [...types].sort(([, a], [, b]) => b.sent - a.sent)
    .map(([type, { sent, lost, bytes }]) => [type, sent, lost, bytes, Math.round(bytes / sent)]);
}

/**
 * @param {Traffic["nodes"]} nodes
 * @returns {(string | number)[][]}
 */
function nodeRows(nodes) {
  const rows = [...nodes].filter(([name]) => name !== CLIENTS)
    .sort(([, a], [, b]) => b.sent + b.received - a.sent - a.received);
  return rows.map((
    [name, { sent, received }],
    at,
  ) => [at === 0 ? `${name}, the busiest` : name, sent, received, sent + received]);
}

/**
 * @param {Traffic["pairs"]} pairs
 * @param {readonly string[]} nodes
 * @returns {HTMLElement[]}
 */
function pairTable(pairs, nodes) {
  const found = new Set([...pairs.keys(), ...[...pairs.values()].flatMap((row) => [...row.keys()])]);
  const names = [...new Set([...nodes, ...[...found].sort()])].filter((name) => found.has(name));
  if (names.length <= MOST_COLUMNS) {
    const rows = names.map((from) => [`from ${from}`, ...names.map((to) => pairs.get(from)?.get(to) ?? 0)]);
    return [tableOf("Messages by pair", ["", ...names.map((name) => `to ${name}`)], rows)];
  }
  const list = [...pairs].flatMap(([from, row]) => Array.from(row, ([to, sent]) => ({ from, to, sent })))
    .sort((a, b) => b.sent - a.sent);
  const rows = list.slice(0, MOST_PAIRS).map(({ from, to, sent }) => [`${from} → ${to}`, sent]);
  const rest = list.length - rows.length;
  return [
    tableOf("Messages by pair", ["pair", "sent"], rows),
    ...rest > 0 ? [element("p", { class: "muted" }, `${rest} other pairs sent fewer.`)] : [],
  ];
}

/**
 * @param {HTMLElement} place
 * @param {ReportData} data
 * @param {Messages} messages
 */
function drawMessagesPerSecond(place, { faults, end }, { count, sent, src, dest, isClient }) {
  const bin = binLength(end);
  const bins = Math.max(1, Math.ceil((end + 1) / bin));
  const [clients, servers] = [new Array(bins).fill(0), new Array(bins).fill(0)];
  for (let row = 0; row < count; row++) {
    const curve = isClient[src[row]] || isClient[dest[row]] ? clients : servers;
    curve[Math.min(bins - 1, Math.floor(sent[row] / bin))] += 1e6 / bin;
  }
  const lines = [
    { label: "between servers", colour: "ok", dash: [] },
    { label: "with clients", colour: "muted", dash: [6, 3] },
  ];
  const times = clients.map((_, index) => (index + 0.5) * bin / 1e6);
  const top = Math.max(1, ...clients, ...servers) * 1.1;
  drawPlot(place, { times, values: [servers, clients], lines, faults, end, points: [], unit: "/s", top });
}
