/**
 * Operations of a history as columns.
 *
 * @module
 */

import { formatExactJSON } from "../../base/json.ts";
import { type Pair, pairs } from "../../history/history.ts";
import type { Operation } from "../../history/operation.ts";
import { type OperationColumns, OUTCOMES } from "./report_data.ts";

/** Longest text of an argument or a result, in characters. */
const LONGEST_TEXT = 400;

/** Size of all results together from which only short ones are kept, in characters. */
const RESULTS_BUDGET = 6_000_000;

/** Longest text of a result once the budget is used up, in characters. */
const SHORT_TEXT = 60;

/**
 * Creates the columns of a history's operations.
 *
 * @param concurrency Number of workers; null if unknown, then each process counts as a worker.
 * @param omitted Receives a note if texts were shortened.
 */
export function operationColumns(
  history: readonly Operation[],
  concurrency: number | null,
  omitted: string[],
): OperationColumns {
  const all = pairs(history);
  const names = indexer();
  const texts = { used: 0, shortened: 0 };
  const resultOf = (pair: Pair) => shorten(resultText(pair), texts);
  const columns: Omit<OperationColumns, "functions"> = {
    index: all.map(({ invocation }) => invocation.index),
    completion: all.map(({ completion }) => completion?.index ?? -1),
    process: all.map(({ invocation }) => invocation.process as number),
    worker: all.map(({ invocation: { process } }) => concurrency === null ? process : process as number % concurrency)
      .map(Number),
    f: all.map(({ invocation }) => names.positionOf(invocation.f)),
    outcome: all.map(({ completion }) => OUTCOMES.indexOf(completion?.type ?? "open")),
    start: all.map(({ invocation }) => microseconds(invocation.time)),
    duration: all.map(({ invocation, completion }) =>
      completion === undefined ? -1 : microseconds(completion.time) - microseconds(invocation.time)
    ),
    argument: all.map(({ invocation }) => shorten(formatExactJSON(invocation.value ?? null), texts)),
    result: all.map(resultOf),
  };
  if (texts.shortened > 0) {
    const what = texts.shortened === 1 ? "1 argument or result is" : `${texts.shortened} arguments and results are`;
    omitted.push(`${what} shortened; the stored history has the whole`);
  }
  return { functions: names.list, ...columns };
}

/** List of distinct texts, with their positions. */
export interface Indexer {
  readonly list: string[];
  /** Returns the position of a text, which is added if it is new. */
  positionOf(text: string): number;
}

/** Creates an empty {@linkcode Indexer}. */
export function indexer(): Indexer {
  const list: string[] = [];
  const positions = new Map<string, number>();
  return {
    list,
    positionOf(text) {
      const known = positions.get(text);
      if (known !== undefined) return known;
      positions.set(text, list.length);
      return list.push(text) - 1;
    },
  };
}

/** Converts the nanoseconds of a history to whole microseconds. */
export function microseconds(nanoseconds: number): number {
  return Math.round(nanoseconds / 1000);
}

function resultText({ invocation, completion }: Pair): string {
  if (completion === undefined) return "";
  const argument = formatExactJSON(invocation.value ?? null);
  const result = formatExactJSON(completion.value ?? null);
  const error = completion.error === undefined ? "" : `error ${formatExactJSON(completion.error)}`;
  return [result === argument ? "" : result, error].filter((text) => text !== "").join(", ");
}

function shorten(text: string, texts: { used: number; shortened: number }): string {
  const limit = texts.used > RESULTS_BUDGET ? SHORT_TEXT : LONGEST_TEXT;
  texts.used += Math.min(text.length, limit);
  if (text.length <= limit) return text;
  texts.shortened++;
  return `${text.slice(0, limit)}… (${text.length} characters)`;
}
