/**
 * `timeline.html`: operations by worker over time, as Jepsen draws them. Time goes down; a column for each worker, a
 * box for each operation from its invocation to its completion. It needs no script and no other file.
 *
 * Rows are events: an invocation or a completion each takes one. So each box has room for its text, and a pause takes
 * no room. The times are on the left.
 *
 * @module
 */

import { clip } from "../../base/text.ts";
import { escapeMarkup } from "../grade/markup.ts";
import { OUTCOMES as SYMBOLS } from "../page/run_data.js";
import type { OperationColumns } from "../html/report_data.ts";
import type { ExportedRun } from "./exported_run.ts";
import { asMilliseconds, type FaultRows, faultRows, timeLabels } from "./rows.ts";

/** Largest number of operations that are drawn. Jepsen stops there, too. */
export const MOST_OPERATIONS = 10_000;

/** Sizes in pixels. */
const [ROW, LEFT, COLUMN, GAP, TOP] = [18, 92, 150, 6, 30];

/** Longest text in a box, and over it, in characters. */
const [SHORT_TEXT, LONG_TEXT] = [60, 600];

/** Operation with the rows of its events. */
interface Box {
  /** Its row in the columns of operations. */
  row: number;
  first: number;
  last: number;
}

/** Draws the operations of a run, piece by piece. */
export async function* timelineHTML(run: ExportedRun): AsyncGenerator<string> {
  const { operations, title, seed } = run;
  const { boxes, times } = boxesOf(operations);
  const workers = [...new Set(boxes.map(({ row }) => operations.worker[row]!))].sort((a, b) => a - b);
  const [width, height] = [LEFT + (COLUMN + GAP) * workers.length + 170, TOP + ROW * (times.length + 1)];
  const name = escapeMarkup(seed === null ? title : `${title}, seed ${seed}`);
  yield [
    "<!DOCTYPE html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${name}: operations</title>`,
    // A node's text in a value must not fetch anything.
    `<meta http-equiv="Content-Security-Policy" ` +
    `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    `<link rel="icon" href="data:,"><style>${STYLE}</style></head>`,
    `<body><main><h1>${name}</h1><p>${noteOf(operations, boxes.length)}</p>`,
    `<div class="picture" style="width:${width}px;height:${height}px">\n`,
  ].join("\n");
  yield '<div class="workers">';
  for (const [at, worker] of workers.entries()) yield `<div style="left:${leftOf(at)}px">worker ${worker}</div>`;
  yield "</div>\n";
  for (const fault of faultRows(run.faults, times)) yield faultBand(fault, width);
  yield '<div class="times">';
  for (const { row, text } of timeLabels(times)) yield `<div style="top:${ROW * row}px">${text}</div>`;
  yield "</div>\n";
  for (const box of boxes) yield boxHTML(operations, box, workers.indexOf(operations.worker[box.row]!));
  yield "</div></main></body></html>\n";
}

/** Finds the rows of each operation's events, in the order of the history. */
function boxesOf({ index, completion, start, duration }: OperationColumns): { boxes: Box[]; times: number[] } {
  const shown = Array.from(index.keys()).slice(0, MOST_OPERATIONS);
  const events = shown.flatMap((row) => [
    { at: index[row]!, row, time: start[row]! },
    ...completion[row] === -1 ? [] : [{ at: completion[row]!, row, time: start[row]! + duration[row]! }],
  ]).sort((a, b) => a.at - b.at);
  const boxes = new Map(shown.map((row): [number, Box] => [row, { row, first: -1, last: events.length }]));
  for (const [at, { row }] of events.entries()) {
    const box = boxes.get(row)!;
    if (box.first === -1) box.first = at;
    else box.last = at;
  }
  return { boxes: [...boxes.values()], times: events.map(({ time }) => time) };
}

function noteOf({ index }: OperationColumns, shown: number): string {
  const all = shown < index.length
    ? `Only the first ${shown} of ${index.length} operations: history.jsonl has all`
    : `All ${shown} operations`;
  const symbols = SYMBOLS.map(({ name, symbol }) => `${symbol} ${name}`).join(", ");
  return `${all}. A row is an event, not a length of time. ${symbols}. Point at one for its values.`;
}

function faultBand({ from, to, name, description }: FaultRows, width: number): string {
  return `<div class="fault" style="top:${topOf(from)}px;height:${ROW * (to - from)}px;width:${width}px" ` +
    `title="${description}">${name}</div>\n`;
}

function boxHTML(operations: OperationColumns, { row, first, last }: Box, column: number): string {
  const { functions, f, outcome, argument, result } = operations;
  const { name, symbol } = SYMBOLS[outcome[row]!]!;
  const answer = result[row] === "" ? "" : ` → ${result[row]}`;
  const words = [symbol, functions[f[row]!]!, ...argument[row] === "null" ? [] : [argument[row]!]];
  const text = `${words.join(" ")}${answer}`;
  const short = text.length <= SHORT_TEXT ? text : `${text.slice(0, SHORT_TEXT)}…`;
  const style = `left:${leftOf(column)}px;top:${topOf(first)}px;height:${ROW * Math.max(1, last - first) - 2}px`;
  return `<div class="${name}" style="${style}" title="${titleOf(operations, row)}">${escapeMarkup(short)}</div>\n`;
}

/** Text that appears over a box. */
function titleOf(operations: OperationColumns, row: number): string {
  const { functions, f, outcome, argument, result, index, process, start, duration } = operations;
  const isOpen = duration[row]! < 0;
  const lines = [
    `operation ${index[row]}, process ${process[row]}: ${functions[f[row]!]}, ${SYMBOLS[outcome[row]!]!.name}`,
    `from ${asMilliseconds(start[row]!)}` +
    (isOpen ? ", never completed" : ` to ${asMilliseconds(start[row]! + duration[row]!)}: ${duration[row]! / 1000} ms`),
    `argument ${argument[row]}`,
    ...result[row] === "" ? [] : [`result ${result[row]}`],
  ];
  return escapeMarkup(clip(lines.join("\n"), LONG_TEXT));
}

function leftOf(column: number): number {
  return LEFT + (COLUMN + GAP) * column;
}

function topOf(row: number): number {
  return TOP + ROW * row;
}

/** Colours are variables: a dark screen has others. Bands are opaque: faults at the same time do not add up. */
const STYLE = [
  ":root{color-scheme:light dark;--ink:#1f2328;--soft:#57606a;--paper:#fff;--ok:#d6efdc;--info:#ffe7b8;" +
  "--fail:#ffd3cf;" +
  "--open:#e4e7eb;--fault:#fef6ea;font:13px system-ui,sans-serif}",
  "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--paper:#0d1117;--ok:#1d4429;--info:#5c440e;" +
  "--fail:#6b2420;--open:#30363d;--fault:#242017}}",
  "body{margin:24px;color:var(--ink);background:var(--paper)}h1{font-size:18px;margin:0}p{color:var(--soft)}",
  `.picture{position:relative}.picture div{position:absolute;box-sizing:border-box;overflow:hidden}`,
  `.picture .ok,.picture .info,.picture .fail,.picture .open{width:${COLUMN}px;padding:0 4px;border-radius:3px;` +
  `font-size:12px;line-height:${ROW - 2}px;overflow-wrap:anywhere}`,
  ".ok{background:var(--ok)}.info{background:var(--info)}.fail{background:var(--fail)}.open{background:var(--open)}",
  // Names of workers and times stay in sight.
  `.picture .workers{position:sticky;top:0;z-index:2;height:${TOP}px;overflow:visible}`,
  `.workers div{width:${COLUMN}px;height:${TOP}px;font-weight:600;background:var(--paper)}`,
  `.picture .times{position:sticky;left:0;z-index:1;width:${LEFT - 12}px;overflow:visible}`,
  `.times div{width:${LEFT - 12}px;text-align:right;color:var(--soft);background:var(--paper);font-size:11px;` +
  `line-height:${ROW}px}`,
  ".fault{background:var(--fault);color:var(--soft);text-align:right;padding-right:8px;font-size:11px}",
].join("");
