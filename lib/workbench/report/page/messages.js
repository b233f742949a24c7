/**
 * Section "Messages": the space-time diagram. A lane for each node, service and worker; an arrow for each message, from
 * where and when it was sent to where and when it arrived.
 *
 * Only what is visible is drawn. If that is still too much, some of it is, and the section says how much.
 *
 * @module
 */

import { element, section } from "./dom.js";
import { applyFilter, lateness, NO_FILTER } from "./filter.js";
import { filterBar } from "./filter_bar.js";
import { formatCount, formatDuration, formatTime } from "./format.js";
import { lanesOf } from "./lanes.js";
import { createPicture } from "./picture.js";
import { firstAtLeast } from "./run_data.js";

/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./picture.js").Surface} Surface */
/** @typedef {import("./causality.js").Related} Related */

/** Largest number of arrows drawn at a time. */
const MOST_ARROWS = 20_000;

/** Number of messages that the picture shows at first, so that single ones can be seen. */
const FIRST_SHOWN = 400;

/**
 * State of the section.
 *
 * @typedef {object} Diagram
 * @property {ReportData} data
 * @property {Messages} messages
 * @property {import("./lanes.js").Lanes} lanes
 * @property {number} laneHeight
 * @property {number} longest Longest time that a message took.
 * @property {(row: number) => boolean} isLate
 * @property {Map<number, number[]>} copies Further arrivals by row.
 * @property {{ passes: Uint8Array, count: number }} filtered
 * @property {() => Related | null} related Messages of the selection.
 */

/**
 * Creates the section.
 *
 * @param {ReportData} data
 * @param {Messages | null} messages
 * @param {View} view
 * @param {() => Related | null} related
 * @returns {HTMLElement}
 */
export function messagesSection(data, messages, view, related) {
  if (messages === null || messages.count === 0) {
    const reason = messages === null ? "The run's folder has no messages.jsonl." : "No message was sent.";
    return section("messages", "Messages", element("p", { class: "muted" }, reason));
  }
  const diagram = createDiagram(data, messages, related);
  const shown = element("p", { class: "muted", "aria-live": "polite" });
  const picture = createPicture({
    label: "Messages between nodes, services and workers over time",
    view,
    faults: data.faults,
    laneHeight: diagram.laneHeight,
    lanes: () => diagram.lanes.labels,
    draw: (surface) => void (shown.textContent = drawMessages(surface, view, diagram)),
    find(x, y, surface) {
      const row = findMessage(x, y, surface, diagram);
      if (row === -1) return null;
      return { text: messageText(diagram, row), select: () => selectMessage(messages, view, row) };
    },
    step: (direction) => stepMessage(diagram, view, direction),
  });
  const filters = filterBar(messages, (filter) => {
    diagram.filtered = applyFilter(messages, filter, diagram.isLate);
    picture.redraw();
  });
  if (messages.count > FIRST_SHOWN) showBeginning(data, messages, view);
  return section("messages", "Messages", messageLegend(), filters, picture.root, shown);
}

/**
 * @param {ReportData} data
 * @param {Messages} messages
 * @param {() => Related | null} related
 * @returns {Diagram}
 */
function createDiagram(data, messages, related) {
  const lanes = lanesOf(messages, data.operations, data.nodes);
  const isLate = lateness(messages);
  let longest = 0;
  for (let row = 0; row < messages.count; row++) {
    const taken = messages.received[row] - messages.sent[row];
    if (taken > longest) longest = taken;
  }
  /** @type {Map<number, number[]>} */
  const copies = new Map();
  for (const [row, received] of messages.copies) copies.set(row, [...copies.get(row) ?? [], received]);
  const laneHeight = lanes.labels.length > 16 ? 22 : 34;
  const filtered = applyFilter(messages, NO_FILTER, isLate);
  return { data, messages, lanes, laneHeight, longest, isLate, copies, filtered, related };
}

/**
 * Shows the messages around the first time that an anomaly names, else the first ones of the main phase.
 *
 * @param {ReportData} data
 * @param {Messages} messages
 * @param {View} view
 */
function showBeginning({ operations, end, results: { anomalies } }, { sent, count }, view) {
  const explanation = anomalies.find(({ allowed }) => !allowed)?.explanation ?? "";
  const named = /\b(\d+\.\d{3}) s\b/.exec(explanation)?.[1];
  const first = named === undefined
    ? firstAtLeast(sent, operations.start[0] ?? 0)
    : Math.min(Math.max(0, firstAtLeast(sent, Number(named) * 1e6) - FIRST_SHOWN / 4), count - 1);
  const to = Math.min(first + FIRST_SHOWN, count - 1);
  const last = named === undefined ? to : beforePause(sent, first, to, Number(named) * 1e6);
  view.show(sent[first] - 1000, Math.min(sent[last], end) + 1000);
}

/**
 * Ends a period before a pause that would fill more than half of it, such as the recovery after the main phase.
 *
 * @param {ArrayLike<number>} sent Times, ascending.
 * @param {number} first
 * @param {number} last
 * @param {number} time Time that the period has to contain.
 * @returns {number} Index of the last message of the period, at most `last`.
 */
export function beforePause(sent, first, last, time) {
  for (let at = first + 1; at <= last; at++) {
    const isPause = sent[at] - sent[at - 1] > (sent[last] - sent[first]) / 2;
    if (isPause && sent[at - 1] >= time) return at - 1;
  }
  return last;
}

/** @returns {HTMLElement} */
function messageLegend() {
  return element(
    "p",
    { class: "legend" },
    element("span", { class: "key client" }, "→ with a client"),
    element("span", { class: "key server" }, "→ between nodes and services"),
    element("span", { class: "key late" }, "→ late: over 4 times the median"),
    element("span", { class: "key lost" }, "┄✕ lost"),
    element("span", { class: "key copy" }, "→2 duplicate"),
    element("span", { class: "key down" }, "▒ node is down or paused"),
  );
}

/**
 * Describes a message.
 *
 * @param {Pick<Diagram, "messages" | "isLate" | "copies">} diagram
 * @param {number} row
 * @returns {string}
 */
export function messageText({ messages, isLate, copies }, row) {
  const { names, types, src, dest, type, sent, received, bodyOf, id } = messages;
  const arrival = Number.isNaN(received[row])
    ? "never arrived"
    : `arrived at ${formatTime(received[row])}, after ${formatDuration(received[row] - sent[row])}`;
  const more = (copies.get(row) ?? []).map((time) => `arrived again at ${formatTime(time)}`);
  return [
    `${types[type[row]]}: ${names[src[row]]} → ${names[dest[row]]}`,
    `sent at ${formatTime(sent[row])}, ${[arrival, ...more].join(", ")}${isLate(row) ? " (late)" : ""}`,
    bodyOf(row),
    `message ${id[row]}`,
  ].filter((line) => line !== "").join("\n");
}

/**
 * Rows that can be visible, without those that the filter hides.
 *
 * @param {Surface} surface
 * @param {Diagram} diagram
 * @returns {number[]}
 */
function visibleRows({ timeAt, left, width }, { messages: { sent, received, count }, longest, filtered }) {
  const [from, to] = [timeAt(left), timeAt(width)];
  const rows = [];
  for (let row = firstAtLeast(sent, from - longest); row < count && sent[row] <= to; row++) {
    if (filtered.passes[row] === 1 && !(received[row] < from) && !(Number.isNaN(received[row]) && sent[row] < from)) {
      rows.push(row);
    }
  }
  return rows;
}

/**
 * Draws what is visible, and the messages of the selection above it.
 *
 * @param {Surface} surface
 * @param {View} view
 * @param {Diagram} diagram
 * @returns {string} Sentence with the number of messages that are visible.
 */
function drawMessages(surface, view, diagram) {
  const { messages: { count }, filtered } = diagram;
  const rows = visibleRows(surface, diagram);
  const step = Math.ceil(rows.length / MOST_ARROWS);
  const drawn = step <= 1 ? rows : rows.filter((_, position) => position % step === 0);
  const related = diagram.related();
  const selected = view.selection();
  drawDowntimes(surface, diagram);
  surface.context.globalAlpha = related === null ? alphaFor(drawn.length) : 0.13;
  for (const row of drawn) drawArrow(surface, diagram, row, colourOf(diagram, row), 1, drawn.length < 600);
  surface.context.globalAlpha = 1;
  if (related !== null) {
    for (const row of related.causes) drawArrow(surface, diagram, row, "cause", 1.5, true);
    for (const row of related.effects) drawArrow(surface, diagram, row, "effect", 1.5, true);
    for (const row of related.own) drawArrow(surface, diagram, row, "text", 2.5, true);
  }
  if (selected?.kind === "message") drawArrow(surface, diagram, selected.row, "text", 3, true);
  const visible = `${formatCount(rows.length)} of ${formatCount(count)} messages are in the picture`;
  const hidden = filtered.count === count ? "" : `; ${formatCount(filtered.count)} pass the filter`;
  const thinned = step <= 1 ? "" : `; every ${step}th of them is drawn: zoom in to see all`;
  return `${visible}${hidden}${thinned}.`;
}

/**
 * @param {number} count
 * @returns {number}
 */
function alphaFor(count) {
  if (count < 1000) return 1;
  return count < 5000 ? 0.6 : 0.3;
}

/**
 * @param {Diagram} diagram
 * @param {number} row
 * @returns {string}
 */
function colourOf({ messages: { src, dest, isClient, received }, isLate }, row) {
  if (Number.isNaN(received[row])) return "fail";
  if (isLate(row)) return "info";
  return isClient[src[row]] || isClient[dest[row]] ? "muted" : "ok";
}

/**
 * Draws an arrow; a lost message as a dashed line that ends in a cross, half way.
 *
 * @param {Surface} surface
 * @param {Diagram} diagram
 * @param {number} row
 * @param {string} colourName
 * @param {number} lineWidth
 * @param {boolean} hasHead
 */
function drawArrow(surface, diagram, row, colourName, lineWidth, hasHead) {
  const { context, colour } = surface;
  const { x0, y0, x1, y1, isLost } = placeOf(surface, diagram, row);
  context.strokeStyle = context.fillStyle = colour(colourName);
  context.lineWidth = lineWidth;
  context.setLineDash(isLost ? [4, 3] : []);
  line(context, x0, y0, x1, y1);
  context.setLineDash([]);
  if (isLost) cross(context, x1, y1);
  else if (hasHead) head(context, x0, y0, x1, y1);
  const copies = diagram.copies.get(row) ?? [];
  copies.forEach((time, number) => {
    const x = surface.xOf(time);
    context.setLineDash([8, 3]);
    line(context, x0, y0, x, y1);
    context.setLineDash([]);
    if (!hasHead) return;
    head(context, x0, y0, x, y1);
    context.fillText(String(number + 2), x + 6, y1 + (y1 > y0 ? -8 : 8));
  });
}

/**
 * @param {Surface} surface
 * @param {Diagram} diagram
 * @param {number} row
 */
function placeOf({ xOf, top }, { messages: { src, dest, sent, received }, lanes: { laneOf }, laneHeight }, row) {
  const [a, b] = [laneOf[src[row]], laneOf[dest[row]]];
  const [y0, y1] = [a, b].map((lane) => top + (lane + 0.5) * laneHeight);
  const isLost = Number.isNaN(received[row]);
  const x0 = xOf(sent[row]);
  if (isLost) return { x0, y0, x1: x0 + 10, y1: (y0 + y1) / 2, isLost };
  return { x0, y0, x1: xOf(received[row]), y1, isLost };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function head(context, x0, y0, x1, y1) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  context.beginPath();
  context.moveTo(x1, y1);
  for (const turn of [-0.4, 0.4]) {
    context.lineTo(x1 - 7 * Math.cos(angle + turn), y1 - 7 * Math.sin(angle + turn));
  }
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 */
function cross(context, x, y) {
  line(context, x - 3, y - 3, x + 3, y + 3);
  line(context, x - 3, y + 3, x + 3, y - 3);
}

/** Faults during which a node does nothing, or is no member. */
const DOWN = ["kill", "pause", "membership"];

/**
 * Shades the lanes of nodes while they are down.
 *
 * @param {Surface} surface
 * @param {Diagram} diagram
 */
function drawDowntimes({ context, top, xOf, colour }, { data: { faults }, lanes: { labels }, laneHeight }) {
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { name, start, end, nodes } of faults.filter(({ name }) => DOWN.includes(name))) {
    for (const lane of nodes.map((node) => labels.indexOf(node)).filter((lane) => lane !== -1)) {
      context.fillStyle = colour("down");
      context.fillRect(xOf(start), top + lane * laneHeight + 1, Math.max(1, xOf(end) - xOf(start)), laneHeight - 1);
      context.fillStyle = colour("fault-text");
      if (xOf(end) - xOf(start) > 60) context.fillText(name, xOf(start) + 4, top + (lane + 0.5) * laneHeight);
    }
  }
}

/**
 * Finds the message nearest to a point.
 *
 * @param {number} x
 * @param {number} y
 * @param {Surface} surface
 * @param {Diagram} diagram
 * @returns {number} Row, or -1.
 */
function findMessage(x, y, surface, diagram) {
  const related = diagram.related();
  const rows = related === null
    ? visibleRows(surface, diagram)
    : [...related.own, ...related.causes, ...related.effects, ...visibleRows(surface, diagram)];
  let [found, nearest] = [-1, 6];
  for (const row of rows) {
    const { x0, y0, x1, y1 } = placeOf(surface, diagram, row);
    const distance = distanceTo(x, y, x0, y0, x1, y1);
    if (distance < nearest) [found, nearest] = [row, distance];
  }
  return found;
}

/**
 * Distance of a point to a line.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @returns {number}
 */
function distanceTo(x, y, x0, y0, x1, y1) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const at = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
  return Math.hypot(x - x0 - at * dx, y - y0 - at * dy);
}

/**
 * @param {Diagram} diagram
 * @param {View} view
 * @param {1 | -1} direction
 */
function stepMessage({ messages, filtered: { passes } }, view, direction) {
  const { sent, count } = messages;
  const { from, to } = view.period();
  const selected = view.selection();
  let row = selected?.kind === "message" ? selected.row : firstAtLeast(sent, from) - (direction === 1 ? 1 : 0);
  do row += direction; while (row > 0 && row < count - 1 && passes[row] === 0);
  if (row < 0 || row >= count) return;
  if (sent[row] < from || sent[row] > to) view.show(sent[row] - (to - from) / 2, sent[row] + (to - from) / 2);
  selectMessage(messages, view, row);
}

/**
 * Selects a message.
 *
 * @param {Messages} messages
 * @param {View} view
 * @param {number} row
 */
export function selectMessage(messages, view, row) {
  view.select({ kind: "message", row }, messages.sent[row]);
}
