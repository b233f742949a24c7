// deno-lint-ignore-file no-console
/**
 * Benchmark of the checkers: `deno run -A bench/checkers.ts [words]` prints a table with a row for each case. Words
 * select the cases that have them in their names.
 *
 * Each case runs in a process of its own, so that its memory is measured alone. Times are user CPU time from the
 * history to the verdict, so that other load on the machine changes them little. Memory is that of the process after
 * the check, the history included.
 */

import process from "node:process";
import { checkCounter } from "../lib/workbench/checkers/counter.ts";
import { findCycles } from "../lib/workbench/checkers/graph/mod.ts";
import { checkEcho } from "../lib/workbench/checkers/echo.ts";
import { checkKafka } from "../lib/workbench/checkers/kafka/mod.ts";
import { checkLinKV } from "../lib/workbench/checkers/linearizable/mod.ts";
import { checkSetFull } from "../lib/workbench/checkers/set/mod.ts";
import { checkTxnListAppend } from "../lib/workbench/checkers/txn/mod.ts";
import { checkTxnRWRegister } from "../lib/workbench/checkers/txn/mod.ts";
import { checkUniqueIds } from "../lib/workbench/checkers/unique_ids.ts";
import type { Operation } from "../lib/workbench/history/operation.ts";
import {
  counterHistory,
  echoHistory,
  idHistory,
  lostHistory,
  registerHistory,
  setHistory,
  shuffle,
} from "./histories.ts";
import { hardComponent, kafkaHistory, txnHistory } from "./txn_histories.ts";

/** A case: a subject, which is created before the clock starts, and the check that is timed. */
interface Case<Subject = unknown> {
  name: string;
  create: () => Subject;
  check: (subject: Subject) => { valid: unknown };
  /** The expected verdict. */
  valid: unknown;
  /** Longest CPU time that is acceptable. */
  limitSeconds?: number;
}

/** Creates a case that checks a history. */
function history(
  name: string,
  create: () => Operation[],
  check: (history: readonly Operation[]) => { valid: unknown },
  valid: unknown = true,
  limitSeconds?: number,
): Case {
  return { name, create, check: (history) => check(history as Operation[]), valid, limitSeconds };
}

const SIZES = [1_000, 10_000, 100_000];

const CASES: Case[] = [
  ...SIZES.flatMap((count) => {
    const size = count.toLocaleString("en");
    const isLargest = count === 100_000;
    return [
      history(`echo: ${size} operations`, () => echoHistory(count), checkEcho),
      history(`unique-ids: ${size} operations`, () => idHistory(count), checkUniqueIds),
      history(
        `set-full: ${size} operations`,
        () => setHistory(count, (elements) => elements.slice()),
        checkSetFull,
        true,
        isLargest ? 2 : undefined,
      ),
      history(`counter: ${size} operations, one in ten of unknown outcome`, () => counterHistory(count), checkCounter),
      history(
        `lin-kv: ${size} operations, 5 keys, 10 clients`,
        () => registerHistory(count, 0),
        checkLinKV,
        true,
        count === 10_000 ? 2 : undefined,
      ),
      history(`kafka: ${size} operations`, () => kafkaHistory(count), checkKafka, true, isLargest ? 2 : undefined),
      ...["append", "w"].flatMap((write) => {
        const [name, check] = write === "w"
          ? ["txn-rw-register", checkTxnRWRegister] as const
          : ["txn-list-append", checkTxnListAppend] as const;
        const limitSeconds = isLargest ? 5 : undefined;
        const create = (staleness: number) => () => txnHistory(count, write as "append" | "w", staleness);
        return [
          history(`${name}: ${size} transactions`, create(0), (history) => check(history), true, limitSeconds),
          history(
            `${name}: ${size} that read stale values`,
            create(20),
            (history) => check(history),
            false,
            limitSeconds,
          ),
        ];
      }),
    ];
  }),
  history("set-full: 20,000 operations, in any order", () => setHistory(20_000, shuffle), checkSetFull),
  history("set-full: 100,000 operations, all lost", () => setHistory(100_000, () => []), checkSetFull, false),
  history("lin-kv: 10,000 operations, 1 % of unknown outcome", () => registerHistory(10_000, 10), checkLinKV),
  history("lin-kv: 10,000 operations, last reads wrong", () => registerHistory(10_000, 0, true), checkLinKV, false),
  history(
    "lin-kv: 500 operations, 10 % unknown, last reads wrong",
    () => registerHistory(500, 100, true),
    checkLinKV,
    false,
  ),
  history("kafka: 100,000 operations, all lost", () => lostHistory(100_000), checkKafka, false),
  {
    name: "cycles: one component of 20,000, no G-single in it",
    create: () => hardComponent(20_000),
    check: (component) => {
      const types = findCycles(component as ReturnType<typeof hardComponent>).map(({ type }) => type);
      return { valid: types.join() };
    },
    valid: "G-nonadjacent-item",
    limitSeconds: 2,
  },
];

/** Result of a case. */
interface Measure {
  /** CPU time. */
  seconds: number;
  /** Resident memory, bytes. */
  memory: number;
}

function measure({ name, create, check, valid }: Case): Measure {
  const subject = create();
  const before = process.cpuUsage();
  const verdict = check(subject);
  const { user } = process.cpuUsage(before);
  if (verdict.valid !== valid) throw new Error(`${name}: expected ${valid}, got ${verdict.valid}`);
  return { seconds: user / 1e6, memory: Deno.memoryUsage().rss };
}

/** Measures a case in a process of its own. */
async function measureApart(index: number): Promise<Measure> {
  const args = ["run", "-A", import.meta.filename!, `--case=${index}`];
  const { success, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`Cannot measure ${CASES[index]!.name}: the process failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const apart = /^--case=(\d+)$/.exec(Deno.args[0] ?? "");
  if (apart !== null) console.log(JSON.stringify(measure(CASES[Number(apart[1])]!)));
  else {
    console.log("| case | seconds | limit | memory |\n| --- | --- | --- | --- |");
    for (const [index, { name, limitSeconds }] of CASES.entries()) {
      if (!Deno.args.every((word) => name.includes(word))) continue;
      const { seconds, memory } = await measureApart(index);
      const limit = limitSeconds === undefined ? "" : `${limitSeconds}${seconds <= limitSeconds ? "" : " missed"}`;
      console.log(`| ${name} | ${seconds.toFixed(2)} | ${limit} | ${Math.round(memory / 1e6)} MB |`);
    }
  }
}
