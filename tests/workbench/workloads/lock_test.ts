import { assert, assertEquals, assertGreater } from "@std/assert";
import { type AnyNode, linKV, RPCError } from "../../../mod.ts";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { lockWorkload } from "../../../lib/workbench/workloads/lock.ts";
import type { Invocation, Outcome } from "../../../lib/workbench/workloads/workload.ts";
import { runOptions, testOptions } from "../run/stand_in.ts";

Deno.test("a worker locks and unlocks in turn, and unlocks until it certainly holds nothing", () => {
  const { next, update } = lockWorkload.generator(testOptions({ concurrency: 2 }), seededRandom(""));
  const outcomes: [f: string, outcome: Outcome][] = [
    ["lock", { type: "fail", error: ["temporarily-unavailable", ""] }],
    ["lock", { type: "ok" }],
    ["unlock", { type: "fail", error: ["temporarily-unavailable", ""] }],
    ["unlock", { type: "info", error: "net-timeout" }],
    ["unlock", { type: "fail", error: ["precondition-failed", ""] }],
    ["lock", { type: "info", error: "net-timeout" }],
    ["unlock", { type: "ok" }],
    ["lock", { type: "ok" }],
  ];
  outcomes.forEach(([f, outcome], index) => {
    assertEquals((next(1, 1) as Invocation).f, f);
    const operation = { index: 2 * index, time: 0, process: 1, f, value: null };
    update!({ ...operation, type: "invoke" }, 1);
    update!({ ...operation, index: 2 * index + 1, ...outcome } as Parameters<NonNullable<typeof update>>[0], 1);
  });
  assertEquals((next(0, 0) as Invocation).f, "lock");
});

/** Store of the name of the lock's holder. */
interface Holder {
  acquire(client: string): Promise<void>;
  release(client: string): Promise<void>;
}

/** Program with a lock. The requests of a client are performed in order: a late unlock must not free a newer lock. */
function lockIn(holderOf: (node: AnyNode) => Holder) {
  return (node: AnyNode) => {
    const { acquire, release } = holderOf(node);
    const last = new Map<string, Promise<void>>();
    const inOrder = async (client: string, perform: (client: string) => Promise<void>) => {
      const done = (last.get(client) ?? Promise.resolve()).catch(() => {}).then(() => perform(client));
      last.set(client, done);
      await done;
      return {};
    };
    node.on("lock", (_, { src }) => inOrder(src, acquire));
    node.on("unlock", (_, { src }) => inOrder(src, release));
  };
}

const IN_LIN_KV = lockIn((node) => {
  const kv = linKV<string>(node);
  return {
    acquire: (client) => kv.cas("holder", "", client, { createIfNotExists: true }),
    release: (client) => kv.cas("holder", client, ""),
  };
});

/** Wrong: each node has a lock of its own. */
const IN_MEMORY = lockIn(() => {
  let holder = "";
  return {
    acquire(client) {
      if (holder !== "") return Promise.reject(new RPCError("temporarily-unavailable", `held by ${holder}`));
      holder = client;
      return Promise.resolve();
    },
    release(client) {
      if (holder !== client) return Promise.reject(new RPCError("precondition-failed", `held by ${holder}`));
      holder = "";
      return Promise.resolve();
    },
  };
});

for (
  const [name, program, valid, nemesis] of [
    ["a lock in lin-kv is valid", IN_LIN_KV, true, []],
    ["a lock in lin-kv is valid under faults", IN_LIN_KV, true, ["partition", "kill", "pause"]],
    ["a lock of each node is held twice", IN_MEMORY, false, []],
  ] as const
) {
  Deno.test(name, async () => {
    const latency = { mean: 10, distribution: "exponential" } as const;
    const results = await runVirtualTest(
      runOptions({
        workload: lockWorkload,
        concurrency: 6,
        timeLimitSeconds: 20,
        rate: 100,
        latency,
        nemesis: [...nemesis],
      }),
      program,
    );
    assertEquals([results.valid, results.exceptions], [valid, []]);
    assertEquals(results.anomalies.map(({ type }) => type), valid ? [] : ["lock-held-twice"]);
    assertGreater(results.result.lock_count as number, 20);
    assert(results.operations!.by_f.unlock!.ok > 20);
  });
}
