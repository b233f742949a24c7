/** Compares the checkers of transactions with brute force: all serial orders of a few transactions. */

import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { checkTxnListAppend } from "../../../../lib/workbench/checkers/txn/mod.ts";
import { checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import type { Line } from "../sequential.ts";
import { timeline } from "../timeline.ts";
import { type MicroOperationTuple, txn } from "./cases.ts";

/** An access of a transaction to a key: an append, or a read of the first elements of the list. */
interface Step {
  key: number;
  append: boolean;
  /** Determines how much of the list is read, or the place of an append in it. */
  draw: number;
}

/** Up to five transactions on two keys, and the order in which they begin and end. */
const HISTORIES = fc.record({
  transactions: fc.array(
    fc.array(fc.record({ key: fc.constantFrom(1, 2), append: fc.boolean(), draw: fc.nat({ max: 20 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    { minLength: 2, maxLength: 5 },
  ),
  order: fc.array(fc.nat({ max: 99 }), { minLength: 10, maxLength: 10 }),
});

type Drawn = typeof HISTORIES extends fc.Arbitrary<infer T> ? T : never;

/**
 * The final lists, with all appends in a random order. Only the appends of one transaction to one key keep their order,
 * since the checker assumes that, as Elle does.
 */
function drawLists(transactions: readonly Step[][]): Map<number, number[]> {
  const lists = new Map<number, number[]>([[1, []], [2, []]]);
  let element = 0;
  for (const steps of transactions) {
    const first = element + 1;
    for (const { key, draw } of steps.filter(({ append }) => append)) {
      const list = lists.get(key)!;
      const start = list.findLastIndex((other) => other >= first) + 1;
      list.splice(list.length - draw % 3 % (list.length - start + 1), 0, ++element);
    }
  }
  return lists;
}

/** Fills in reads, each a prefix of its key's list: mostly one that fits the transaction's own appends. */
function draw({ transactions }: Drawn): Line[] {
  const lists = drawLists(transactions);
  let element = 0;
  return transactions.map((steps, process) => {
    const seen = new Map<number, number>();
    const microOperations = steps.map(({ key, append, draw }): MicroOperationTuple => {
      const list = lists.get(key)!;
      if (append) {
        seen.set(key, list.indexOf(++element) + 1);
        return ["append", key, element];
      }
      const length = draw > 18 ? draw % (list.length + 1) : seen.get(key) ?? draw % (list.length + 1);
      seen.set(key, length);
      return ["r", key, list.slice(0, length)];
    });
    return txn(process, "ok", ...microOperations);
  });
}

/** A random order of begins and ends: each place twice. */
function overlap(count: number, draws: readonly number[]): number[] {
  const order: number[] = [];
  for (let place = 0; place < count; place++) {
    for (const draw of [draws[2 * place]!, draws[2 * place + 1]!]) order.splice(draw % (order.length + 1), 0, place);
  }
  return order;
}

/** A transaction that reads everything, after all others or at any time. */
function readAll(lines: readonly Line[], lists: Map<number, number[]>): Line {
  return txn(lines.length, "ok", ...[...lists].map(([key, list]): MicroOperationTuple => ["r", key, list]));
}

/**
 * True if some serial order of the transactions explains all reads.
 *
 * @param before True if one transaction must come before another.
 */
function isSerial(
  transactions: readonly MicroOperationTuple[][],
  before: (one: number, other: number) => boolean,
  done: readonly number[] = [],
  lists: ReadonlyMap<number, readonly unknown[]> = new Map(),
): boolean {
  if (done.length === transactions.length) return true;
  const left = [...transactions.keys()].filter((place) => !done.includes(place));
  return left.some((place) => {
    if (left.some((other) => other !== place && before(other, place))) return false;
    const after = run(transactions[place]!, lists);
    return after !== undefined && isSerial(transactions, before, [...done, place], after);
  });
}

/** The lists after a transaction; undefined if its reads do not fit. A register is the list of its writes. */
function run(microOperations: readonly MicroOperationTuple[], before: ReadonlyMap<number, readonly unknown[]>) {
  const lists = new Map(before);
  for (const [f, key, value] of microOperations) {
    const list = lists.get(key) ?? [];
    if (f !== "r") lists.set(key, [...list, value]);
    else if (Array.isArray(value) ? String(list) !== String(value) : (list.at(-1) ?? null) !== value) return undefined;
  }
  return lists;
}

function isSerializable(history: readonly Operation[], strict: boolean): boolean {
  const completions = history.filter(({ type }) => type === "ok");
  const begins = completions.map(({ process }) => history.find((each) => each.process === process)!.index);
  const before = (one: number, other: number) => strict && completions[one]!.index < begins[other]!;
  return isSerial(completions.map(({ value }) => value as MicroOperationTuple[]), before);
}

Deno.test("if all appends are read, a history is serializable exactly if some serial order explains it", () => {
  const counts = { true: 0, false: 0 };
  fc.assert(
    fc.property(HISTORIES, (drawn) => {
      const lines = draw(drawn);
      const all = [...lines, readAll(lines, drawLists(drawn.transactions))];
      const history = timeline(all);
      const expected = isSerializable(history, false);
      counts[`${expected}`]++;
      assertEquals(checkTxnListAppend(history, ["serializable"]).valid, expected);
    }),
    { numRuns: 4000, seed: 21 },
  );
  assertGreater(Math.min(counts.true, counts.false), 400);
});

Deno.test("… and strictly serializable exactly if a serial order in real time does", () => {
  const counts = { true: 0, false: 0, onlySerializable: 0 };
  fc.assert(
    fc.property(HISTORIES, (drawn) => {
      const lines = draw(drawn);
      const all = [...lines, readAll(lines, drawLists(drawn.transactions))];
      const history = timeline(all, [...overlap(lines.length, drawn.order), lines.length, lines.length]);
      const expected = isSerializable(history, true);
      counts[`${expected}`]++;
      if (!expected && isSerializable(history, false)) counts.onlySerializable++;
      assertEquals(checkTxnListAppend(history).valid, expected);
    }),
    { numRuns: 4000, seed: 22 },
  );
  assertGreater(Math.min(counts.true, counts.false, counts.onlySerializable), 100);
});

Deno.test("a history that a serial order explains is valid, also if the order of writes is partly unknown", () => {
  let serial = 0;
  fc.assert(
    fc.property(HISTORIES, (drawn) => {
      const lines = draw(drawn);
      const order = overlap(lines.length, drawn.order);
      const registers = lines.map(([process, type, , , result]) =>
        txn(
          process,
          type,
          ...(result as MicroOperationTuple[]).map(([f, key, value]): MicroOperationTuple =>
            f === "r" ? [f, key, (value as number[]).at(-1) ?? null] : ["w", key, value]
          ),
        )
      );
      for (
        const [check, history] of [[checkTxnListAppend, timeline(lines, order)], [
          checkTxnRWRegister,
          timeline(registers, order),
        ]] as const
      ) {
        if (!isSerializable(history, true)) continue;
        serial++;
        const { valid, anomalies } = check(history);
        assertEquals([valid, anomalies], [true, []]);
      }
    }),
    { numRuns: 4000, seed: 23 },
  );
  assertGreater(serial, 400);
});
