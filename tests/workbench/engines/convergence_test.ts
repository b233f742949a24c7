import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import broadcast from "../../../challenges/broadcast.ts";
import { gCounter } from "../../../challenges/g_counter.ts";
import { kafka } from "../../../challenges/kafka.ts";
import { kafkaLinKV } from "../../../challenges/kafka_lin_kv.ts";
import { txn } from "../../../challenges/txn.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";
import { LOOK_INTERVAL, measureConvergence } from "../../../lib/workbench/engines/convergence.ts";
import { inProcessWorld } from "../../../lib/workbench/world/hosts/in_process/in_process.ts";
import type { World } from "../../../lib/workbench/world/hosts/world.ts";
import { type HealedTest, type RunOptions, runTest, runUntilHealed } from "../../../lib/workbench/run/run.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import type { Store } from "../../../lib/workbench/run/store/store.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import txnPrimary from "../../right/txn_primary.ts";
import broadcastWithoutRetry from "../../wrong/broadcast_without_retry.ts";
import logLastWriterWins from "../../wrong/log_last_writer_wins.ts";
import txnWithoutTimestamp from "../../wrong/txn_without_timestamp.ts";
import { runOptions } from "../run/stand_in.ts";

const OPTIONS = runOptions({
  workload: WORKLOADS.broadcast!,
  timeLimitSeconds: 5,
  rate: 20,
  latency: { mean: 100, distribution: "constant" },
  consistencyModels: ["read-committed"],
});

type AnyProgram = (node: AnyNode) => void;

/** Does something in a new world of a program, in virtual time. */
async function inVirtualTime<T>(program: unknown, act: (world: World) => Promise<T>): Promise<T> {
  const clock = new VirtualClock();
  return await clock.settle(act(inProcessWorld({ program: program as AnyProgram, clock })));
}

/** Measures the convergence time of a program that converges, ms. */
async function measure(program: unknown, options: Partial<RunOptions> = {}): Promise<number> {
  const { time, lacking } = (await measureConvergence({ ...OPTIONS, ...options }, program as AnyProgram))!;
  assertEquals(lacking, []);
  return time!;
}

/** Returns what the nodes of a program that does not converge lack. */
async function lacking(program: unknown, options: Partial<RunOptions> = {}): Promise<readonly string[]> {
  const { time, lacking } = (await measureConvergence({ ...OPTIONS, ...options }, program as AnyProgram))!;
  assertEquals(time, null);
  return lacking;
}

/** Returns the state of a test when the nemesis has healed. */
async function healed(program: unknown, options: Partial<RunOptions>): Promise<HealedTest> {
  let seen: HealedTest | undefined;
  await inVirtualTime(program, (world) =>
    runUntilHealed({ ...OPTIONS, ...options }, world, (test) => {
      seen = test;
      return Promise.resolve();
    }));
  return seen!;
}

/** A broadcast in which each node sends all its values to all others, every 4 s. */
function slow(node: AnyNode): void {
  const values = new Set<unknown>();
  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    values.add(message);
    return {};
  });
  node.every(4000, () => node.peers.forEach((peer) => node.send(peer, { type: "gossip", all: [...values] })));
  node.on("gossip", ({ all }) => (all as unknown[]).forEach((value) => values.add(value)));
  node.on("read", () => ({ messages: [...values] }));
}

Deno.test("without faults, convergence is measured from the last write", async () => {
  const converged = await measure(slow);
  const { history, healedAt: at } = await healed(slow, {});
  assertEquals(at, undefined);
  const lastWrite = history.findLast(({ type, f }) => type === "ok" && f === "broadcast")!.time / 1e6;
  // Writes end at 5 s. The nodes send their values at 8 s; they arrive 100 ms later.
  assertGreaterOrEqual(converged, 8100 - lastWrite);
  assertLessOrEqual(converged, Math.ceil(8100 - lastWrite) + LOOK_INTERVAL);
});

Deno.test("after faults, convergence is measured from the last heal", async () => {
  // The partition begins at once, and only the end of the main phase ends it.
  const options = { nemesis: ["partition"], nemesisIntervalSeconds: 1000 };
  const { healedAt: at } = await healed(slow, options);
  assertGreater(at!, 4000);
  const converged = await measure(slow, options);
  assertGreaterOrEqual(converged, 8100 - at!);
  assertLessOrEqual(converged, 8100 - at! + LOOK_INTERVAL);
});

Deno.test("a fault ends when the nemesis ends it, or at the end of the main phase", async () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) {
    const { history, healedAt: at } = await healed(slow, { nemesis: ["partition"], seed: String(seed) });
    // The last two operations always heal, even if nothing is broken.
    const { f, time } = history.filter(({ process }) => process === "nemesis").at(-3)!;
    kinds.add(f);
    assertEquals(at, (f === "stop-partition" ? time : history.at(-1)!.time) / 1e6);
  }
  assertEquals(kinds.size, 2);
});

const RIGHT: [name: string, program: unknown, options: Partial<RunOptions>][] = [
  ["broadcast", broadcast, { workload: WORKLOADS.broadcast! }],
  ["g-counter", gCounter, { workload: WORKLOADS["g-counter"]! }],
  ["kafka", kafka, { workload: WORKLOADS.kafka! }],
  ["kafka, in lin-kv", kafkaLinKV, { workload: WORKLOADS.kafka! }],
  ["txn-rw-register", txn, { workload: WORKLOADS["txn-rw-register"]! }],
  ["txn-list-append", txnPrimary, { workload: WORKLOADS["txn-list-append"]! }],
];

for (const [name, program, options] of RIGHT) {
  Deno.test(`${name}: a right program converges, also with partitions, and the seed repeats the time`, async () => {
    const calm = await measure(program, options);
    assertGreaterOrEqual(calm, 0);
    assertLess(calm, 3000);
    if (program === txnPrimary) return; // It is not written for partitions.
    const faulty = { ...options, nemesis: ["partition"] };
    const converged = await measure(program, faulty);
    assertGreaterOrEqual(converged, 0);
    assertLess(converged, 10_000);
    assertEquals(await measure(program, faulty), converged);
  });
}

Deno.test("up to the heal, the measured run equals the test", async () => {
  const options = { nemesis: ["partition", "loss", "kill"], nemesisIntervalSeconds: 1 };
  const { history } = await healed(broadcast, options);
  let stored: readonly Operation[] = [];
  const store: Store = {
    path: "",
    message() {},
    history: (recorded) => void (stored = recorded),
    results() {},
    problem: () => undefined,
    close() {},
  };
  await inVirtualTime(broadcast, (world) => runTest({ ...OPTIONS, ...options }, world, { store }));
  assertEquals(stored.slice(0, history.length), [...history]);
  // The rest is the final reads.
  assert(stored.slice(history.length).every(({ final }) => final));
});

Deno.test("if no write is acknowledged, convergence is measured from the start of the last one", async () => {
  const silent = (node: AnyNode) => {
    node.on("topology", () => ({}));
    node.on("broadcast", () => {});
    node.on("read", () => ({ messages: [] }));
  };
  const { history } = await healed(silent, {});
  const begun = history.findLast(({ type, f }) => type === "invoke" && f === "broadcast")!.time / 1e6;
  assertGreater(begun, 0);
  // The main phase ends when the last client's request times out.
  assertEquals(await measure(silent), Math.ceil(history.at(-1)!.time / 1e6 - begun));
});

/** Acknowledges everything and stores nothing. */
function deaf(node: AnyNode): void {
  node.on("topology", () => ({}));
  node.on("broadcast", () => ({}));
  node.on("add", () => ({}));
  node.on("read", () => ({ messages: [] }));
  node.on("send", () => ({ offset: 0 }));
  node.on("poll", () => ({ msgs: {} }));
  node.on("commit_offsets", () => ({}));
  node.on("list_committed_offsets", () => ({ offsets: {} }));
}

Deno.test("a broadcast that does not converge: the report names each node and the values that it lacks", async () => {
  const lacks = await lacking(broadcastWithoutRetry, { nemesis: ["partition"], nemesisIntervalSeconds: 1000 });
  assert(lacks.length > 0 && lacks.length <= 3);
  for (const line of lacks) assertMatch(line, /^n\d lacked \d+ of \d+ values: \d+(, \d+){0,3}( …)?$/);
  const counts = (await lacking(deaf)).map((line) => line.match(/^n\d lacked (\d+) of (\d+) values: 0, /)!.slice(1));
  assertEquals(counts.length, 3);
  assert(counts.every(([lacked, all]) => lacked === all));
});

const JITTER = { latency: { mean: 50, distribution: "exponential" } } as const;

Deno.test("a log that does not converge: the report names messages with key and offset", async () => {
  const options = { workload: WORKLOADS.kafka!, rate: 50, ...JITTER };
  const message = /^n\d lacked \d+ of \d+ messages \[key, offset, message\]: \["\d+",\d+,\d+\]/;
  for (const program of [logLastWriterWins, deaf]) assertMatch((await lacking(program, options))[0]!, message);
});

Deno.test("registers that do not converge: the report names the keys on which nodes differ", async () => {
  const lacks = await lacking(txnWithoutTimestamp, { workload: WORKLOADS["txn-rw-register"]!, ...JITTER });
  for (const line of lacks) assertMatch(line, /^key \d+ was (\d+|null) on n\d(, n\d)? and (\d+|null) on n\d(, n\d)?/);
});

Deno.test("a counter that does not converge: the report names its value on each node", async () => {
  const forgetful = (node: AnyNode) => {
    let value = 0;
    node.on("add", ({ delta }) => {
      value += delta as number;
      return {};
    });
    node.on("read", () => ({ value }));
  };
  const [line = "", ...others] = await lacking(forgetful, { workload: WORKLOADS["g-counter"]! });
  assertEquals(others, []);
  assertMatch(line, /^the counter was \d+, which is not a sum of the adds, on n\d(?:, n\d)* and \d+, which is/);
});

Deno.test("a counter whose nodes agree on a wrong sum has not converged", async () => {
  const zero = (node: AnyNode) => {
    node.on("add", () => ({}));
    node.on("read", () => ({ value: 0 }));
  };
  const lacks = await lacking(zero, { workload: WORKLOADS["g-counter"]! });
  assertEquals(lacks, ["the counter was 0, which is not a sum of the adds, on n0, n1, n2"]);
});

/** Makes n2 stop answering some requests after 4 s. */
function goingSilent(program: unknown, types: string[]): AnyProgram {
  return (node) => {
    const receive = node.on.bind(node) as (type: string, handler: (...args: unknown[]) => unknown) => void;
    (node as { on: unknown }).on = (type: string, handler: (...args: unknown[]) => unknown) =>
      receive(type, (...args) => {
        const silent = node.id === "n2" && types.includes(type) && node.now() % 86_400_000 > 4000;
        return silent ? new Promise(() => {}) : handler(...args);
      });
    (program as AnyProgram)(node);
  };
}

Deno.test("a node that does not answer has not converged, unless the read is larger than any client's", async () => {
  assertEquals(await lacking(goingSilent(broadcast, ["read"])), ["n2 answered nothing"]);
  const transactions = { ...OPTIONS, workload: WORKLOADS["txn-rw-register"]! };
  assertEquals(await measureConvergence(transactions, goingSilent(txn, ["txn"])), undefined);
});

Deno.test("nothing is measured if a test ends early, or the workload defines no convergence", async () => {
  assertEquals(await measureConvergence(OPTIONS, () => {}), undefined);
  assertEquals(await measureConvergence({ ...OPTIONS, workload: WORKLOADS.echo! }, () => {}), undefined);
  const stop = new AbortController();
  const stopping = (node: AnyNode) => {
    broadcast(node as never);
    node.after(1000, () => stop.abort(new Error("interrupted")));
  };
  assertEquals(await measureConvergence(OPTIONS, stopping, { signal: stop.signal }), undefined);
});

Deno.test("a livelock after the heal is an exception", async () => {
  /** A read after the main phase starts an endless exchange of pings. */
  const endless = (node: AnyNode) => {
    node.on("add", () => ({}));
    node.on("read", () => {
      if (node.now() % 86_400_000 >= OPTIONS.timeLimitSeconds * 1000) node.send(node.peers[0]!, { type: "ping" });
      return { value: 0 };
    });
    node.on("ping", (_, { src }) => node.send(src, { type: "ping" }));
  };
  const options: RunOptions = {
    ...OPTIONS,
    workload: { ...WORKLOADS["g-counter"]!, final: undefined },
    latency: { mean: 0, distribution: "constant" },
  };
  const hooks = { maxAtOnce: 10_000 };
  const { exceptions = [], ...converged } = (await measureConvergence(options, endless, hooks))!;
  assertEquals(converged, { time: null, lacking: [] });
  assertEquals(exceptions.map(({ type, fatal }) => [type, fatal]), [["time-stands-still", true]]);
  assertMatch(exceptions[0]!.message, /^Time stands still at [\d.]+ ms: /);
  const { valid, exceptions: told, result } = await runVirtualTest(options, endless, hooks);
  const noted = exceptions.map((each) => ({ ...each, maelstrom: "finds" }));
  assertEquals<unknown[]>([valid, told, result.convergence_ms], [false, noted, null]);
});

Deno.test("results contain the convergence time if the workload defines it", async () => {
  const run = (program: unknown, options: Partial<RunOptions>) =>
    runVirtualTest({ ...OPTIONS, ...options }, program as AnyProgram);
  const { valid, result } = await run(slow, {});
  assertEquals([valid, result.convergence_ms], [true, await measure(slow)]);
  const echo = (node: AnyNode) => node.on("echo", ({ echo }) => ({ echo }));
  assert(!("convergence_ms" in (await run(echo, { workload: WORKLOADS.echo! })).result));
});

Deno.test("a test whose nodes do not converge is invalid, even if no client has noticed", async () => {
  /** Each node counts only its own adds. */
  const selfish = (node: AnyNode) => {
    let own = 0;
    node.on("add", ({ delta }) => {
      own += delta as number;
      return {};
    });
    node.on("read", () => ({ value: own }));
  };
  const { valid, passed, anomalies, result, maelstrom } = await runVirtualTest(
    { ...OPTIONS, workload: { ...WORKLOADS["g-counter"]!, final: undefined } },
    selfish,
  );
  assertEquals([valid, passed, result.convergence_ms], [false, false, null]);
  assertEquals(anomalies.map(({ type, count }) => [type, count]), [["no-final-read", 1], ["not-converged", 1]]);
  assertEquals(maelstrom.valid, true);
  assertMatch(anomalies[1]!.explanation, /^After 10 s without faults, the counter was \d+, which/);
});

Deno.test("convergence is not measured after a test that ends early", async () => {
  const stop = new AbortController();
  const stopping = (node: AnyNode) => {
    slow(node);
    node.after(1000, () => stop.abort(new Error("interrupted")));
  };
  const { valid, result, anomalies } = await runVirtualTest(OPTIONS, stopping, { signal: stop.signal });
  assertEquals([valid, result.convergence_ms], ["unknown", null]);
  assert(anomalies.every(({ type }) => type !== "not-converged"));
  const failing = await runVirtualTest(OPTIONS, (node) => {
    slow(node);
    node.after(1000, () => node.send("nobody", { type: "hello" }));
  });
  assertEquals([failing.exceptions[0]!.fatal, failing.result.convergence_ms], [true, null]);
  assert(failing.anomalies.every(({ type }) => type !== "not-converged"));
});
