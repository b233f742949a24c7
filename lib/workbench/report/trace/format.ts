/**
 * A trace as text for a terminal: the subject, faults, then messages in the order of their times.
 *
 * @module
 */

import { counted, createStyle, escapeControls, type Style, table, wrap } from "../../base/text.ts";
import { OUTCOMES as SYMBOLS } from "../page/run_data.js";
import type { Screen } from "../screen.ts";
import type { TracedMessage, TracedOperation } from "./entries.ts";
import type { Arrival, Trace, TracedFault, TraceSubject } from "./trace.ts";

/** Options for {@linkcode formatTrace}. */
export interface TraceFormat {
  screen: Screen;
  /** Largest number of entries in each list. */
  limit: number;
}

/** Colours of outcomes. */
const COLOURS: Readonly<Record<TracedOperation["outcome"], keyof Style>> = {
  ok: "green",
  info: "yellow",
  fail: "red",
  open: "dim",
};

/** Formats a trace: paragraphs, each with a title. */
export function formatTrace(trace: Trace, format: TraceFormat): string {
  const { subject, causes, messages, effects, operations, faults, arrivals } = trace;
  const isValue = subject.kind === "value";
  const own: Record<TraceSubject["kind"], string> = {
    operation: "Its messages",
    message: "The message",
    value: "Messages that carry it",
  };
  return [
    ...isValue
      ? [valueLines(trace, format)]
      : operations.map((operation) => operationLines(operation, subject, format)),
    faultLines(faults, format),
    arrivalLines(arrivals, format),
    ...isValue ? [operationList(operations, format)] : [],
    messageLines("It may depend on", causes, "last", format),
    messageLines(own[subject.kind], messages, "first", format),
    messageLines("It caused, or may have caused", effects, "first", format),
    noteLines(trace, format),
  ].filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}

function valueLines({ subject, operations, messages }: Trace, { screen: { width, colour } }: TraceFormat): string[] {
  const { bold } = createStyle(colour);
  const wrote = operations.filter(({ carries }) => carries === "wrote").length;
  const read = operations.length - wrote;
  const { text: value, key } = subject as TraceSubject & { kind: "value" };
  const ofKey = key === undefined ? "" : ` of key ${key}`;
  const text = `Value ${value}${ofKey}: written by ${counted(wrote, "operation")}, ` +
    `shown by ${counted(read, "read")}, in ${counted(messages.length, "message")}`;
  return wrap(text, width).map(bold);
}

function operationLines(
  operation: TracedOperation,
  subject: TraceSubject,
  { screen: { width, colour } }: TraceFormat,
): string[] {
  const style = createStyle(colour);
  const { f, outcome, argument, result, worker, process, start_ms, end_ms } = operation;
  const argumentWords = argument === "null" ? "" : ` ${argument}`;
  const end = end_ms === null ? "never completed" : `to ${ms(end_ms)} ms (${ms(end_ms - start_ms)} ms)`;
  const name = `Operation ${indicesOf(operation, subject)}:`;
  return [
    `${style.bold(name)} ${style[COLOURS[outcome]](`${symbolOf(outcome)} ${f} ${outcome}`)}`,
    ...wrap(`argument${argumentWords === "" ? " none" : argumentWords}`, width, "  "),
    ...result === null ? [] : wrap(`result ${result}`, width, "  "),
    ...wrap(`worker ${worker}, process ${process}; from ${ms(start_ms)} ms ${end}`, width, "  "),
  ];
}

/** Both indices of an operation in the history, first the one that was asked for. */
function indicesOf({ operation, completion }: TracedOperation, subject: TraceSubject): string {
  if (completion === null) return String(operation);
  const isCompletion = subject.kind === "operation" && subject.index === completion;
  return isCompletion ? `${completion}, invoked as ${operation}` : `${operation}, completed as ${completion}`;
}

function symbolOf(outcome: string): string {
  return SYMBOLS.find(({ name }) => name === outcome)!.symbol;
}

/** Number of lines of one fault that are shown. Of many nodes, a partition has a long list. */
const FAULT_LINES = 3;

/** The faults that were in force. */
function faultLines(faults: readonly TracedFault[], { screen: { width, colour } }: TraceFormat): string[] {
  if (faults.length === 0) return [];
  const { bold } = createStyle(colour);
  const lines = faults.flatMap(({ name, start_ms, end_ms, text }) => {
    const what = text === "" ? "" : `: ${text}`;
    const lines = wrap(`${name}, ${ms(start_ms)} to ${ms(end_ms)} ms${what}`, width - 2, "  ");
    return lines.length <= FAULT_LINES
      ? lines
      : [...lines.slice(0, FAULT_LINES - 1), cut(`${lines[FAULT_LINES - 1]} …`, width)];
  });
  return [bold("Faults meanwhile"), ...lines];
}

/** The first sign of a value at each node. */
function arrivalLines(arrivals: readonly Arrival[], { screen: { width, colour } }: TraceFormat): string[] {
  if (arrivals.length === 0) return [];
  const { bold } = createStyle(colour);
  const rows = arrivals.map(({ node, message, read }) => [
    `  ${node}`,
    message === null ? "no message" : `${ms(message.time_ms)} ms`,
    message === null ? "" : `#${message.id} from ${message.from}`,
    read === null ? "no read" : `${ms(read.time_ms)} ms`,
    read === null ? "" : `operation ${read.operation}`,
  ]);
  return [
    ...wrap("First at each node: a message with it, and a read that shows it", width).map(bold),
    ...table(undefined, rows, width),
  ];
}

/** The operations that carry a value. */
function operationList(operations: readonly TracedOperation[], format: TraceFormat): string[] {
  const { screen: { width, colour }, limit } = format;
  const style = createStyle(colour);
  const shown = operations.slice(0, limit);
  const rows = shown.map(({ operation, completion, f, outcome, start_ms, end_ms, worker, carries }) => [
    `${ms(start_ms)} ms`,
    end_ms === null ? "" : `+${ms(end_ms - start_ms)} ms`,
    `${f}, ${carries === "wrote" ? "writes it" : "shows it"}`,
    `operation ${operation}, ${completion === null ? "open" : `${outcome} as ${completion}`}`,
    `worker ${worker}`,
  ]);
  const lines = aligned(rows).map((text, at) => {
    const { outcome } = shown[at]!;
    return cut(`  ${style[COLOURS[outcome]](symbolOf(outcome))} ${text}`, width + (colour ? COLOUR_CODES : 0));
  });
  return [
    style.bold(`Operations that carry it (${operations.length})`),
    ...lines,
    ...moreLines(operations.length, "first", format),
  ];
}

/** Aligns cells in columns: the first to the right, the others to the left. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => longest(rows.map((row) => row[column]!)));
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padStart(widths[0]!) : cell.padEnd(widths[column]!)).join("  ")
      .trimEnd()
  );
}

/** Characters of the codes that colour a symbol. */
const COLOUR_CODES = "\x1b[32m\x1b[39m".length;

/** Length of the longest of some texts: there can be too many for the arguments of `Math.max`. */
function longest(texts: readonly string[]): number {
  return texts.reduce((length, text) => Math.max(length, text.length), 0);
}

/**
 * A list of messages, two lines each.
 *
 * @param kept End of the list that stays if it is too long: the one that is nearest to the subject.
 */
function messageLines(
  title: string,
  messages: readonly TracedMessage[],
  kept: "first" | "last",
  format: TraceFormat,
): string[] {
  const { screen: { colour }, limit } = format;
  if (messages.length === 0) return [];
  const shown = kept === "first" ? messages.slice(0, limit) : messages.slice(-limit);
  const widths = {
    time: longest(shown.map(({ sent_ms }) => ms(sent_ms))),
    id: longest(shown.map(({ message }) => String(message))),
    route: longest(shown.map(routeOf)),
  };
  const more = moreLines(messages.length, kept, format);
  const lines = shown.flatMap((message) => entryLines(message, widths, kept, format));
  const { bold } = createStyle(colour);
  const heading = bold(messages.length === 1 ? title : `${title} (${messages.length})`);
  return kept === "first" ? [heading, ...lines, ...more] : [heading, ...more, ...lines];
}

function entryLines(
  message: TracedMessage,
  widths: { time: number; id: number; route: number },
  kept: "first" | "last",
  { screen: { width, colour } }: TraceFormat,
): string[] {
  const style = createStyle(colour);
  const { message: id, type, sent_ms, body, via, direct } = message;
  const route = escapeControls(routeOf(message)).padEnd(widths.route);
  const head = `  ${ms(sent_ms).padStart(widths.time)} ms  #${String(id).padEnd(widths.id)}  ${route}  `;
  const fate = fateOf(message);
  const first = cut(head + escapeControls(type), Math.max(width - fate.length - 2, 20));
  const isBad = message.received_ms === null || message.late;
  const link = via === undefined ? "" : `${direct ? "direct" : "news"}, ${kept === "last" ? "to" : "after"} #${via}  `;
  return [
    `${first}  ${isBad ? style.red(fate) : fate}`,
    style.dim(cut(`${" ".repeat(widths.time + 7)}${link}${escapeControls(body)}`, width)),
  ];
}

function routeOf({ from, to }: TracedMessage): string {
  return `${from} → ${to}`;
}

/** The end of a message: the time that it took, or that it never arrived. */
function fateOf({ sent_ms, received_ms, copies_ms, late }: TracedMessage): string {
  if (received_ms === null) return "✕ lost";
  const copies = copies_ms.length === 0 ? "" : `, again +${copies_ms.map((time) => ms(time - sent_ms)).join(" +")}`;
  return `+${ms(received_ms - sent_ms)} ms${late ? " late" : ""}${copies}`;
}

function moreLines(count: number, kept: "first" | "last", { limit, screen: { colour } }: TraceFormat): string[] {
  if (count <= limit) return [];
  const which = kept === "first" ? "later" : "earlier";
  return [createStyle(colour).dim(`  … and ${count - limit} ${which} ones: --limit ${count} shows all`)];
}

/** Explanations, and what the trace does not have. */
function noteLines({ causes, effects, subject, notes }: Trace, { screen: { width, colour } }: TraceFormat): string[] {
  const { dim } = createStyle(colour);
  const links = [...causes, ...effects];
  const isNews = links.some(({ direct }) => direct === false);
  const texts = [
    ...links.length === 0 ? [] : [
      "A run does not record why a node sent a message, so this is inferred. direct: an answer, or sent when the " +
      "message before had arrived, at once or before its answer" +
      (isNews
        ? "; news: the first message by which it can have reached a node, or the last " +
          "by which a node can have had a say"
        : ""),
    ],
    ...subject.kind === "value" ? [subject.key === undefined ? VALUE_NOTE : VALUE_NOTE + KEY_NOTE] : [],
    ...notes,
  ];
  return texts.flatMap((text) => wrap(text, width)).map(dim);
}

/** Explanation of what carries a value. */
const VALUE_NOTE = "Between nodes, a message carries it if its sender can have known it, and its body has an equal " +
  "part: that may be another number";
/** Addition to it, if the value is that of one key. */
const KEY_NOTE = ". Messages between nodes that have the value without its key, as answers can, are left out";

/** Cuts a line at a width. */
function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

/** Formats milliseconds with microseconds, where there are any. */
function ms(time: number): string {
  return String(Math.round(time * 1000) / 1000);
}
