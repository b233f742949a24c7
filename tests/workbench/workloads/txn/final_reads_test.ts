import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { txn } from "../../../../challenges/txn.ts";
import type { AnyNode } from "../../../../lib/node.ts";
import { RPCError } from "../../../../lib/protocol.ts";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { inProcessWorld } from "../../../../lib/workbench/world/hosts/in_process/in_process.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { type RunOptions, runTest } from "../../../../lib/workbench/run/run.ts";
import { txnRWRegisterWorkload } from "../../../../lib/workbench/workloads/txn/rw_register.ts";
import { testOptions } from "../../run/stand_in.ts";

type AnyProgram = (node: AnyNode) => void;

/** Runs a test in simulation and returns its results and history. */
async function run(program: AnyProgram, options: Partial<RunOptions> = {}) {
  const clock = new VirtualClock();
  const all: RunOptions = {
    ...testOptions({ nodes: ["n0", "n1"], concurrency: 4, timeLimitSeconds: 5, rate: 100, availability: "total" }),
    challenge: null,
    workload: txnRWRegisterWorkload,
    seed: "7",
    limits: [],
    logNetSend: false,
    logNetRecv: false,
    consistencyModels: ["read-committed"],
    ...options,
  };
  let history: readonly Operation[] = [];
  const store = { path: "", message() {}, results() {}, close() {} };
  const hooks = {
    store: {
      ...store,
      problem: () => undefined,
      history: (recorded: readonly Operation[]) => void (history = recorded),
    },
  };
  const results = await clock.settle(runTest(all, inProcessWorld({ program, clock }), hooks));
  return { results, history, final: history.filter(({ final, type }) => final && type === "invoke") };
}

const right = txn as AnyProgram;

Deno.test("finally one worker of each node reads every written key, few at a time", async () => {
  const { results, history, final } = await run(right);
  assertEquals([results.valid, results.exceptions], [true, []]);
  const operations = (list: Operation[]) => list.flatMap(({ value }) => value as [string, number, number | null][]);
  const invoked = history.filter(({ type, f, final }) => type === "invoke" && f === "txn" && !final);
  const written = new Set(operations(invoked).filter(([f]) => f === "w").map(([, key]) => key));
  assertGreater(written.size, 20);
  assertEquals(results.result.final_keys_compared, written.size);
  assertEquals(new Set(final.map(({ process }) => process)), new Set([0, 1]));
  for (const process of [0, 1]) {
    const reads = operations(final.filter((operation) => operation.process === process));
    assertEquals(new Set(reads.map(([, key]) => key)), written);
    assertEquals(reads.length, written.size);
    assert(reads.every(([f, , value]) => f === "r" && value === null));
  }
  assert(final.every(({ value }) => (value as unknown[]).length <= 4));
});

Deno.test("the final reads begin 10 s after healing", async () => {
  const { history, final } = await run(right, { nemesis: ["partition"], nemesisIntervalSeconds: 2 });
  const healed = history.findLast(({ process }) => process === "nemesis")!;
  assertEquals(healed.value, "network-healed");
  assertEquals(final[0]!.time - healed.time, 10e9);
});

Deno.test("final reads change no figure: operations, messages and latencies are those of the main phase", async () => {
  const { results } = await run(right);
  const { results: without, final } = await run(right, { workload: { ...txnRWRegisterWorkload, final: undefined } });
  assertEquals(final, []);
  const { net, operations, availability, latency_ms } = results;
  assertEquals({ net, operations, availability, latency_ms }, {
    net: without.net,
    operations: without.operations,
    availability: without.availability,
    latency_ms: without.latency_ms,
  });
});

Deno.test("a single node has no final reads", async () => {
  const { results, history, final } = await run(right, { nodes: ["n0"] });
  assertEquals([results.valid, final, results.result.final_keys_compared], [true, [], 0]);
  assertLess(history.at(-1)!.time, 6e9);
});

Deno.test("nodes that never send to each other diverge", async () => {
  const { results } = await run((node) => {
    const state = new Map<unknown, unknown>();
    node.on("txn", ({ txn }) => ({
      txn: (txn as [string, number, unknown][]).map(([f, key, value]) => {
        if (f === "w") state.set(key, value);
        return [f, key, f === "w" ? value : state.get(key) ?? null];
      }),
    }));
  });
  assertEquals(results.valid, false);
  assertEquals(results.anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type), ["divergent-replicas"]);
});

Deno.test("total availability includes the final reads; a fraction does not", async () => {
  /** Program that answers until the main phase is over. */
  const tired = (node: AnyNode) => {
    let open = true;
    node.after(10_000, () => void (open = false));
    node.on("txn", ({ txn }) => {
      if (!open) throw new RPCError("temporarily-unavailable", "closed");
      return { txn: (txn as [string, number, unknown][]).map(([f, key, value]) => [f, key, f === "w" ? value : null]) };
    });
  };
  const { results } = await run(tired);
  assertEquals(results.anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type), ["unavailable"]);
  const { results: lenient } = await run(tired, { availability: 1 });
  assertEquals([lenient.valid, lenient.availability], [true, { valid: true, ok_fraction: 1 }]);
});
