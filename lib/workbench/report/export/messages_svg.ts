/**
 * `messages.svg`: a Lamport diagram, as Maelstrom draws it. Time goes down; a line for each node, service and worker;
 * an arrow for each message.
 *
 * Rows are events, not seconds: a row for each send, and one for receives at the same time. So labels never overlap,
 * and a pause takes no room. The times are on the left.
 *
 * @module
 */

import { clip } from "../../base/text.ts";
import { escapeMarkup } from "../grade/markup.ts";
import type { ExportedRun } from "./exported_run.ts";
import type { SentMessage } from "./message_stream.ts";
import { asMilliseconds, type FaultRows, faultRows, timeLabels } from "./rows.ts";

/** Largest number of sends and receives that are drawn. Maelstrom stops there, too. */
export const MOST_DRAWN = 10_000;

/** Largest number of workers that have a line each; of more, all clients share one. */
const MOST_WORKERS = 30;

/** Sizes in pixels. */
const [ROW, TOP, LEFT, MARGIN] = [13, 74, 96, 24];

/** Rows between two repetitions of the names of the lines. */
const NAMES_EVERY = 60;

/** Longest part of a body beside an arrow, and in the text that appears over it, in characters. */
const [SHORT_BODY, LONG_BODY] = [36, 600];

/** Fields of a body that its type or its arrow say already. */
const PROTOCOL_FIELDS: readonly string[] = ["type", "msg_id", "in_reply_to"];

/** Message with the rows of its events. */
interface Drawn {
  message: SentMessage;
  row: number;
  /** Row and time of each receive. */
  received: { row: number; time: number }[];
  isLost: boolean;
}

/** Everything that a picture is drawn from. */
interface Diagram {
  messages: Drawn[];
  /** Time of each row, microseconds. */
  times: number[];
  /** Number of events in it. */
  events: number;
}

/** Draws the messages of a run, piece by piece. */
export async function* messagesSVG(run: ExportedRun): AsyncGenerator<string> {
  const diagram = await readDiagram(run);
  const lines = linesOf(run, diagram);
  const { times } = diagram;
  const gap = lines.labels.length > 20 ? 84 : 120;
  const x = (name: string) => LEFT + gap * (lines.lineOf(name) + 0.5);
  const [width, height] = [LEFT + gap * Math.max(lines.labels.length, 5) + MARGIN, TOP + ROW * (times.length + 3)];
  yield `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">\n<style>${STYLE}</style>\n${MARKERS}\n`;
  yield `<rect class="paper" width="${width}" height="${height}"/>\n`;
  yield* headLines(run, diagram);
  for (const fault of faultRows(run.faults, times)) yield faultBand(fault, width);
  for (const [at, label] of lines.labels.entries()) yield lineOf(label, LEFT + gap * (at + 0.5), times.length);
  for (const { row, text } of timeLabels(times)) {
    yield `<text class="time" x="${LEFT - 14}" y="${yOf(row) + 4}">${text}</text>\n`;
  }
  for (const drawn of diagram.messages) yield arrowOf(drawn, x, times.length);
  yield "</svg>\n";
}

async function readDiagram(run: ExportedRun): Promise<Diagram> {
  const { survey, events } = run.messages!;
  const diagram: Diagram = { messages: [], times: [], events: 0 };
  const byId = new Map<number, Drawn>();
  let wasReceive = false;
  for await (const { kind, time, message } of events()) {
    if (diagram.events === MOST_DRAWN) break;
    diagram.events++;
    const isShared = kind === "receive" && wasReceive && diagram.times.at(-1) === time;
    const row = isShared ? diagram.times.length - 1 : diagram.times.push(time) - 1;
    wasReceive = kind === "receive";
    if (kind === "receive") byId.get(message.id)?.received.push({ row, time });
    else {
      const drawn: Drawn = { message, row, received: [], isLost: survey.arrivals(message.id) === 0 };
      byId.set(message.id, drawn);
      diagram.messages.push(drawn);
    }
  }
  return diagram;
}

/** The vertical lines: nodes, services, workers, and clients that belong to no worker. */
function linesOf(
  { nodes, messages }: ExportedRun,
  diagram: Diagram,
): { labels: string[]; lineOf(name: string): number } {
  const { survey: { workers } } = messages!;
  const isClient = (name: string) => /^c\d+$/.test(name);
  const names = [...new Set(diagram.messages.flatMap(({ message: { from, to } }) => [from, to]))];
  const present = new Set(names.flatMap((name) => workers.get(name) ?? []));
  const clientLabel = (name: string) => {
    const worker = workers.get(name);
    if (worker === undefined) return "setup";
    return present.size > MOST_WORKERS ? "clients" : `worker ${worker}`;
  };
  const labelOf = (name: string) => isClient(name) ? clientLabel(name) : name;
  const services = names.filter((name) => !isClient(name) && !nodes.includes(name)).sort();
  const sorted = [...present].sort((a, b) => a - b).map((worker) => `worker ${worker}`);
  const order = [...nodes, ...services, ...sorted, "clients", "setup"];
  const used = new Set([...nodes, ...names.map(labelOf)]);
  const labels = [...new Set(order)].filter((label) => used.has(label));
  return { labels, lineOf: (name) => labels.indexOf(labelOf(name)) };
}

/** Title, and the explanation of what is drawn and what is not. */
function* headLines({ title, messages, seed }: ExportedRun, { events, times }: Diagram): Generator<string> {
  const { survey } = messages!;
  const shown = events < survey.events
    ? `Only the first ${events} of ${survey.events} sends and receives, until ${asMilliseconds(times.at(-1) ?? 0)}: ` +
      "messages.jsonl has all"
    : `All ${survey.count} messages`;
  const name = seed === null ? title : `${title}, seed ${seed}`;
  yield `<text class="title" x="${MARGIN}" y="22">${escapeMarkup(name)}</text>\n`;
  yield `<text class="note" x="${MARGIN}" y="40">${shown}. A row is an event, not a length of time. ` +
    "Dashed: never arrived. Point at an arrow for its message.</text>\n";
}

function faultBand({ from, to, name, description }: FaultRows, width: number): string {
  return `<g class="fault"><title>${description}</title><rect x="${LEFT - 8}" y="${yOf(from) - ROW / 2}" ` +
    `width="${width - LEFT}" height="${ROW * (to - from)}"/>` +
    `<text x="${width - MARGIN}" y="${yOf(from) + 4}" text-anchor="end">${name}</text></g>\n`;
}

function lineOf(label: string, x: number, rows: number): string {
  const names = Array.from({ length: Math.ceil((rows + 1) / NAMES_EVERY) }, (_, at) => {
    const y = at === 0 ? TOP - 12 : yOf(at * NAMES_EVERY) - ROW / 2;
    return `<text class="${at === 0 ? "name" : "again"}" x="${x}" y="${y}">${escapeMarkup(clip(label, 16))}</text>`;
  });
  return `<line class="line" x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${yOf(rows + 1)}"/>${names.join("")}\n`;
}

function arrowOf(drawn: Drawn, x: (name: string) => number, rows: number): string {
  const { message, row, received, isLost } = drawn;
  const { from, to, type, body } = message;
  const [x1, y1, x2] = [x(from), yOf(row), x(to)];
  const isRight = x2 >= x1;
  const kind = type === "error" || isLost ? "error" : isClient(from) || isClient(to) ? "client" : "server";
  // One that arrives after the picture's end leaves it.
  const ends = received.length > 0 ? received.map((each) => yOf(each.row)) : [isLost ? y1 + ROW : yOf(rows + 1)];
  const paths = ends.map((y2) => {
    // A lost one ends on its way.
    const [toX, toY] = isLost ? [x1 + (x2 - x1) * 0.6, y1 + ROW * 0.6] : [x2 === x1 ? x1 + ROW : x2, y2];
    const marker = isLost ? "lost" : `arrow-${kind}`;
    const end = isLost || received.length > 0 ? ` marker-end="url(#${marker})"` : "";
    return `<path d="M${x1} ${y1}L${round(toX)} ${round(toY)}"${end}/>`;
  });
  const label = `${type} ${shortBody(body)}`.trim();
  return `<g class="${isLost ? "error dropped" : kind}"><title>${titleOf(drawn)}</title>${paths.join("")}<text x="${
    x1 + (isRight ? 5 : -5)
  }" y="${y1 - 2}"${isRight ? "" : ' text-anchor="end"'}>${escapeMarkup(label)}</text></g>\n`;
}

/** Text that appears over an arrow. */
function titleOf({ message: { id, from, to, sent, type, body }, received, isLost }: Drawn): string {
  const arrivals = received.map(({ time }) => `arrived at ${asMilliseconds(time)}`);
  const end = isLost ? ["never arrived"] : arrivals.length > 0 ? arrivals : ["arrived after the end of this picture"];
  const lines = [`message ${id}: ${from} → ${to}, ${type}`, `sent at ${asMilliseconds(sent)}`, ...end];
  return escapeMarkup([...lines, clip(body, LONG_BODY)].join("\n"));
}

/** Fields of a body that distinguish it from others of its type. */
function shortBody(body: string): string {
  try {
    const fields = Object.entries(JSON.parse(body)).filter(([name]) => !PROTOCOL_FIELDS.includes(name));
    const text = fields.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ");
    return text.length <= SHORT_BODY ? text : `${text.slice(0, SHORT_BODY)}…`;
  } catch {
    return "";
  }
}

function isClient(name: string): boolean {
  return /^c\d+$/.test(name);
}

function yOf(row: number): number {
  return TOP + ROW * (row + 1);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Colours are variables: a dark screen has others. Bands are opaque: faults at the same time do not add up. */
const STYLE = [
  "svg{--paper:#fff;--ink:#1f2328;--soft:#6e7781;--line:#d0d7de;--server:#0a58ca;--client:#57606a;--bad:#b42318;" +
  "--fault:#fef6ea;font:11px ui-sans-serif,system-ui,sans-serif}",
  "@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;" +
  "--server:#7aa7ff;--client:#a3adb8;--bad:#ff8a80;--fault:#1f1c17}}",
  ".paper{fill:var(--paper)}text{fill:var(--ink)}.title{font-size:15px;font-weight:600}.note,.time{fill:var(--soft)}",
  ".name,.again{text-anchor:middle;font-weight:600}.again{fill:var(--soft)}.time{text-anchor:end}",
  ".line{stroke:var(--line)}path{fill:none;stroke:currentColor}g text{fill:currentColor;font-size:10px}",
  ".server{color:var(--server)}.client{color:var(--client)}.error{color:var(--bad)}",
  ".dropped path{stroke-dasharray:4 3}.fault rect{fill:var(--fault)}.fault{color:var(--soft)}",
  ".head{fill:currentColor;stroke:none}g:hover path{stroke-width:2.5}g:hover text{font-weight:600}",
].join("");

/** Ends of arrows. A marker has no colour of its arrow everywhere, so each kind has its own. */
const MARKERS = [
  "<defs>",
  ...["server", "client", "error"].map((kind) =>
    `<marker id="arrow-${kind}" class="${kind}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" ` +
    'markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker>'
  ),
  '<marker id="lost" class="error" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="8" markerHeight="8">' +
  '<path d="M0 0L8 8M8 0L0 8"/></marker></defs>',
].join("");
