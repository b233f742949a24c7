/**
 * Which workload a history is of, told by what its clients did.
 *
 * @module
 */

import { checkLinearizable, REGISTER } from "../checkers/linearizable/mod.ts";
import { UsageError } from "../base/errors.ts";
import type { Operation } from "../history/operation.ts";
import type { Workload } from "../workloads/workload.ts";
import { WORKLOADS } from "../workloads/mod.ts";

/** The functions of each workload: Maelstrom's, and those that Jepsen's own tests have besides. */
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
};

/**
 * The workload of a history.
 *
 * @param history Any history; the nemesis' operations say nothing.
 * @param name What a person, or the folder of the history, says it is; without, it is told from the operations.
 * @throws {UsageError} The operations are not those of that workload; or they could be of several workloads, or are of none.
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
    const done = functions.length === 0 ? "nothing was done in it" : `its functions are ${functions.join(", ")}`;
    throw new UsageError(
      `Cannot tell the workload of the history: ${done}; expected -w with one of ${NAMES.join(", ")}`,
    );
  }
  const workload = WORKLOADS[name ?? inferred!]!;
  const strange = functions.filter((f) => !FUNCTIONS[workload.name]!.includes(f));
  if (strange.length > 0) {
    const hint = inferred === undefined ? "" : `; did you mean -w ${inferred}?`;
    throw new UsageError(
      `Cannot check ${strange.join(", ")} as ${workload.name}: expected nothing but ${
        FUNCTIONS[workload.name]!.join(", ")
      }${hint}`,
    );
  }
  return workload.name === "lin-kv" && isSingleRegister(clients) ? SINGLE_REGISTER : workload;
}

const NAMES = Object.keys(WORKLOADS);

function infer(clients: readonly Operation[], functions: readonly string[]): string | undefined {
  const names = NAMES.filter((name) => functions.every((f) => FUNCTIONS[name]!.includes(f)));
  // To read is no workload of its own.
  if (names.length === 0 || functions.length === 0 || functions.every((f) => f === "read")) return undefined;
  if (names.length === 1) return names[0];
  return functions.includes("txn") ? inferTransactions(clients) : inferSetOrCounter(clients);
}

/** Transactions show what they are of by what they write. */
function inferTransactions(clients: readonly Operation[]): string | undefined {
  const written = new Set<unknown>();
  for (const { value } of clients) {
    if (Array.isArray(value)) { for (const item of value) if (Array.isArray(item)) written.add(item[0]); }
  }
  written.delete("r");
  const [f, ...others] = written;
  if (f === "append" && others.length === 0) return "txn-list-append";
  if (f === "w" && others.length === 0) return "txn-rw-register";
  return written.size > 0 && [...written].every((f) => f === "send" || f === "poll") ? "kafka" : undefined;
}

/** What is read shows whether elements or amounts are added. Both counters are checked alike. */
function inferSetOrCounter(clients: readonly Operation[]): string | undefined {
  const reads = clients.filter(({ f, type }) => f === "read" && type === "ok");
  if (reads.length === 0) return undefined;
  if (reads.every(({ value }) => Array.isArray(value))) return "g-set";
  if (!reads.every(({ value }) => typeof value === "number" || typeof value === "bigint")) return undefined;
  return clients.some(({ f, value }) => f === "add" && Number(value) < 0) ? "pn-counter" : "g-counter";
}

/** Knossos' histories are of one register: their values have no key. Nor does Knossos ask what succeeded. */
const SINGLE_REGISTER: Workload = {
  ...WORKLOADS["lin-kv"]!,
  mayNeverSucceed: FUNCTIONS["lin-kv"]!,
  check: (history) => checkLinearizable(history, REGISTER),
};

/**
 * Whether no value has a key. With keys, every value is a pair, that of a cas with a pair in it. What is written to a register may be a
 * pair too, so that reads, which begin with nothing but the key, say it best.
 */
function isSingleRegister(clients: readonly Operation[]): boolean {
  const invocations = clients.filter(({ type }) => type === "invoke");
  if (invocations.length === 0) return false;
  const reads = invocations.filter(({ f }) => f === "read");
  return (reads.length > 0 ? reads : invocations).every(({ f, value }) =>
    !isPair(value) || (f === "cas" && !isPair(value[1]))
  );
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
