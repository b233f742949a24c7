/**
 * How fast the checkers are: `deno bench -A bench/checkers.ts`. One row a case; the name says how large it is.
 */

import { checkCounter } from "../lib/workbench/checkers/counter.ts";
import { findCycles } from "../lib/workbench/checkers/cycles.ts";
import { checkKafka } from "../lib/workbench/checkers/kafka.ts";
import { checkSetFull } from "../lib/workbench/checkers/set_full.ts";
import { checkTxnListAppend } from "../lib/workbench/checkers/txn_list_append.ts";
import { checkTxnRwRegister } from "../lib/workbench/checkers/txn_rw_register.ts";
import type { Operation } from "../lib/workbench/operation.ts";
import { hardComponent, kafkaHistory, txnHistory } from "./txn_histories.ts";

/** One case: a history, made outside of what is timed, and what checks it. */
interface Case {
  name: string;
  history: () => Operation[];
  check: (history: readonly Operation[]) => { valid: unknown };
  /** The verdict that the check must come to. */
  valid: unknown;
}

const CASES: Case[] = [
  {
    name: "set-full: 100,000 operations, 25 processes, sets that grow at the end, 1.2e9 values read",
    history: () => setHistory(100_000, (elements) => elements.slice()),
    check: checkSetFull,
    valid: true,
  },
  {
    name: "set-full: 20,000 operations, 25 processes, sets in any order, 5e7 values read",
    history: () => setHistory(20_000, shuffle),
    check: checkSetFull,
    valid: true,
  },
  {
    name: "counter: 100,000 operations, of which 10,000 adds of unknown outcome",
    history: () => counterHistory(100_000),
    check: checkCounter,
    valid: true,
  },
  ...[1_000, 10_000, 100_000].flatMap((count): Case[] => [
    {
      name: `txn-list-append: ${count.toLocaleString("en")} transactions`,
      history: () => txnHistory(count, "append", 0),
      check: (history) => checkTxnListAppend(history),
      valid: true,
    },
    {
      name: `txn-list-append: ${count.toLocaleString("en")} transactions that read what is old`,
      history: () => txnHistory(count, "append", 20),
      check: (history) => checkTxnListAppend(history),
      valid: false,
    },
    {
      name: `txn-rw-register: ${count.toLocaleString("en")} transactions`,
      history: () => txnHistory(count, "w", 0),
      check: (history) => checkTxnRwRegister(history),
      valid: true,
    },
    {
      name: `txn-rw-register: ${count.toLocaleString("en")} transactions that read what is old`,
      history: () => txnHistory(count, "w", 20),
      check: (history) => checkTxnRwRegister(history),
      valid: false,
    },
    {
      name: `kafka: ${count.toLocaleString("en")} operations`,
      history: () => kafkaHistory(count),
      check: (history) => checkKafka(history),
      valid: true,
    },
  ]),
];

const component = hardComponent(20_000);
Deno.bench({ name: "cycles: one component of 20,000 transactions, no G-single in it", n: 3, warmup: 0 }, () => {
  const types = findCycles(component).map(({ type }) => type);
  if (types.join() !== "G-nonadjacent-item") throw new Error(`Expected G-nonadjacent-item, got ${types}`);
});

for (const { name, history, check, valid } of CASES) {
  let made: Operation[] | undefined;
  Deno.bench({ name, n: 3, warmup: 0 }, (bench) => {
    made ??= history();
    bench.start();
    const verdict = check(made);
    bench.end();
    if (verdict.valid !== valid) throw new Error(`${name}: expected ${valid}, got ${verdict.valid}`);
  });
}

/**
 * A set to which 25 processes add, and which they read, in turns. Memory would not hold a list for each read: every 500 elements all
 * processes come to see them, and until then they read two copies in turn, so that no list is the one read before.
 */
function setHistory(operations: number, copy: (elements: readonly number[]) => number[]): Operation[] {
  const history: Operation[] = [];
  const elements: number[] = [];
  let copies: number[][] = [[], []];
  let reads = 0;
  for (let turn = 0; turn < operations; turn++) {
    const process = turn % 25;
    if (turn % 2 === 0) {
      operate(history, process, "add", elements.length, elements.length);
      elements.push(elements.length);
    } else {
      if (elements.length % 500 === 0) copies = [copy(elements), copy(elements)];
      operate(history, process, "read", null, copies[reads++ % 2]);
    }
  }
  operate(history, 0, "read", null, copy(elements));
  return history;
}

function shuffle(elements: readonly number[]): number[] {
  return elements.map((element) => ({ element, at: Math.random() })).sort((a, b) => a.at - b.at)
    .map(({ element }) => element);
}

function counterHistory(operations: number): Operation[] {
  const history: Operation[] = [];
  let sum = 0;
  for (let turn = 0; turn < operations; turn++) {
    const delta = turn * 7 % 13 - 5;
    if (turn % 10 === 0) operate(history, turn, "add", delta, delta, "info");
    else {
      operate(history, 0, "add", delta, delta);
      sum += delta;
    }
  }
  operate(history, 0, "read", null, sum, "ok", true);
  return history;
}

function operate(
  history: Operation[],
  process: number,
  f: string,
  value: unknown,
  result: unknown,
  type: "ok" | "info" = "ok",
  final?: true,
): void {
  const fields = { process, f, final };
  for (const entry of [{ type: "invoke", value }, { type, value: result }] as const) {
    history.push({ index: history.length, time: history.length * 1e5, ...fields, ...entry });
  }
}
