// @ts-types="../../types/assert.d.ts"
import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLess, assertLessOrEqual } from "@std/assert";
import { broadcast } from "../../challenges/broadcast.ts";
import { gCounter } from "../../challenges/g_counter.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import { txn } from "../../challenges/txn.ts";
import type { AnyNode } from "../../lib/node.ts";
import { VirtualClock } from "../../lib/workbench/clock.ts";
import { LOOK_INTERVAL, measureConvergence } from "../../lib/workbench/convergence.ts";
import { inProcessWorld } from "../../lib/workbench/hosts/in_process.ts";
import type { World } from "../../lib/workbench/cluster.ts";
import { type HealedTest, type RunOptions, runTest, runUntilHealed } from "../../lib/workbench/run.ts";
import type { Operation } from "../../lib/workbench/operation.ts";
import type { Store } from "../../lib/workbench/store.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";
import txnPrimary from "../right/txn_primary.ts";
import broadcastWithoutRetry from "../wrong/broadcast_without_retry.ts";
import logLastWriterWins from "../wrong/log_last_writer_wins.ts";
import txnWithoutTimestamp from "../wrong/txn_without_timestamp.ts";
import { runOptions } from "./stand_in.ts";

const OPTIONS = runOptions({
  workload: WORKLOADS.broadcast!,
  timeLimit: 5,
  rate: 20,
  latency: { mean: 100, distribution: "constant" },
  consistencyModels: ["read-committed"],
});

type AnyProgram = (node: AnyNode) => void;

/** Does something in a fresh simulation of a program. */
async function simulate<T>(program: unknown, act: (world: World) => Promise<T>): Promise<T> {
  const clock = new VirtualClock();
  let over = false;
  const acting = act(inProcessWorld({ program: program as AnyProgram, clock })).finally(() => over = true);
  await clock.run(() => over);
  return await acting;
}

function measure(program: unknown, options: Partial<RunOptions> = {}): Promise<number | null> {
  return measureConvergence({ ...OPTIONS, ...options }, program as AnyProgram);
}

/** What was there when the nemesis had healed. */
async function healed(program: unknown, options: Partial<RunOptions>): Promise<HealedTest> {
  let seen: HealedTest | undefined;
  await simulate(program, (world) =>
    runUntilHealed({ ...OPTIONS, ...options }, world, (test) => {
      seen = test;
      return Promise.resolve();
    }));
  return seen!;
}

/** A broadcast in which all nodes tell each other everything, every 4 s. */
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

Deno.test("without faults it is the time from the last write until every node has everything", async () => {
  const converged = await measure(slow);
  const { history, healed: at } = await healed(slow, {});
  assertEquals(at, undefined);
  const lastWrite = history.findLast(({ type, f }) => type === "ok" && f === "broadcast")!.time / 1e6;
  // What was written by 5 s is told at 8 s, and arrives 100 ms later.
  assertGreaterOrEqual(converged!, 8100 - lastWrite);
  assertLessOrEqual(converged!, Math.ceil(8100 - lastWrite) + LOOK_INTERVAL);
});

Deno.test("after faults it is the time from the last heal", async () => {
  // The partition begins at once, and does not end by itself.
  const options = { nemesis: ["partition"], nemesisInterval: 1000 };
  const { healed: at } = await healed(slow, options);
  assertGreater(at!, 4000);
  const converged = await measure(slow, options);
  assertGreaterOrEqual(converged!, 8100 - at!);
  assertLessOrEqual(converged!, 8100 - at! + LOOK_INTERVAL);
});

Deno.test("a fault ends when the nemesis ends it, or at the end of the main phase", async () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 10; seed++) {
    const { history, healed: at } = await healed(slow, { nemesis: ["partition"], seed: String(seed) });
    // The last two operations heal, whether or not there is anything to heal.
    const { f, time } = history.filter(({ process }) => process === "nemesis").at(-3)!;
    kinds.add(f);
    assertEquals(at, (f === "stop-partition" ? time : history.at(-1)!.time) / 1e6);
  }
  assertEquals(kinds.size, 2);
});

const RIGHT: [name: string, program: unknown, options: Partial<RunOptions>][] = [
  ["broadcast", broadcast(), { workload: WORKLOADS.broadcast! }],
  ["g-counter", gCounter(), { workload: WORKLOADS["g-counter"]! }],
  ["kafka", kafka(), { workload: WORKLOADS.kafka! }],
  ["kafka, in lin-kv", kafkaLinKV(), { workload: WORKLOADS.kafka! }],
  ["txn-rw-register", txn(), { workload: WORKLOADS["txn-rw-register"]! }],
  ["txn-list-append", txnPrimary, { workload: WORKLOADS["txn-list-append"]! }],
];

for (const [name, program, options] of RIGHT) {
  Deno.test(`${name}: a right program converges, with and without partitions, and a seed repeats it`, async () => {
    const calm = await measure(program, options);
    assertGreaterOrEqual(calm!, 0);
    assertLess(calm!, 3000);
    if (program === txnPrimary) return; // It is not made for partitions.
    const faulty = { ...options, nemesis: ["partition"] };
    const converged = await measure(program, faulty);
    assertGreaterOrEqual(converged!, 0);
    assertLess(converged!, 10_000);
    assertEquals(await measure(program, faulty), converged);
  });
}

Deno.test("up to the heal the measured run is the test itself", async () => {
  const options = { nemesis: ["partition", "loss", "kill"], nemesisInterval: 1 };
  const { history } = await healed(broadcast(), options);
  let stored: readonly Operation[] = [];
  const store: Store = {
    path: "",
    nodeLog: String,
    message() {},
    history: (recorded) => void (stored = recorded),
    results() {},
    problem: () => undefined,
    close() {},
  };
  await simulate(broadcast(), (world) => runTest({ ...OPTIONS, ...options }, world, { store }));
  assertEquals(stored.slice(0, history.length), [...history]);
  // What follows are the final reads.
  assert(stored.slice(history.length).every(({ final }) => final));
});

Deno.test("where nobody acknowledges a write it is the time from the last one that was begun", async () => {
  const silent = (node: AnyNode) => {
    node.on("topology", () => ({}));
    node.on("broadcast", () => {});
    node.on("read", () => ({ messages: [] }));
  };
  const { history } = await healed(silent, {});
  const begun = history.findLast(({ type, f }) => type === "invoke" && f === "broadcast")!.time / 1e6;
  assertGreater(begun, 0);
  // The main phase is over when the last client has given up.
  assertEquals(await measure(silent), Math.ceil(history.at(-1)!.time / 1e6 - begun));
});

Deno.test("programs that never converge: null", async () => {
  const faulty = { nemesis: ["partition"], nemesisInterval: 1000 };
  assertEquals(await measure(broadcastWithoutRetry, faulty), null);
  const jitter = { latency: { mean: 50, distribution: "exponential" } } as const;
  assertEquals(await measure(logLastWriterWins, { workload: WORKLOADS.kafka!, rate: 50, ...jitter }), null);
  assertEquals(await measure(txnWithoutTimestamp, { workload: WORKLOADS["txn-rw-register"]!, ...jitter }), null);
  const forgetful = (node: AnyNode) => {
    let value = 0;
    node.on("add", ({ delta }) => {
      value += delta as number;
      return {};
    });
    node.on("read", () => ({ value }));
  };
  assertEquals(await measure(forgetful, { workload: WORKLOADS["g-counter"]! }), null);
});

Deno.test("a counter whose nodes agree on a wrong sum has not converged", async () => {
  const zero = (node: AnyNode) => {
    node.on("add", () => ({}));
    node.on("read", () => ({ value: 0 }));
  };
  assertEquals(await measure(zero, { workload: WORKLOADS["g-counter"]! }), null);
});

Deno.test("nodes that agree on having lost everything have not converged", async () => {
  const deaf = (node: AnyNode) => {
    node.on("topology", () => ({}));
    node.on("broadcast", () => ({}));
    node.on("read", () => ({ messages: [] }));
    node.on("send", () => ({ offset: 0 }));
    node.on("poll", () => ({ msgs: {} }));
    node.on("commit_offsets", () => ({}));
    node.on("list_committed_offsets", () => ({ offsets: {} }));
  };
  assertEquals(await measure(deaf), null);
  assertEquals(await measure(deaf, { workload: WORKLOADS.kafka! }), null);
});

Deno.test("where a test ends early, or nodes have nothing to agree on: null", async () => {
  assertEquals(await measure(() => {}, {}), null);
  assertEquals(await measure(() => {}, { workload: WORKLOADS.echo! }), null);
});

Deno.test("results show what was measured, and null where it was not; other workloads do not have it", async () => {
  const resultOf = async (options: Partial<RunOptions>) => {
    const program = options.workload === WORKLOADS.echo
      ? (node: AnyNode) => node.on("echo", ({ echo }) => ({ echo }))
      : slow;
    return (await simulate(program, (world) => runTest({ ...OPTIONS, ...options }, world))).result;
  };
  assertEquals((await resultOf({ convergence: 321 })).convergence_ms, 321);
  assertEquals((await resultOf({})).convergence_ms, null);
  assert(!("convergence_ms" in await resultOf({ workload: WORKLOADS.echo! })));
});
