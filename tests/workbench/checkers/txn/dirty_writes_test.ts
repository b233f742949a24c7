import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { findComponents } from "../../../../lib/workbench/checkers/graph/components.ts";
import { buildGraph, createEdges, link, WW } from "../../../../lib/workbench/checkers/graph/mod.ts";
import { checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { timeline } from "../timeline.ts";
import { type MicroOperationTuple, txn } from "./cases.ts";

const READ_UNCOMMITTED = ["read-uncommitted"];

/** Micro-operations of 24 transactions, and the order in which the transactions take steps. */
const SCHEDULES = fc.record({
  transactions: fc.array(
    fc.array(fc.record({ key: fc.nat({ max: 1 }), isWrite: fc.boolean() }), { minLength: 1, maxLength: 6 }),
    { minLength: 2, maxLength: 24, size: "max" },
  ),
  order: fc.array(fc.nat({ max: 3 }), { minLength: 200, maxLength: 200, size: "max" }),
});

type Schedule = typeof SCHEDULES extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  history: Operation[];
  /** By key, the transactions in the order of their writes. */
  writers: Map<number, number[]>;
  operations: number;
}

/**
 * Runs transactions, four at a time, on a store without isolation of reads: each sees the newest write of a key.
 *
 * @param locks True if a transaction that has written a key keeps all others from writing it, until its end. Of two
 *   that wait for each other, one gives up its remaining operations.
 */
function run({ transactions, order }: Schedule, locks: boolean): Run {
  const [results, history] = [transactions.map((): MicroOperationTuple[] => []), [] as Operation[]];
  const [values, owners] = [new Map<number, number>(), new Map<number, number>()];
  const writers = new Map<number, number[]>();
  const open = new Set<number>();
  let [next, written, operations] = [0, 0, 0];
  const add = (type: Operation["type"], process: number, value: unknown) =>
    history.push({ index: history.length, time: history.length, type, process, f: "txn", value });
  const ask = (process: number) => {
    const asked = results[process]!.map(([f, key, value]) => [f, key, f === "r" ? null : value]);
    history.find((each) => each.process === process)!.value = asked;
  };
  for (let turn = 0; next < transactions.length || open.size > 0; turn++) {
    while (open.size < 4 && next < transactions.length) {
      open.add(next);
      add("invoke", next++, null);
    }
    const process = [...open][(order[turn % order.length]! + turn) % open.size]!;
    const result = results[process]!;
    const step = transactions[process]![result.length];
    const isBlocked = locks && step?.isWrite && (owners.get(step.key) ?? process) !== process;
    if (step !== undefined && !isBlocked) {
      operations++;
      if (!step.isWrite) result.push(["r", step.key, values.get(step.key) ?? null]);
      else {
        result.push(["w", step.key, ++written]);
        values.set(step.key, written);
        owners.set(step.key, process);
        writers.set(step.key, [...writers.get(step.key) ?? [], process]);
      }
      continue;
    }
    if (isBlocked && turn % 7 !== 0) continue;
    open.delete(process);
    for (const [key, owner] of owners) if (owner === process) owners.delete(key);
    ask(process);
    add("ok", process, result);
  }
  return { history, writers, operations };
}

/** True if the writes of transactions form a cycle: no order of whole transactions explains them. */
function hasDirtyWrites({ writers, history }: Run): boolean {
  const edges = createEdges();
  for (const places of writers.values()) {
    for (const [at, place] of places.slice(1).entries()) link(edges, places[at]!, place, WW);
  }
  return findComponents(buildGraph(history.length, edges)).count < history.length;
}

Deno.test("checkTxnRWRegister: a store that locks what it writes has no dirty writes, in 10,000 operations", () => {
  let operations = 0;
  fc.assert(
    fc.property(SCHEDULES, (schedule) => {
      const all = run(schedule, true);
      operations += all.operations;
      assert(!hasDirtyWrites(all));
      const { valid, anomalies } = checkTxnRWRegister(all.history, READ_UNCOMMITTED);
      assertEquals([valid, anomalies!.filter(({ allowed }) => !allowed)], [true, []]);
    }),
    { numRuns: 400, seed: 56 },
  );
  assertGreater(operations, 10_000);
});

Deno.test("checkTxnRWRegister: a G0 is always a cycle of real writes", () => {
  let found = 0;
  fc.assert(
    fc.property(SCHEDULES, (schedule) => {
      const all = run(schedule, false);
      const { valid, anomaly_types } = checkTxnRWRegister(all.history, READ_UNCOMMITTED);
      if (valid === true) return;
      // Where an edge is wr as well, Elle names the cycle after the model.
      for (const type of anomaly_types as string[]) assert(["G0", "PL-1-cycle-exists"].includes(type), type);
      assert(hasDirtyWrites(all));
      found++;
    }),
    { numRuns: 400, seed: 57 },
  );
  assertGreater(found, 30);
});

Deno.test("checkTxnRWRegister explains a dirty write through intermediate writes", () => {
  const { anomalies } = checkTxnRWRegister(
    timeline([
      txn(0, "ok", ["w", 0, 1], ["r", 0, 10], ["w", 0, 2]),
      txn(1, "ok", ["r", 0, 1], ["w", 0, 10], ["w", 0, 11]),
    ]),
    READ_UNCOMMITTED,
  );
  assertStringIncludes(anomalies![0]!.explanation, "T1 < T2, because T2 wrote 10 to key 0 after T1 wrote 1");
  assertStringIncludes(anomalies![0]!.explanation, "But T2 < T1, because T1 wrote 2 to key 0 after T2 wrote 10");
});

Deno.test("checkTxnRWRegister: writes of unknown outcome are no dirty writes", () => {
  const lines = [
    txn(0, "ok", ["w", 0, 1], ["r", 0, 10], ["w", 0, 2]),
    txn(1, "info", ["r", 0, 1], ["w", 0, 10], ["w", 0, 11]),
  ];
  assertEquals(checkTxnRWRegister(timeline(lines), READ_UNCOMMITTED).valid, true);
});

Deno.test("checkTxnRWRegister: writes and reads of one key that contradict each other are a cycle of versions", () => {
  const lines = [
    txn(0, "ok", ["w", 0, 1], ["r", 0, 11], ["w", 0, 2]),
    txn(1, "ok", ["w", 0, 10], ["r", 0, 2], ["w", 0, 11]),
  ];
  const { anomalies, anomaly_types } = checkTxnRWRegister(timeline(lines), READ_UNCOMMITTED);
  assertEquals(anomaly_types, ["cyclic-versions"]);
  const { count, explanation } = anomalies!.find(({ type }) => type === "cyclic-versions")!;
  assertEquals(count, 1);
  assertStringIncludes(explanation, "read 11 and wrote 2");
  assertStringIncludes(explanation, "read 2 and wrote 11");
});

Deno.test("checkTxnRWRegister: a transaction's own writes of a key follow each other, also with a read between", () => {
  const own = (between: MicroOperationTuple) => [
    txn(0, "ok", ["w", 0, 9], ["r", 0, 5], ["w", 0, 1], between, ["w", 0, 2]),
    txn(1, "ok", ["r", 0, 2], ["w", 0, 5]),
    txn(2, "ok", ["w", 0, 10]),
  ];
  for (const between of [["r", 0, 1], ["r", 0, 10], ["r", 0, null]] satisfies MicroOperationTuple[]) {
    const { anomaly_types } = checkTxnRWRegister(timeline(own(between)), READ_UNCOMMITTED);
    assertEquals(anomaly_types, ["cyclic-versions"]);
  }
});

Deno.test("checkTxnRWRegister: a read of what its own transaction writes later is no step between versions", () => {
  for (
    const own of [
      [["r", 0, 3], ["w", 0, 1], ["r", 0, 1], ["w", 0, 3]],
      [["r", 0, 1], ["w", 0, 1], ["w", 0, 4]],
      [["r", 0, 4], ["w", 0, 1], ["w", 0, 4], ["w", 0, 5]],
    ] satisfies MicroOperationTuple[][]
  ) {
    const lines = [txn(0, "ok", ...own), txn(1, "ok", ["r", 0, own.at(-1)![2]])];
    const { valid, anomalies } = checkTxnRWRegister(timeline(lines), READ_UNCOMMITTED);
    assertEquals([valid, anomalies!.map(({ type }) => type)], [true, ["future-read"]]);
  }
});

Deno.test("checkTxnRWRegister: without writes-follow-reads, only the order of writes is given", () => {
  const lines = [
    txn(0, "ok", ["w", 0, 1], ["r", 0, 10], ["w", 0, 2]),
    txn(1, "ok", ["r", 0, 1], ["w", 0, 10], ["w", 0, 11]),
  ];
  assertEquals(checkTxnRWRegister(timeline(lines), READ_UNCOMMITTED, { wfrKeys: false }).valid, true);
});
