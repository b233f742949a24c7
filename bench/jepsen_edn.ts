/**
 * Histories as EDN, in the form in which Jepsen's checkers expect them.
 */

import type { Operation } from "../lib/workbench/history/operation.ts";

/** Functions whose values are lists of micro-operations, which begin with a keyword. Keys of their maps are strings. */
const MICRO_OPERATIONS: readonly string[] = ["txn", "send", "poll"];

/** Formats a history, one operation a line. */
export function formatJepsenHistory(history: readonly Operation[]): string {
  return history.map((operation) => `${formatOperation(operation)}\n`).join("");
}

function formatOperation({ index, time, type, process, f, value, error, final }: Operation): string {
  const fields = [
    `:index ${index}, :time ${time}, :type :${type}, :process ${process}, :f :${f}, :value ${formatValue(f, value)}`,
    ...error === undefined ? [] : [`:error ${formatNamed(error)}`],
    ...final ? [":final? true"] : [],
  ];
  return `{${fields.join(", ")}}`;
}

function formatValue(f: string, value: unknown): string {
  if (!MICRO_OPERATIONS.includes(f)) return format(value, true);
  return `[${(value as unknown[]).map(formatNamed).join(" ")}]`;
}

/** Formats a name as a keyword, or a list that begins with one. */
function formatNamed(value: unknown): string {
  const [name, ...rest] = [value].flat();
  const words = [`:${name}`, ...rest.map((item) => format(item, false))];
  return Array.isArray(value) ? `[${words.join(" ")}]` : words[0]!;
}

function format(value: unknown, keywords: boolean): string {
  if (value === null || value === undefined) return "nil";
  if (Array.isArray(value)) return `[${value.map((item) => format(item, keywords)).join(" ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => {
    return `${keywords ? `:${key}` : JSON.stringify(key)} ${format(item, keywords)}`;
  });
  return `{${entries.join(", ")}}`;
}
