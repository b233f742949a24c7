/**
 * Recognizes the workload of a history from the operations of its clients.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { formatExactJSON, isRawNumber } from "../base/json.ts";
import { show } from "../base/text.ts";
import type { Operation } from "../history/operation.ts";
import type { Workload } from "../workloads/workload.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { withKeysOf } from "./register_keys.ts";

/** The functions of each workload: ours, and further ones of Jepsen's own tests. */
const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  "echo": ["echo"],
  "unique-ids": ["generate"],
  "broadcast": ["broadcast", "read"],
  "g-set": ["add", "read"],
  "g-counter": ["add", "read"],
  "pn-counter": ["add", "read"],
  "kafka": ["send", "poll", "assign", "subscribe", "crash", "txn", "debug-topic-partitions"],
  "lin-kv": ["read", "write", "cas"],
  "txn-list-append": ["txn"],
  "txn-rw-register": ["txn"],
  "lock": ["lock", "unlock"],
  "lin-kv-only": ["read", "write"],
};

/** Workloads that are not inferred, because another one has the same operations and the same checker. */
const NOT_INFERRED: readonly string[] = ["lin-kv-only"];

/**
 * Returns the workload of a history.
 *
 * @param name The workload's name, if the user or the history's folder gives one; else it is inferred.
 * @throws {UsageError} The named workload does not have these operations; or no workload, or more than one, has them;
 *   or it is not clear which keys the registers have.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { workloadOf } from "./infer_workload.ts";
 *
 * const add = { index: 0, time: 0, type: "invoke", process: 0, f: "add", value: 5 } as const;
 * const read = { index: 1, time: 1, type: "ok", process: 1, f: "read", value: [5] } as const;
 * assertEquals(workloadOf([add, read]).name, "g-set");
 * ```
 */
export function workloadOf(history: readonly Operation[], name?: string): Workload {
  const clients = history.filter(({ process }) => process !== "nemesis");
  const functions = [...new Set(clients.map(({ f }) => f))].sort();
  const inferred = infer(clients, functions);
  if (name === undefined && inferred === undefined) {
    const unclear = describeUnclear(clients, functions);
    throw new UsageError(
      `Cannot tell the workload of the history: ${unclear}; expected -w with one of ${NAMES.join(", ")}`,
    );
  }
  const workload = WORKLOADS[name ?? inferred!]!;
  const expected = FUNCTIONS[workload.name]!;
  const foreign = functions.filter((f) => !expected.includes(f));
  if (foreign.length > 0) {
    const hint = inferred === undefined ? "" : `; did you mean -w ${inferred}?`;
    throw new UsageError(
      `Cannot check ${foreign.join(", ")} as ${workload.name}: expected only ${expected.join(", ")}${hint}`,
    );
  }
  return workload.name.startsWith("lin-kv") ? withKeysOf(clients, workload) : workload;
}

const NAMES = Object.keys(WORKLOADS);

function infer(clients: readonly Operation[], functions: readonly string[]): string | undefined {
  const candidates = NAMES.filter((name) => !NOT_INFERRED.includes(name));
  const names = candidates.filter((name) => functions.every((f) => FUNCTIONS[name]!.includes(f)));
  // Several workloads have reads.
  if (names.length === 0 || functions.length === 0 || functions.every((f) => f === "read")) return undefined;
  if (names.length === 1) return names[0];
  return functions.includes("txn") ? inferTransactions(clients) : inferSetOrCounter(clients);
}

/**
 * Infers a workload of transactions from the functions that write: each workload has its own. Requests decide, if any
 * of them writes: a reply can be malformed.
 */
function inferTransactions(clients: readonly Operation[]): string | undefined {
  const requested = functionsThatWrite(clients.filter(({ type }) => type === "invoke"));
  const written = requested.size > 0 ? requested : functionsThatWrite(clients);
  const [f, ...others] = written;
  if (f === "append" && others.length === 0) return "txn-list-append";
  if (f === "w" && others.length === 0) return "txn-rw-register";
  return written.size > 0 && [...written].every((f) => f === "send" || f === "poll") ? "kafka" : undefined;
}

/** Says what cannot be told apart or is unknown: functions, and the values that do not decide. */
function describeUnclear(clients: readonly Operation[], functions: readonly string[]): string {
  if (functions.length === 0) return "it has no operations of clients";
  const isSum = functions.includes("add") && functions.every((f) => f === "add" || f === "read");
  const detail = functions.join() === "txn" ? describeTransactions(clients) : isSum ? describeReads(clients) : "";
  return `its functions are ${functions.join(", ")}${detail}`;
}

function describeTransactions(clients: readonly Operation[]): string {
  const written = [...functionsThatWrite(clients)].map((f) => show(f, 30));
  const lists = clients.some(({ value }) => Array.isArray(value) && value.some(Array.isArray));
  if (!lists) return ", and no transaction is a list of operations [f, key, value]";
  if (written.length === 0) return ", and its transactions only read";
  return `, and its transactions have ${written.join(", ")} beside "r": ` +
    'only "append" (lists), only "w" (registers), or "send" and "poll" (kafka) would tell';
}

function describeReads(clients: readonly Operation[]): string {
  const reads = clients.filter(({ f, type }) => f === "read" && type === "ok");
  if (reads.length === 0) return ", and no read succeeded: the result tells if elements or amounts were added";
  const isClear = ({ value }: Operation) => Array.isArray(value) || isNumber(value);
  const other = reads.find((read) => !isClear(read)) ?? reads[0]!;
  if (!isClear(other)) {
    return `, and operation ${other.index} read ${show(other.value, 60)}: a list of elements or a number would tell`;
  }
  return ", and some reads returned lists of elements, others numbers";
}

function functionsThatWrite(clients: readonly Operation[]): Set<unknown> {
  const operations = clients.flatMap(({ value }) => Array.isArray(value) ? value.filter(Array.isArray) : []);
  return new Set(operations.map(([f]) => f).filter((f) => f !== "r"));
}

/** Reads return lists if elements were added, numbers if amounts were. Only pn-counter has negative amounts. */
function inferSetOrCounter(clients: readonly Operation[]): string | undefined {
  const reads = clients.filter(({ f, type }) => f === "read" && type === "ok");
  if (reads.length === 0) return undefined;
  if (reads.every(({ value }) => Array.isArray(value))) return "g-set";
  if (!reads.every(({ value }) => isNumber(value))) return undefined;
  const isNegative = (value: unknown) => isNumber(value) && formatExactJSON(value).startsWith("-");
  return clients.some(({ f, value }) => f === "add" && isNegative(value)) ? "pn-counter" : "g-counter";
}

/** True for a number of any size, also for one that was written as 1.0. */
function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || isRawNumber(Object(value));
}
