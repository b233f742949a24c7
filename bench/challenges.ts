/**
 * Cost of the challenges in simulation: `deno run bench/challenges.ts [--seeds 5] [words]`. Prints a table. Each row is
 * the median of some runs of the official command under virtual time. A word such as `5` or `5b` selects challenges,
 * any other word selects rows by name.
 */

import { parseArgs } from "@std/cli/parse-args";
import broadcast from "../challenges/broadcast.ts";
import { BROADCAST_PROFILES, broadcastEfficient } from "../challenges/broadcast_efficient.ts";
import { gCounter } from "../challenges/g_counter.ts";
import { kafka } from "../challenges/kafka.ts";
import { kafkaLinKV } from "../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../challenges/kafka_single.ts";
import { txn } from "../challenges/txn.ts";
import type { AnyNode } from "../lib/node.ts";
import { parseArguments } from "../lib/workbench/request/arguments.ts";
import { CHALLENGES } from "../lib/workbench/request/challenges.ts";
import { VirtualClock } from "../lib/workbench/world/virtual_clock.ts";
import { inProcessWorld } from "../lib/workbench/world/hosts/in_process/in_process.ts";
import { createRequest } from "../lib/workbench/request/request.ts";
import type { Results } from "../lib/workbench/run/results.ts";
import { runTest } from "../lib/workbench/run/run.ts";
import { WORKLOADS } from "../lib/workbench/workloads/mod.ts";

/** A row: a challenge, a program, and flags in addition to the official ones. */
type Row = [challenge: string, name: string, program: (node: AnyNode) => void, flags?: string];

/** Length of the main phase of all these commands. */
const SECONDS = 20;

const PARTITION = "--nemesis partition";
const mesh = (node: AnyNode) => broadcastEfficient(node, BROADCAST_PROFILES.fast);
const hub = (period: number) => (node: AnyNode) => broadcastEfficient(node, { topology: "hub", period });

const ROWS: Row[] = [
  ["3a", "retry", broadcast],
  ["3b", "retry", broadcast],
  ["3c", "retry", broadcast],
  ["3d", "mesh", mesh],
  ["3d", "mesh, partition", mesh, PARTITION],
  ["3d", "hub, 200 ms", hub(200)],
  ["3d", "hub, 340 ms", hub(340)],
  ["3e", "hub, 850 ms", hub(850)],
  ["3e", "hub, 1650 ms", hub(1650)],
  ["3e", "hub, 850 ms, partition", hub(850), PARTITION],
  ["4", "written", gCounter],
  ["4", "at once", (node) => gCounter(node, { acknowledge: "at-once" })],
  ["4", "written, latency 100", gCounter, "--latency 100"],
  ["5a", "single", kafkaSingle],
  ["5b", "local polls", kafkaLinKV],
  ["5b", "local polls, latency 1", kafkaLinKV, "--latency 1 --latency-dist exponential"],
  ["5b", "local polls, latency 1, partition", kafkaLinKV, `--latency 1 --latency-dist exponential ${PARTITION}`],
  [
    "5b",
    "latest polls, latency 1",
    (node) => kafkaLinKV(node, { polls: "latest" }),
    "--latency 1 --latency-dist exponential",
  ],
  ["5c", "acks one", kafka],
  ["5c", "acks all", (node) => kafka(node, { acks: "all" })],
  ["5c", "acks one, partition", kafka, PARTITION],
  ["5c", "acks one, 5 nodes, partition", kafka, `${PARTITION} --node-count 5`],
  ["5c", "acks one, 25 nodes", kafka, "--node-count 25"],
  ["6a", "single", txn],
  ["6b", "causal", txn],
  ["6c", "causal", txn],
  ["6c", "causal, 5 nodes", txn, "--node-count 5"],
  ["6c", "causal, 25 nodes", txn, "--node-count 25"],
];

async function run([id, , program, flags = ""]: Row, seed: string): Promise<Results> {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const files = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };
  const { options } = createRequest(
    challenge,
    parseArguments(flags.split(" ").filter((word) => word !== "")),
    { root: "", files },
  );
  const clock = new VirtualClock();
  const test = runTest(
    {
      ...options,
      challenge: id,
      workload: WORKLOADS[challenge.workload]!,
      seed,
      limits: challenge.limits,
      logNetSend: false,
      logNetRecv: false,
    },
    inProcessWorld({ program, clock }),
  );
  return await clock.settle(test);
}

/** Extracts the figures of a run, one for each column. */
function figures(results: Results): Record<string, number | string> {
  const stable = results.result.stable_latencies as Record<string, number> | undefined;
  const slowest = Math.max(...Object.values(results.latency_ms ?? {}).map(({ p99 }) => p99));
  return {
    "ops/s": (results.operations?.count ?? 0) / SECONDS,
    "msgs/op": results.net?.servers.msgs_per_op ?? 0,
    "stable p50": stable?.["0.5"] ?? "",
    "stable max": stable?.["1"] ?? "",
    "p99 ms": slowest,
    available: results.availability?.ok_fraction ?? "",
  };
}

function median(values: (number | string)[]): string {
  const sorted = values.toSorted((a, b) => Number(a) - Number(b));
  const value = sorted[sorted.length >> 1]!;
  return typeof value === "number" ? String(Math.round(1000 * value) / 1000) : value;
}

function print(cells: string[]): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`| ${cells.join(" | ")} |\n`));
}

/** Runs the rows that every word selects, and prints the table. */
async function main(words: string[], seeds: number): Promise<void> {
  const selects = (word: string, [id, name]: Row) =>
    /^\d[a-e]?$/.test(word) ? id.startsWith(word) : name.includes(word);
  const selected = ROWS.filter((row) => words.every((word) => selects(word, row)));
  for (const row of selected) {
    const begin = performance.now();
    const runs: Results[] = [];
    for (let seed = 1; seed <= seeds; seed++) runs.push(await run(row, String(seed)));
    const rows = runs.map(figures);
    const columns = Object.keys(rows[0]!);
    if (row === selected[0]) print(["challenge", "program", "valid", ...columns, "s a run"]);
    const valid = new Set(runs.map((results) => String(results.valid)));
    const anomalies = new Set(runs.flatMap(({ anomalies }) => anomalies.map(({ type }) => type)));
    const cells = columns.map((column) => median(rows.map((figure) => figure[column]!)));
    const seconds = (performance.now() - begin) / 1000 / runs.length;
    print([row[0], row[1], [...valid, ...anomalies].join(" "), ...cells, seconds.toFixed(2)]);
  }
}

if (import.meta.main) {
  const { seeds, _: words } = parseArgs(Deno.args, { string: ["seeds"], default: { seeds: "5" } });
  await main(words.map(String), Number(seeds));
}
