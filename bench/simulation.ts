/**
 * Speed of simulations.
 *
 * `deno bench -A bench/simulation.ts` times each row. `deno run -A bench/simulation.ts [words of the rows to run]`
 * prints the table of `docs/simulation.md`: each row is the fastest of three runs, in a process of its own. Messages a
 * second are messages received, divided by the time without checking the history and without measuring convergence.
 * Memory is that of the process at its end.
 */

import { BROADCAST_PROFILES, broadcastEfficient } from "../challenges/broadcast_efficient.ts";
import echo from "../challenges/echo.ts";
import { kafka } from "../challenges/kafka.ts";
import { txn } from "../challenges/txn.ts";
import type { AnyNode } from "../lib/node.ts";
import { parseArguments } from "../lib/workbench/request/arguments.ts";
import { CHALLENGES } from "../lib/workbench/request/challenges.ts";
import { createRequest } from "../lib/workbench/request/request.ts";
import { runVirtualTest } from "../lib/workbench/engines/virtual_run.ts";
import type { Workload } from "../lib/workbench/workloads/workload.ts";
import { WORKLOADS } from "../lib/workbench/workloads/mod.ts";

/** A row: a challenge, its program, and flags in addition to the official ones. */
type Row = [challenge: string, program: (node: AnyNode) => void, flags?: string];

/** Simplest broadcast: every node forwards new messages to its neighbours in the topology. */
function flood(node: AnyNode): void {
  const messages = new Set<unknown>();
  let neighbours: string[] = [];
  const add = (message: unknown, from: string) => {
    if (messages.has(message)) return;
    messages.add(message);
    for (const neighbour of neighbours) if (neighbour !== from) node.send(neighbour, { type: "gossip", message });
  };
  node.on("topology", ({ topology }) => {
    neighbours = (topology as Record<string, string[]>)[node.id]!;
    return {};
  });
  node.on("broadcast", ({ message }, { src }) => {
    add(message, src);
    return {};
  });
  node.on("gossip", ({ message }, { src }) => add(message, src));
  node.on("read", () => ({ messages: [...messages] }));
}

/** Numbers of nodes for the flood and the hub, each with flags for that size. */
const SIZES = { "5": "", "25": "", "100": "", "1000": " --rate 10" };

const ROWS: Record<string, Row> = {
  "echo, 5 nodes, rate 10000": ["1", echo, "--node-count 5 --concurrency 4n --rate 10000"],
  "3d (25 nodes)": ["3d", (node) => broadcastEfficient(node, BROADCAST_PROFILES.fast)],
  "3e (25 nodes)": ["3e", broadcastEfficient],
  "5c (2 nodes, rate 1000)": ["5c", kafka],
  "5c, 5 nodes": ["5c", kafka, "--node-count 5"],
  "5c, 25 nodes": ["5c", kafka, "--node-count 25"],
  "6c (2 nodes, rate 1000)": ["6c", txn],
  ...grow("flood of a grid", "3d", flood),
  ...grow("broadcast by a hub", "3e", broadcastEfficient),
};
const RUNS = 3;
const COLUMNS = [
  "valid",
  "virtual s",
  "real s",
  "checking s",
  "converging s",
  "times as fast",
  "messages/s",
  "memory MB",
];

function grow(name: string, challenge: string, program: Row[1]): Record<string, Row> {
  return Object.fromEntries(
    Object.entries(SIZES).map(([size, flags]) => [
      `${name}, ${size} nodes${flags.replace(" --", ", ")}`,
      [challenge, program, `--node-count ${size}${flags}`],
    ]),
  );
}

/** Figures of a run. */
interface Figures {
  /** Real time of the whole run, seconds. */
  seconds: number;
  /** Real time for checking the history, seconds; `checking <= seconds`. */
  checking: number;
  /** Virtual time, seconds. */
  virtual: number;
  messages: number;
  valid: unknown;
}

/** The real clock: while a simulation runs, `performance.now` is not available. */
const now = performance.now.bind(performance);

/** Runs a row once, with or without measuring convergence. */
async function run([id, program, flags = ""]: Row, converging: boolean): Promise<Figures> {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const files = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };
  const words = flags.split(" ").filter((word) => word !== "");
  const { options } = createRequest(challenge, parseArguments(words), { root: "", files });
  const workload = WORKLOADS[challenge.workload]!;
  let checking = 0;
  let virtual = 0;
  const timed: Workload = {
    ...workload,
    convergence: converging ? workload.convergence : undefined,
    check(history, options) {
      const before = now();
      virtual = history.at(-1)!.time / 1e9;
      const verdict = workload.check(history, options);
      checking = (now() - before) / 1000;
      return verdict;
    },
  };
  const settings = { challenge: id, seed: "bench", limits: [], logNetSend: false, logNetRecv: false };
  const before = now();
  const { net, valid } = await runVirtualTest({ ...options, ...settings, workload: timed }, program);
  return { seconds: (now() - before) / 1000, checking, virtual, messages: net!.all.recv_count, valid };
}

async function measure(row: Row): Promise<string[]> {
  const fastest = async (converging: boolean) => {
    const runs: Figures[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await run(row, converging));
    return runs.toSorted((a, b) => a.seconds - b.seconds)[0]!;
  };
  const test = await fastest(false);
  const whole = await fastest(true);
  return [
    String(whole.valid),
    whole.virtual.toFixed(1),
    whole.seconds.toFixed(2),
    whole.checking.toFixed(2),
    Math.max(0, whole.seconds - test.seconds).toFixed(2),
    (whole.virtual / whole.seconds).toFixed(0),
    (test.messages / (test.seconds - test.checking)).toFixed(0),
    (Deno.memoryUsage().rss / 2 ** 20).toFixed(0),
  ];
}

function print(cells: readonly string[]): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`| ${cells.join(" | ")} |\n`));
}

async function printTable(words: readonly string[]): Promise<void> {
  print(["simulation", ...COLUMNS]);
  print(["---", ...COLUMNS.map(() => "---:")]);
  for (const name of Object.keys(ROWS).filter((name) => words.every((word) => name.includes(word)))) {
    const args = ["run", "-A", decodeURIComponent(new URL(import.meta.url).pathname), "--row", name];
    await new Deno.Command(Deno.execPath(), { args, stdout: "inherit" }).output();
  }
}

for (const [name, row] of Object.entries(ROWS)) {
  Deno.bench(name, { n: RUNS, warmup: 1 }, async () => void await run(row, true));
}

if (import.meta.main) {
  const [flag, name = ""] = Deno.args;
  if (flag === "--row") print([name, ...await measure(ROWS[name]!)]);
  else await printTable(Deno.args);
}
