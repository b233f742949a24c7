/**
 * Pictures that show the anomalies of a run: the operations that a checker's sentence is about, and those around them.
 *
 * - Lost and stale values of broadcast and g-set: for each, which node had it when, as its reads show.
 * - Counters: the values that were read, and the bounds within which the sum must have been.
 * - Kafka: the offsets of a key over time, as they were acknowledged and polled.
 * - Linearizability: the operations on a key, those that can be put in order with their places in it, and the one that
 *   does not fit.
 * - Any other anomaly: the operations of its first case, when they ran.
 *
 * They are made from the cases that the checkers list (`AnomalyCase`). The page also draws cycles of transactions.
 *
 * @module
 */

import { formatExactJSON } from "../../base/json.ts";
import { type Pair, pairs } from "../../history/history.ts";
import type { Anomaly, AnomalyCase } from "../../checkers/verdict.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../../run/results.ts";
import { microseconds } from "./operations.ts";
import { type AnomalyPicture, type Mark, type OperationColumns, OUTCOMES } from "./report_data.ts";

/** Largest number of values, or keys, that get a picture. */
const EXAMPLES = 4;

/** Largest number of marks in a picture. */
const MOST_MARKS = 600;

/** Data that the pictures are made from. */
interface Run {
  /** Operations with their rows. */
  pairs: readonly Pair[];
  operations: OperationColumns;
  results: Results;
  nodes: readonly string[];
}

/** Functions that create the pictures of a workload. */
const WORKLOADS: Readonly<Record<string, (run: Run) => AnomalyPicture[]>> = {
  "broadcast": presences,
  "g-set": presences,
  "g-counter": counterBounds,
  "pn-counter": counterBounds,
  "kafka": kafkaOffsets,
  "lin-kv": linearizations,
  "lin-kv-only": linearizations,
};

/** Creates the pictures of a run's anomalies. */
export function evidenceOf(
  history: readonly Operation[],
  operations: OperationColumns,
  results: Results,
  nodes: readonly string[],
): AnomalyPicture[] {
  const { anomalies, workload } = results;
  if (anomalies.length === 0) return [];
  const run = { pairs: pairs(history), operations, results, nodes };
  const own = Object.hasOwn(WORKLOADS, workload) ? WORKLOADS[workload]!(run) : [];
  const others = anomalies.filter(({ type }) => !own.some(({ anomaly }) => anomaly === type));
  return [...own, ...others.flatMap((anomaly) => firstCase(anomaly, run))].filter(({ marks }) => marks.length > 0);
}

/** Cases of an anomaly's type, the first ones. */
function casesOf(type: string, { results }: Run): AnomalyCase[] {
  return results.anomalies.find((anomaly) => anomaly.type === type)?.cases?.slice(0, EXAMPLES) ?? [];
}

/** Rows of operations, by the indices of their completions or invocations. */
function rowsOf(indices: readonly number[] = [], { operations: { index, completion } }: Run): number[] {
  return indices.map((each) => completion.includes(each) ? completion.indexOf(each) : index.indexOf(each))
    .filter((row) => row !== -1);
}

/** Label of the node that an operation talked to: worker i talks to node i mod n. */
function nodeLabel({ nodes, operations: { worker } }: Run, row: number): string {
  return nodes.length === 0 ? `worker ${worker[row]}` : nodes[worker[row]! % nodes.length]!;
}

/** Pictures of lost values: the reads of each node, with the value and without. */
function presences(run: Run): AnomalyPicture[] {
  const lost = casesOf("lost", run).flatMap(({ values = [] }) => values);
  return lost.map((value) => presence(formatExactJSON(value), run));
}

function presence(value: string, run: Run): AnomalyPicture {
  const { operations: { functions, f, argument } } = run;
  const lanes = [...run.nodes];
  const laneOf = (row: number) => {
    const label = nodeLabel(run, row);
    return lanes.includes(label) ? lanes.indexOf(label) : lanes.push(label) - 1;
  };
  const marks = run.pairs.flatMap(({ completion }, row): Mark[] => {
    const time = microseconds((completion ?? run.pairs[row]!.invocation).time);
    if (functions[f[row]!] !== "read") {
      return argument[row] === value ? [{ row, time, y: laneOf(row), kind: "write" }] : [];
    }
    if (completion?.type !== "ok" || !Array.isArray(completion.value)) return [];
    const isPresent = completion.value.some((each) => formatExactJSON(each) === value);
    return [{ row, time, y: laneOf(row), kind: isPresent ? "present" : "absent" }];
  });
  const added = marks.find(({ kind }) => kind === "write")?.time ?? 0;
  const title = `Value ${value}: which node had it when. ◆ sent to the node; ● a read has it, ○ a read lacks it`;
  return { anomaly: "lost", title, lanes, marks: withoutRuns(marks.filter(({ time }) => time >= added)), lines: [] };
}

/** Leaves out marks between two equal ones of the same lane. */
function withoutRuns(marks: readonly Mark[]): Mark[] {
  const byLane = [...Map.groupBy(marks, ({ y }) => y).values()];
  const kept = byLane.flatMap((lane) =>
    lane.filter(({ kind }, at) => kind !== lane[at - 1]?.kind || kind !== lane[at + 1]?.kind)
  );
  return kept.sort((a, b) => a.time - b.time).slice(-MOST_MARKS);
}

/** Picture of a counter: its reads, and the lowest and the highest sum of adds at each time. */
function counterBounds(run: Run): AnomalyPicture[] {
  const { pairs, operations: { functions, f }, results: { anomalies } } = run;
  const isWrong = anomalies.some(({ type }) => type === "wrong-sum");
  if (!isWrong) return [];
  const changes = pairs.flatMap(({ invocation, completion }, row) => {
    const amount = Number(invocation.value);
    if (functions[f[row]!] !== "add" || completion?.type === "fail" || Number.isNaN(amount)) return [];
    const [early, late] = [invocation.time, completion?.type === "ok" ? completion.time : Infinity].map(microseconds);
    // An add may count from its invocation on, and must count from its acknowledgement on.
    return [
      { time: amount < 0 ? early! : late!, bound: "lowest", amount },
      { time: amount < 0 ? late! : early!, bound: "highest", amount },
    ];
  }).filter(({ time }) => time !== Infinity).sort((a, b) => a.time - b.time);
  const lines = ["lowest", "highest"].map((bound) => {
    return { label: `${bound} possible sum`, points: sums(changes, bound) };
  });
  const marks = pairs.flatMap(({ invocation, completion }, row): Mark[] => {
    if (functions[f[row]!] !== "read" || completion?.type !== "ok") return [];
    const kind = invocation.final ? "wrong" : "read";
    return [{ row, time: microseconds(completion.time), y: Number(completion.value), kind }];
  });
  const title = "Values that were read, and the bounds of the sum. ● a read, which may be stale; ✕ a final read; " +
    "line: the lowest possible sum; dashed: the highest";
  return [{ anomaly: "wrong-sum", title, lanes: [], marks: marks.slice(-MOST_MARKS), lines }];
}

function sums(changes: readonly { time: number; bound: string; amount: number }[], bound: string): [number, number][] {
  let sum = 0;
  const own = changes.filter((change) => change.bound === bound);
  return [[0, 0], ...own.map(({ time, amount }): [number, number] => [time, sum += amount])];
}

/** Pictures of keys that anomalies name: offsets over time. */
function kafkaOffsets(run: Run): AnomalyPicture[] {
  const named = run.results.anomalies.filter(({ allowed }) => !allowed).flatMap(({ type }) =>
    casesOf(type, run).flatMap(({ key }) => key === undefined ? [] : [{ type, key: String(key) }])
  );
  const first = named.filter(({ key }, at) => named.findIndex((other) => other.key === key) === at);
  return first.slice(0, EXAMPLES).map(({ type, key }) => offsetsOf(key, type, run));
}

function offsetsOf(key: string, anomaly: string, { pairs, results }: Run): AnomalyPicture {
  const found = pairs.flatMap(({ completion }, row) =>
    completion === undefined || !Array.isArray(completion.value)
      ? []
      : completion.value.flatMap((each) => messagesOf(each as unknown[], key))
        .map((message) => ({ ...message, row, time: microseconds(completion.time) }))
  );
  const wrong = wrongMessages(found);
  const skips = skipsOf(key, found, results);
  const marks = found.map(({ offset, message, isSend, row, time }): Mark => {
    const isWrong = wrong.has(`${offset} ${message}`) || isSend && skips.skipped.has(offset);
    const isNamed = isWrong || skips.polled.has(`${pairs[row]!.completion!.index} ${message}`);
    return { row, time, y: offset, kind: isWrong ? "wrong" : isSend ? "write" : "read", text: isNamed ? message : "" };
  });
  // Those in question stay.
  const shown = [...marks.filter(({ kind }) => kind === "wrong"), ...marks.filter(({ kind }) => kind !== "wrong")];
  const title = `Key ${JSON.stringify(key)}: offsets over time. ◆ acknowledged by a send; ● polled; ` +
    `✕ with its message: not the only one at its offset, never polled${skips.skipped.size > 0 ? ", or skipped" : ""}`;
  return { anomaly, title, lanes: [], marks: shown.slice(0, MOST_MARKS), lines: [] };
}

/** Number of cases of an anomaly whose messages are marked: the checkers explain as many. */
const MARKED_CASES = 8;

/**
 * Finds what polls of a key skipped: the offsets between two messages that one process polled one after the other, and
 * the polls of the two, as index of the completion and message.
 */
function skipsOf(
  key: string,
  found: readonly OffsetMessage[],
  { anomalies }: Results,
): { skipped: Set<number>; polled: Set<string> } {
  const cases = anomalies.filter(({ type, allowed }) => /poll-skip$/.test(type) && !allowed)
    .flatMap(({ cases = [] }) => cases.slice(0, MARKED_CASES)).filter((each) => each.key === key);
  const [skipped, polled] = [new Set<number>(), new Set<string>()];
  for (const { values = [], operations = [] } of cases) {
    const messages = values.map((value) => formatExactJSON(value));
    const [from = 0, to = 0] = messages.map((text) => found.find(({ message }) => message === text)?.offset);
    for (const { offset } of found) if (offset > from && offset < to) skipped.add(offset);
    for (const index of operations) messages.forEach((message) => polled.add(`${index} ${message}`));
  }
  return { skipped, polled };
}

/** Message at an offset. */
interface OffsetMessage {
  offset: number;
  /** As JSON. */
  message: string;
  isSend: boolean;
}

/** Messages of a key in a completed micro-operation: `["send", key, [offset, message]]`, or `["poll", by key]`. */
function messagesOf([f, argument, sent]: unknown[], key: string): OffsetMessage[] {
  const ofKey = f === "send"
    ? argument === key && Array.isArray(sent) ? [sent] : []
    : (argument as Record<string, [unknown, unknown][]> | undefined)?.[key] ?? [];
  return ofKey.map(([offset, message]) => ({
    offset: Number(offset),
    message: formatExactJSON(message),
    isSend: f === "send",
  }));
}

/** Messages that share their offset with another one, and those that no poll returned. */
function wrongMessages(found: readonly OffsetMessage[]): Set<string> {
  const byOffset = Map.groupBy(found, ({ offset }) => offset);
  return new Set([...byOffset].flatMap(([offset, all]) => {
    const messages = [...new Set(all.map(({ message }) => message))];
    const isPolled = (text: string) => all.some(({ message, isSend }) => message === text && !isSend);
    return messages.filter((text) => messages.length > 1 || !isPolled(text)).map((text) => `${offset} ${text}`);
  }));
}

/** Pictures of keys that are not linearizable. */
function linearizations(run: Run): AnomalyPicture[] {
  return casesOf("nonlinearizable", run).flatMap(({ key, operations }) => {
    const rows = rowsOf(operations, run);
    const name = key === undefined ? "The object" : `Key ${formatExactJSON(key)}`;
    return rows.length === 0 ? [] : [linearization(name, rows.at(-1)!, rows.slice(0, -1), run)];
  });
}

function linearization(name: string, blocked: number, ordered: readonly number[], run: Run): AnomalyPicture {
  const { pairs, operations: { start, duration, worker, outcome } } = run;
  const keyOf = ({ invocation, completion }: Pair) =>
    formatExactJSON(((completion ?? invocation).value as unknown[])?.[0]);
  const key = keyOf(pairs[blocked]!);
  const endOf = (row: number) => duration[row] === -1 || outcome[row] !== 0 ? Infinity : start[row]! + duration[row]!;
  const from = Math.min(...[blocked, ...ordered].map((row) => start[row]!));
  const shown = pairs.flatMap((pair, row) =>
    keyOf(pair) === key && pair.completion?.type !== "fail" && endOf(row) >= from && start[row]! <= endOf(blocked)
      ? [row]
      : []
  ).slice(0, MOST_MARKS);
  const workers = [...new Set(shown.map((row) => worker[row]!))].sort((a, b) => a - b);
  const marks = shown.map((row): Mark => {
    const place = ordered.indexOf(row);
    return {
      row,
      time: start[row]!,
      end: Math.min(endOf(row), endOf(blocked)),
      y: workers.indexOf(worker[row]!),
      kind: row === blocked ? "wrong" : place === -1 ? "other" : "order",
      text: [...place === -1 ? [] : [`${place + 1}.`], shortText(pairs[row]!, withoutKey)].join(" "),
    };
  });
  const title = `${name}: numbers are places at the end of the longest order that was found; ` +
    "✕ does not fit after it. Other operations are grey";
  return { anomaly: "nonlinearizable", title, lanes: workers.map((each) => `worker ${each}`), marks, lines: [] };
}

/** Largest number of operations in the picture of a case. */
const MOST_OPERATIONS = 12;

/** Picture of the operations of an anomaly's first case. Those of a cycle have their names in its explanation. */
function firstCase({ type, explanation, cases }: Anomaly, run: Run): AnomalyPicture[] {
  const { pairs, results, operations: { start, duration, worker, outcome } } = run;
  const rows = rowsOf(cases?.[0]?.operations, run).slice(0, MOST_OPERATIONS);
  const workers = [...new Set(rows.map((row) => worker[row]!))].sort((a, b) => a - b);
  const latest = Math.max(...rows.map((row) => start[row]! + Math.max(0, duration[row]!)));
  const isCycle = explanation.startsWith("T1 is ");
  const marks = rows.map((row, at): Mark => ({
    row,
    time: start[row]!,
    end: duration[row] === -1 ? latest : start[row]! + duration[row]!,
    y: workers.indexOf(worker[row]!),
    kind: OUTCOMES[outcome[row]!]!,
    text: isCycle ? `T${at + 1}` : shortText(pairs[row]!, (value) => value ?? undefined),
  }));
  const which = isCycle ? "transactions of the first cycle" : `operations of the first case`;
  const lanes = workers.map((each) => results.judged_by?.concurrency == null ? `process ${each}` : `worker ${each}`);
  return [{ anomaly: type, title: `The ${which}: when they ran`, lanes, marks, lines: [] }];
}

function withoutKey(value: unknown): unknown {
  return Array.isArray(value) ? value[1] : value;
}

/** Longest text of an operation in a picture, in characters. */
const LONGEST_TEXT = 32;

function shortText(
  { invocation: { f, value: argument }, completion }: Pair,
  partOf: (value: unknown) => unknown,
): string {
  const value = partOf(completion?.type === "ok" ? completion.value : argument);
  const text = value === undefined ? f : `${f} ${formatExactJSON(value)}`;
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}
