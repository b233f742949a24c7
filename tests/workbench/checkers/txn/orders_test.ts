import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { checkTxnListAppend, checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { sequential } from "../sequential.ts";
import { timeline } from "../timeline.ts";
import { type MicroOperationTuple, txn } from "./cases.ts";
import { THREE } from "./cycle_cases.ts";

/** Two orders of the same appends, for each of two keys, and which reader completes first. */
const READS = fc.record({
  appends: fc.array(fc.record({ key: fc.nat({ max: 1 }), writer: fc.nat({ max: 2 }) }), { minLength: 2, maxLength: 6 }),
  shuffles: fc.array(fc.array(fc.nat({ max: 99 }), { minLength: 6, maxLength: 6 }), { minLength: 2, maxLength: 4 }),
  models: fc.constantFrom(["read-uncommitted"], ["read-committed"], ["serializable"]),
});

Deno.test("checkTxnListAppend: the verdict does not depend on which of several longest lists was read first", () => {
  let [withTies, dirty] = [0, 0];
  fc.assert(
    fc.property(READS, ({ appends, shuffles, models }) => {
      const writers = [0, 1, 2].map((writer) => {
        const own = appends.entries().filter(([_, append]) => append.writer === writer);
        return txn(writer, "ok", ...own.map(([element, { key }]): MicroOperationTuple => ["append", key, element]));
      });
      const readers = shuffles.map((shuffle, at) => {
        const of = (key: number) => {
          const elements = appends.flatMap((append, element) => append.key === key ? [element] : []);
          return elements.sort((a, b) => shuffle[a]! - shuffle[b]!);
        };
        return txn(3 + at, "ok", ["r", 0, of(0)], ["r", 1, of(1)]);
      });
      const lines = [...writers, ...readers];
      const places = [...lines.keys()];
      const [forward, backward] = [places, places.toReversed()].map((ends) => {
        const { anomalies, valid } = checkTxnListAppend(timeline(lines, [...places, ...ends]), models);
        return { valid, types: anomalies!.map(({ type, count }) => `${type} ${count}`).sort() };
      });
      assertEquals(forward, backward);
      if (forward!.types.some((type) => type.startsWith("incompatible-order"))) withTies++;
      if (forward!.types.some((type) => type.startsWith("G0 "))) dirty++;
    }),
    { numRuns: 500, seed: 31 },
  );
  assertGreater(Math.min(withTies, dirty), 50);
});

Deno.test("checkTxnListAppend: each longest list is an order of its own, not a part of one", () => {
  const lines = [
    txn(0, "ok", ["append", 1, 7]),
    txn(1, "ok", ["append", 1, 8]),
    txn(2, "ok", ["r", 1, [7, 8]]),
    txn(3, "ok", ["r", 1, [8, 7]]),
  ];
  const { valid, anomalies } = checkTxnListAppend(timeline(lines), ["read-uncommitted"]);
  assertEquals([valid, anomalies!.map(({ type }) => type)], [true, ["incompatible-order"]]);
});

Deno.test("checkTxnListAppend combines the longest lists of several keys, whichever was read first", () => {
  const writers = [
    txn(0, "ok", ["append", 1, 7], ["append", 2, 7]),
    txn(1, "ok", ["append", 1, 8], ["append", 2, 8]),
  ];
  const readers = [1, 2].flatMap((key) =>
    [[7, 8], [8, 7]].map((list, at) => txn(2 * key + at, "ok", ["r", key, list] as MicroOperationTuple))
  );
  const lines = [...writers, ...readers];
  const places = [...lines.keys()];
  for (const ends of [places, places.toReversed(), [2, 5, 0, 3, 1, 4]]) {
    const { valid, anomaly_types } = checkTxnListAppend(timeline(lines, [...places, ...ends]), ["read-uncommitted"]);
    assertEquals([valid, anomaly_types], [false, ["G0"]]);
  }
});

/** The second transaction wrote key 2 first, as only a given order can tell. */
const SKEWED: Operation[] = sequential([
  txn(0, "ok", ["r", 1, null], ["w", 2, 2]),
  txn(1, "ok", ["w", 1, 3], ["w", 2, 4]),
]);

Deno.test("checkTxnRWRegister: a given order of transactions is an order of versions", () => {
  const types = (order?: [index: number, position: number | bigint][]) => {
    const transactionOrder = order && new Map(order);
    return checkTxnRWRegister(SKEWED, ["serializable"], { transactionOrder }).anomaly_types;
  };
  assertEquals(types(), []);
  assertEquals(types([[1, 1], [3, 2]]), []);
  assertEquals(types([[1, 2], [3, 1]]), ["G-single-item"]);
  assertEquals(types([[1, 2n ** 60n + 1n], [3, 2n ** 60n]]), ["G-single-item"]);
  // About a transaction without a position, nothing is known.
  assertEquals(types([[1, 2]]), []);
});

Deno.test("checkTxnRWRegister reads the given order from the history", () => {
  const withOrder = (...positions: unknown[]) =>
    SKEWED.map((operation) =>
      operation.type === "ok"
        ? { ...operation, "transaction-order": positions[operation.process as number] }
        : operation
    );
  assertEquals(checkTxnRWRegister(withOrder(2, 1), ["serializable"]).anomaly_types, ["G-single-item"]);
  assertEquals(checkTxnRWRegister(withOrder(1, 2), ["serializable"]).valid, true);
  assertEquals(checkTxnRWRegister(withOrder(2, null), ["serializable"]).valid, true);
  const { valid, anomalies } = checkTxnRWRegister(withOrder("2", 1), ["serializable"]);
  assertEquals(valid, "unknown");
  assertStringIncludes(anomalies![0]!.explanation, 'with transaction-order "2": expected a number');
});

Deno.test("checkTxnRWRegister explains a given order that contradicts the reads", () => {
  const history = sequential([txn(0, "ok", ["w", 1, 5]), txn(1, "ok", ["r", 1, 5], ["w", 1, 6])]);
  const { anomalies } = checkTxnRWRegister(history, undefined, { transactionOrder: new Map([[1, 2], [3, 1]]) });
  const cyclic = anomalies!.find(({ type }) => type === "cyclic-versions")!;
  assertStringIncludes(cyclic.explanation, "is before, in the given order of transactions, process 0's transaction");
});

Deno.test("checkTxnRWRegister: linearizable keys have no cycle of versions if reads only ever see newer values", () => {
  // The first read of null is concurrent with the write, and others that touch no key lie between.
  const lines = [
    txn(0, "ok", ["r", 1, null]),
    txn(1, "ok", ["w", 1, 4]),
    txn(2, "ok"),
    txn(0, "ok", ["r", 1, 4]),
  ];
  const history = timeline(lines, [0, 1, 2, 0, 1, 2, 3, 3]);
  const { valid, anomalies } = checkTxnRWRegister(history, ["serializable"], { linearizableKeys: true });
  assertEquals([valid, anomalies], [true, []]);
});

Deno.test("checkTxnRWRegister: linearizable keys whose reads go back are cycles of versions, also to null", () => {
  const lines = [txn(0, "ok", ["r", 1, 7]), txn(1, "ok", ["r", 1, null]), txn(2, "info", ["w", 1, 7])];
  const { anomaly_types } = checkTxnRWRegister(timeline(lines, [2, ...THREE.slice(0, 4), 2]), ["serializable"], {
    linearizableKeys: true,
  });
  assertEquals(anomaly_types, ["cyclic-versions"]);
});
