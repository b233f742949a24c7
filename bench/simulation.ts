/**
 * How fast simulations are: `deno run -A bench/simulation.ts [words of the rows to run]`. Each row is the fastest of three runs, in a
 * process of its own; messages a second are those received, by the time that it took without the checking of the history; memory is what
 * the process has at its end.
 */

import { broadcast, BROADCAST_PROFILES } from "../challenges/broadcast.ts";
import { echo } from "../challenges/echo.ts";
import { kafka } from "../challenges/kafka.ts";
import { txn } from "../challenges/txn.ts";
import type { AnyNode } from "../lib/node.ts";
import { parseArguments } from "../lib/workbench/arguments.ts";
import { CHALLENGES } from "../lib/workbench/challenges.ts";
import { createRequest } from "../lib/workbench/request.ts";
import { runSimulation } from "../lib/workbench/simulation.ts";
import type { Workload } from "../lib/workbench/workload.ts";
import { WORKLOADS } from "../lib/workbench/workloads/mod.ts";

/** One row: a challenge, its program, and flags besides the official ones. */
type Row = [challenge: string, program: (node: AnyNode) => void, flags?: string];

/** The plainest broadcast: every node tells its neighbours in the topology what is new to it. */
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

const ROWS: Record<string, Row> = {
  "echo, 5 nodes, rate 10000": ["1", echo, "--node-count 5 --concurrency 4n --rate 10000"],
  "3d, mesh": ["3d", broadcast(BROADCAST_PROFILES.fast)],
  "3e, hub": ["3e", broadcast(BROADCAST_PROFILES.efficient)],
  "5c": ["5c", kafka()],
  "5c, 5 nodes": ["5c", kafka(), "--node-count 5"],
  "5c, 25 nodes": ["5c", kafka(), "--node-count 25"],
  "6c": ["6c", txn()],
  "flood of a grid, 5 nodes": ["3d", flood, "--node-count 5"],
  "flood of a grid, 25 nodes": ["3d", flood],
  "flood of a grid, 100 nodes": ["3d", flood, "--node-count 100"],
  "flood of a grid, 1000 nodes, rate 10": ["3d", flood, "--node-count 1000 --rate 10"],
};
const RUNS = 3;
const COLUMNS = ["valid", "virtual s", "real s", "of it checking", "times as fast", "messages/s", "memory MB"];

/** What one run comes to. */
interface Figures {
  /** Of the machine: in all, and for checking the history. */
  seconds: number;
  checking: number;
  /** Seconds of virtual time. */
  virtual: number;
  messages: number;
  valid: unknown;
}

async function run([id, program, flags = ""]: Row): Promise<Figures> {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const files = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };
  const words = flags.split(" ").filter((word) => word !== "");
  const { options } = createRequest(challenge, parseArguments(words), "", files);
  const workload = WORKLOADS[challenge.workload]!;
  const now = performance.now.bind(performance);
  let checking = 0;
  let virtual = 0;
  const timed: Workload = {
    ...workload,
    check(history, options) {
      const before = now();
      virtual = history.at(-1)!.time / 1e9;
      const verdict = workload.check(history, options);
      checking = (now() - before) / 1000;
      return verdict;
    },
  };
  const settings = { challenge: id, seed: "bench", targets: [], logNetSend: false, logNetRecv: false };
  const before = now();
  const { net, valid } = await runSimulation({ ...options, ...settings, workload: timed }, program);
  return { seconds: (now() - before) / 1000, checking, virtual, messages: net!.all.recv_count, valid };
}

async function measure(row: Row): Promise<string[]> {
  const runs: Figures[] = [];
  for (let i = 0; i < RUNS; i++) runs.push(await run(row));
  const { seconds, checking, virtual, messages, valid } = runs.toSorted((a, b) => a.seconds - b.seconds)[0]!;
  return [
    String(valid),
    virtual.toFixed(1),
    seconds.toFixed(2),
    checking.toFixed(2),
    (virtual / seconds).toFixed(0),
    (messages / (seconds - checking)).toFixed(0),
    (Deno.memoryUsage().rss / 2 ** 20).toFixed(0),
  ];
}

function print(cells: readonly string[]): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`| ${cells.join(" | ")} |\n`));
}

const [flag, name = ""] = Deno.args;
if (flag === "--row") print([name, ...await measure(ROWS[name]!)]);
else {
  print(["simulation", ...COLUMNS]);
  print(["---", ...COLUMNS.map(() => "---:")]);
  for (const name of Object.keys(ROWS).filter((name) => Deno.args.every((word) => name.includes(word)))) {
    const args = ["run", "-A", decodeURIComponent(new URL(import.meta.url).pathname), "--row", name];
    await new Deno.Command(Deno.execPath(), { args, stdout: "inherit" }).output();
  }
}
