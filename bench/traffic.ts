/**
 * Operations a second with real nodes: `deno run -A bench/traffic.ts [seconds]`, 5 s for each figure by default. The
 * 3 s before them do not count: until then, Deno compiles the programs.
 *
 * 1. A bare closed loop over the same pipes: as many requests under way as the workbench has workers, and nothing else.
 *    It is the most that any workbench in this language could do.
 * 2. The workbench without a limit: its capacity, and its share of the bare loop's. The two run in turns.
 * 3. The workbench at some rates: what was asked and what was given.
 * 4. How late the network's messages are, of which the latency is simulated, at 10,000 a second.
 *
 * Other work on the machine changes all of these, and the nodes of the second test take all of two cores.
 */

import { ROOT } from "../lib/workbench/cli/root.ts";
import { median } from "./measure/figures.ts";

const SECONDS = Number(Deno.args[0] ?? 5);
/** Time before those seconds. */
const WARM_UP = 3;
const ROUNDS = 3;
/** Workers for each node. */
const WORKERS = 20;
const RATES = [100, 1000, 5000, 10_000, 20_000, 40_000];
/** More operations a second than anything can do. */
const NO_LIMIT = 1_000_000;
const BIN = `${ROOT}/challenges/bin`;

/** Latency of messages between nodes, ms. */
const LATENCY = 10;
/** A rate of requests with which five nodes exchange 10,000 messages a second: each node tells the four others. */
const CHATTER_RATE = 2500;

/** Counts the replies a second of `challenges/bin/echo` on some nodes to a closed loop. */
async function bareLoop(nodes: number): Promise<number> {
  const starting = Promise.withResolvers<void>();
  let left = nodes;
  const onStart = () => --left === 0 ? starting.resolve() : undefined;
  const counts = await Promise.all(Array.from({ length: nodes }, () => loopOnce(starting.promise, onStart)));
  return counts.reduce((sum, count) => sum + count) / SECONDS;
}

/**
 * Starts a node, and answers each reply with a request. Returns the number of replies in {@linkcode SECONDS}, which
 * begin {@linkcode WARM_UP} after all nodes have started.
 *
 * @param allStarted Fulfilled when all nodes have started.
 * @param onStart Called when this one has.
 */
async function loopOnce(allStarted: Promise<void>, onStart: () => void): Promise<number> {
  const child = new Deno.Command(`${BIN}/echo`, { env: { DENO: Deno.execPath() }, stdin: "piped", stdout: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  const encoder = new TextEncoder();
  let lastId = 1;
  const request = () => {
    const body = { type: "echo", msg_id: ++lastId, echo: `Please echo ${lastId % 128}` };
    return `${JSON.stringify({ id: lastId, src: "c1", dest: "n0", body })}\n`;
  };
  const init = { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0"] };
  await writer.write(encoder.encode(`${JSON.stringify({ src: "c0", dest: "n0", body: init })}\n`));
  let begin: number | undefined;
  let count = 0;
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    let requests = "";
    if (begin === undefined) {
      onStart();
      await allStarted;
      begin = performance.now() + WARM_UP * 1000;
      while (lastId <= WORKERS) requests += request();
    } else {
      for (const line of lines) if (typeof JSON.parse(line).body.in_reply_to === "number") requests += request();
      if (performance.now() > begin) count += lines.length;
      if (performance.now() > begin + SECONDS * 1000) break;
    }
    await writer.write(encoder.encode(requests));
  }
  child.kill("SIGKILL");
  await child.status;
  return count;
}

/** Runs a test with processes. */
async function workbench(store: string, ...flags: string[]): Promise<void> {
  const { stdout } = await new Deno.Command(`${ROOT}/maelstrom.sh`, {
    args: ["test", ...flags, "--time-limit", String(WARM_UP + SECONDS), "--store", store, "--json", "--quiet"],
    env: { DENO: Deno.execPath() },
    stderr: "inherit",
  }).output();
  const { valid } = JSON.parse(new TextDecoder().decode(stdout));
  if (valid !== true) throw new Error(`Cannot measure ${flags.join(" ")}: the result is ${valid}`);
}

/** Runs a test of echo, and returns the operations of each second after the warm-up. */
function operationRate(nodes: number, rate: number): Promise<number> {
  return withStore(async (store) => {
    await workbench(store, ...echoFlags(nodes, rate));
    return countInvocations(`${store}/latest/history.jsonl`) / SECONDS;
  });
}

/** Counts the invocations in the last {@linkcode SECONDS} before the last one. */
function countInvocations(path: string): number {
  const times = Deno.readTextFileSync(path).split("\n").filter((line) => line.includes('"type":"invoke"'))
    .map((line) => JSON.parse(line).time / 1e9);
  return times.filter((time) => time > times.at(-1)! - SECONDS).length;
}

function echoFlags(nodes: number, rate: number): string[] {
  const flags = ["--node-count", String(nodes), "--concurrency", `${WORKERS}n`, "--rate", String(rate)];
  return ["-w", "echo", "--bin", `${BIN}/echo`, ...flags];
}

async function compare(nodes: number): Promise<void> {
  const bare: number[] = [];
  const capacity: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareLoop(nodes));
    capacity.push(await operationRate(nodes, NO_LIMIT));
  }
  const share = median(capacity.map((rate, round) => rate / bare[round]!))!;
  const most = median(capacity)!;
  print(`${nodes === 1 ? "1 node" : `${nodes} nodes`}, ${WORKERS * nodes} workers, operations a second`);
  print(`  bare loop  ${figure(median(bare)!)}`);
  print(`  no limit   ${figure(most)}  ${share.toFixed(2)} of the bare loop`);
  for (const rate of RATES) {
    const given = await operationRate(nodes, rate);
    const ratio = given / Math.min(rate, most);
    print(`  ${figure(rate)}     ${figure(given)}  ${ratio.toFixed(2)} of ${rate < most ? "the rate" : "no limit"}`);
  }
}

async function withStore<T>(use: (store: string) => Promise<T>): Promise<T> {
  const store = await Deno.makeTempDir({ prefix: "traffic-" });
  try {
    return await use(store);
  } finally {
    await Deno.remove(store, { recursive: true });
  }
}

async function measureLateness(): Promise<void> {
  const flags = ["--node-count", "5", "--concurrency", `${WORKERS}n`, "--rate", String(CHATTER_RATE)];
  const late = await withStore(async (store) => {
    const bin = `${ROOT}/bench/measure/chatter.ts`;
    await workbench(store, "-w", "echo", "--bin", bin, ...flags, "--latency", String(LATENCY));
    return readLateness(`${store}/latest/messages.jsonl`);
  });
  const quantile = (share: number) => late[Math.floor(share * (late.length - 1))]!.toFixed(2);
  const count = figure(late.length / SECONDS).trim();
  print(`${count} messages a second between nodes, late by ${quantile(0.5)} ms (median), ${quantile(0.99)} ms (p99)`);
}

/** Reads how late each message between nodes was in the last {@linkcode SECONDS}, ms, in ascending order. */
function readLateness(path: string): number[] {
  const due = new Map<number, number>();
  const arrivals: { at: number; late: number }[] = [];
  for (const line of Deno.readTextFileSync(path).trimEnd().split("\n")) {
    const { time, type, message: { id, src, dest } } = JSON.parse(line);
    if (src.startsWith("c") || dest.startsWith("c")) continue;
    const at = time / 1e6;
    if (type === "send") due.set(id, at + LATENCY);
    else arrivals.push({ at, late: at - due.get(id)! });
  }
  const begin = arrivals.at(-1)!.at - SECONDS * 1000;
  return arrivals.filter(({ at }) => at > begin).map(({ late }) => late).sort((a, b) => a - b);
}

function figure(value: number): string {
  return Math.round(value).toLocaleString("en").padStart(9);
}

function print(line: string): void {
  // deno-lint-ignore no-console -- this is what the script is for
  console.log(line);
}

if (import.meta.main) {
  for (const nodes of [1, 5]) await compare(nodes);
  await measureLateness();
}
