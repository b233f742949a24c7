import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { checkTxnListAppend, checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import type { MicroOperationTuple } from "./cases.ts";

/** Transactions on three keys, each with a time at which it takes effect, and margins before and after that. */
const TRANSACTIONS = fc.array(
  fc.record({
    microOperations: fc.array(fc.record({ key: fc.nat({ max: 2 }), write: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    }),
    type: fc.constantFrom<Operation["type"][]>("ok", "ok", "ok", "info", "fail"),
    effect: fc.nat({ max: 200 }),
    lead: fc.nat({ max: 20 }),
    lag: fc.nat({ max: 20 }),
  }),
  { maxLength: 40, size: "max" },
);

/** Runs transactions on a strictly serializable store: each takes effect atomically at its time. */
function play(
  transactions: typeof TRANSACTIONS extends fc.Arbitrary<infer T> ? T : never,
  write: "append" | "w",
): Operation[] {
  const lists = new Map<number, number[]>();
  let written = 0;
  const entries = transactions.toSorted((a, b) => a.effect - b.effect).flatMap(
    ({ microOperations, type, effect, lead, lag }, process) => {
      const result = microOperations.map(({ key, write: isWrite }): MicroOperationTuple => {
        const list = lists.get(key) ?? [];
        if (!isWrite) return ["r", key, write === "append" ? list : list.at(-1) ?? null];
        if (type !== "fail") lists.set(key, [...list, ++written]);
        return [write, key, type === "fail" ? ++written : written];
      });
      const asked = result.map(([f, key, value]) => [f, key, f === "r" ? null : value]);
      return [
        { at: effect - lead - 0.5, type: "invoke" as const, process, f: "txn", value: asked },
        { at: effect + lag + 0.5, type, process, f: "txn", value: type === "ok" ? result : asked },
      ];
    },
  );
  return entries.sort((a, b) => a.at - b.at).map(({ at: _, ...operation }, index) => ({
    ...operation,
    index,
    time: index,
  }));
}

Deno.test("a strictly serializable store has no anomalies", () => {
  fc.assert(
    fc.property(TRANSACTIONS, (transactions) => {
      const unknown = !transactions.some(({ type }) => type === "ok");
      for (const [check, write] of [[checkTxnListAppend, "append"], [checkTxnRWRegister, "w"]] as const) {
        const verdict = check(play(transactions, write));
        assertEquals(
          [verdict.valid, verdict.anomaly_types],
          unknown ? ["unknown", ["empty-transaction-graph"]] : [true, []],
        );
      }
    }),
    { numRuns: 500, seed: 11 },
  );
});

Deno.test("a transaction whose writes were read causes a G1a if it is recorded as failed", () => {
  let changed = 0;
  fc.assert(
    fc.property(TRANSACTIONS, fc.nat({ max: 99 }), (transactions, draw) => {
      for (const [check, write] of [[checkTxnListAppend, "append"], [checkTxnRWRegister, "w"]] as const) {
        const history = play(transactions, write);
        const seen = new Set(
          history.filter(({ type }) => type === "ok").flatMap(({ process, value }) =>
            (value as MicroOperationTuple[]).filter(([f]) => f === "r").flatMap(([_, key, value]) =>
              [value].flat().map((element) => ({ process, key, element }))
            )
          ).map(({ process, key, element }) => `${process} ${key} ${element}`),
        );
        const read = history.filter(({ type, process, value }) =>
          type === "ok" &&
          (value as MicroOperationTuple[]).some(([f, key, element]) =>
            f !== "r" && [...seen].some((sighting) =>
              sighting.endsWith(` ${key} ${element}`) && !sighting.startsWith(`${process} `)
            )
          )
        );
        if (read.length === 0) continue;
        changed++;
        read[draw % read.length]!.type = "fail";
        assert((check(history).anomaly_types as string[]).includes("G1a"));
      }
    }),
    { numRuns: 300, seed: 12 },
  );
  assertGreater(changed, 100);
});

Deno.test("a read of the initial state that began after an acknowledged write is found", () => {
  let changed = 0;
  fc.assert(
    fc.property(TRANSACTIONS, fc.nat({ max: 99 }), (transactions, draw) => {
      for (const [check, write] of [[checkTxnListAppend, "append"], [checkTxnRWRegister, "w"]] as const) {
        const history = play(transactions, write);
        const begins = new Map(
          history.filter(({ type }) => type === "invoke").map(({ process, index }) => [process, index]),
        );
        const isThere = (key: number, index: number) =>
          history.some((other) =>
            other.type === "ok" && other.index < index &&
            (other.value as MicroOperationTuple[]).some(([f, ofKey]) => f === write && ofKey === key)
          );
        const reads = history.filter(({ type }) => type === "ok").flatMap(({ process, value }) =>
          (value as MicroOperationTuple[]).filter(([f, key], place, all) =>
            f === "r" && all.findIndex((other) => other[1] === key) === place && isThere(key, begins.get(process)!)
          )
        );
        if (reads.length === 0) continue;
        changed++;
        reads[draw % reads.length]![2] = null;
        const { valid, anomaly_types } = check(history);
        assertEquals(valid, false);
        assert((anomaly_types as string[]).some((type) => type.startsWith("G")));
      }
    }),
    { numRuns: 300, seed: 13 },
  );
  assertGreater(changed, 100);
});

/** By anomaly, a change of one read of a list that causes it; undefined if it is not possible. */
const CHANGES: Record<string, (list: unknown[], others: unknown[][]) => unknown[] | undefined> = {
  "garbage-read": (list) => [...list, -1],
  "duplicate-elements": (list) => list.length === 0 ? undefined : [...list, list[0]],
  "incompatible-order": (list, others) =>
    list.length < 2 || !others.some((other) => other.length >= list.length) ? undefined : list.toReversed(),
};

for (const [type, change] of Object.entries(CHANGES)) {
  Deno.test(`a changed read of a list has a ${type}`, () => {
    let changed = 0;
    fc.assert(
      fc.property(TRANSACTIONS, fc.nat({ max: 99 }), (transactions, draw) => {
        const history = play(transactions, "append");
        const reads = history.filter(({ type }) => type === "ok")
          .flatMap(({ value }) => (value as MicroOperationTuple[]).filter(([f]) => f === "r"));
        if (reads.length === 0) return;
        const read = reads[draw % reads.length]!;
        const others = reads.filter((other) => other !== read && other[1] === read[1]).map(([, , list]) => list);
        const list = change(read[2] as unknown[], others as unknown[][]);
        if (list === undefined) return;
        changed++;
        read[2] = list as MicroOperationTuple[2];
        const verdict = checkTxnListAppend(history);
        assertEquals(verdict.valid, false);
        assert((verdict.anomaly_types as string[]).includes(type), `found ${verdict.anomaly_types} only`);
      }),
      { numRuns: 500, seed: 16 },
    );
    assertGreater(changed, 50);
  });
}
