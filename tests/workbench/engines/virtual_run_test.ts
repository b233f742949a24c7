import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import echo from "../../../challenges/echo.ts";
import { txn } from "../../../challenges/txn.ts";
import broadcast from "../../../challenges/broadcast.ts";
import { gCounter } from "../../../challenges/g_counter.ts";
import { kafka } from "../../../challenges/kafka.ts";
import { kafkaLinKV } from "../../../challenges/kafka_lin_kv.ts";
import uniqueIds from "../../../challenges/unique_ids.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { compareStores, createMemoryStore } from "../../../lib/workbench/run/store/memory_store.ts";
import { guardedNow } from "../../../lib/workbench/world/hosts/guard/guarded.ts";
import type { TestException } from "../../../lib/workbench/base/test_exception.ts";
import { runVirtualTest, type VirtualTestHooks } from "../../../lib/workbench/engines/virtual_run.ts";
import type { RunOptions } from "../../../lib/workbench/run/run.ts";
import { createLivelockDetector } from "../../../lib/workbench/world/livelock.ts";
import type { Workload } from "../../../lib/workbench/workloads/workload.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "../run/stand_in.ts";

const OPTIONS = runOptions({
  workload: WORKLOADS.echo!,
  concurrency: 6,
  timeLimitSeconds: 5,
  rate: 50,
  latency: { mean: 10, distribution: "exponential" },
  nemesisIntervalSeconds: 1,
  consistencyModels: ["read-committed"],
});

/** Runs a test in virtual time; returns its results and everything that the hooks received. */
async function run(program: (node: AnyNode) => void, options: Partial<RunOptions> = {}, hooks: VirtualTestHooks = {}) {
  const lines: string[] = [];
  const logs: string[] = [];
  const memory = createMemoryStore();
  const results = await runVirtualTest({ ...OPTIONS, ...options }, program, {
    store: memory,
    log: (line) => void lines.push(line),
    nodeLog: (node, entry) => void logs.push(`${node} ${entry}`),
    ...hooks,
  });
  return { results, lines, logs, memory };
}

/** All faults. A program must be deterministic under them, even if it does not survive them. */
const FAULTS = ["partition", "one-way-partition", "loss", "duplicate", "delay", "reorder", "pause", "kill"];

const PROGRAMS: [workload: string, name: string, program: (node: AnyNode) => void][] = [
  ["echo", "echo", echo],
  ["unique-ids", "unique ids", uniqueIds],
  ["broadcast", "broadcast", broadcast],
  ["g-counter", "counter", gCounter],
  ["kafka", "log", kafka],
  ["kafka", "log in lin-kv", kafkaLinKV],
  ["txn-rw-register", "transactions", txn],
];

for (const [workload, name, program] of PROGRAMS) {
  Deno.test(`the same seed gives the same history, messages and results: ${name}, under all faults`, async () => {
    const options = { workload: WORKLOADS[workload]!, nemesis: FAULTS };
    const first = await run(program, options);
    const second = await run(program, options);
    assertEquals(compareStores(first.memory, second.memory), undefined);
    assertEquals(first.logs, second.logs);
    assertNotEquals(first.memory.files["messages.jsonl"].length, 0);
    const other = await run(program, { ...options, seed: "8" });
    assertStringIncludes(compareStores(first.memory, other.memory)!, "in line 1 of history.jsonl");
  });
}

Deno.test("the results contain the mode and the seed", async () => {
  const { results } = await run(echo);
  assertEquals([results.valid, results.mode, results.seed, results.engine], [true, "simulation", "7", "workbench"]);
});

/** Programs that use the real world, and the forbidden call. */
const REACHING: Record<string, [program: (node: AnyNode) => void, expected: string]> = {
  "the real time": [(node) => node.on("echo", () => ({ echo: Date.now() })), "Date.now()"],
  "a date": [(node) => node.on("echo", () => ({ echo: new Date() })), "new Date()"],
  "real randomness": [(node) => node.on("echo", () => ({ echo: Math.random() })), "Math.random()"],
  "a random id": [(node) => node.on("echo", () => ({ echo: crypto.randomUUID() })), "crypto.randomUUID()"],
  "a timer": [
    (node) =>
      node.on("echo", async ({ echo }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return { echo };
      }),
    "setTimeout()",
  ],
  "a file": [(node) => node.on("echo", async () => ({ echo: await Deno.readTextFile("x") })), "Deno.readTextFile()"],
  "a hash computed by another thread": [
    (node) => node.on("echo", async () => ({ echo: await crypto.subtle.digest("SHA-1", new Uint8Array()) })),
    "crypto.subtle.digest()",
  ],
  "a process": [
    (node) => node.on("echo", async () => ({ echo: await new Deno.Command("x").output() })),
    "new Deno.Command()",
  ],
  "the real time at its start": [() => void performance.now(), "performance.now()"],
};

for (const [what, [program, call]] of Object.entries(REACHING)) {
  Deno.test(`a program that uses ${what} ends the test with a message`, async () => {
    const { results } = await run(program);
    assertEquals([results.valid, results.passed], [false, false]);
    const { type, message, fatal } = results.exceptions[0]!;
    assertEquals([type, fatal], ["nondeterminism", true]);
    assertStringIncludes(message, `Cannot call ${call} at `);
    assertMatch(message, /virtual_run_test\.ts:\d+:\d+ in a simulation/);
  });
}

Deno.test("a node that ends its process ends the test, and convergence is not measured", async () => {
  let nodes = 0;
  const { results } = await run((node) => {
    nodes++;
    node.on("add", async () => {
      await Promise.resolve();
      if (node.id === "n1") Deno.exit(0);
      return {};
    });
  }, { workload: WORKLOADS["g-counter"]! });
  const [{ type, node, message, fatal }, ...more] = results.exceptions as [TestException];
  assertEquals([type, node, fatal, more, results.valid], ["node-crashed", "n1", true, [], false]);
  assertStringIncludes(
    message,
    "Node n1 exited with status 0 by Deno.exit() at ",
  );
  assertEquals(nodes, 3);
});

Deno.test("a node that prints on stdout ends the test", async () => {
  const { results } = await run((node) => {
    node.on("echo", ({ echo }) => {
      // deno-lint-ignore no-console
      console.log("asked for %s", echo);
      return { echo };
    });
  });
  const [{ type, message, fatal }] = results.exceptions as [TestException];
  assertEquals([type, fatal], ["bad-line", true]);
  assertMatch(message, /\n {2}line: {5}asked for Please echo \d+\n/);
});

Deno.test("what a node writes on stderr is in its log, also from a timer", async () => {
  const { logs, results } = await run((node) => {
    node.on("echo", ({ echo }) => ({ echo }));
    node.after(1500, async () => {
      await Promise.resolve();
      // deno-lint-ignore no-console
      if (node.id === "n1") console.error("half past one");
    });
  });
  assertEquals([logs, results.valid], [["n1 1.500 error half past one"], true]);
});

Deno.test("a node's turn ends when all its promises have settled", async () => {
  const nodeInTurn = () => guardedNow()?.node;
  const turns: (string | undefined)[] = [];
  const { check, client } = WORKLOADS.echo!;
  const workload: Workload = {
    ...WORKLOADS.echo!,
    check: (...args) => (turns.push(nodeInTurn()), check(...args)),
    client(...args) {
      const { invoke } = client(...args);
      return { invoke: (...args) => (turns.push(nodeInTurn()), invoke(...args)) };
    },
  };
  await run((node) =>
    node.on("echo", async ({ echo }) => {
      for (let i = 0; i < 3; i++) await Promise.resolve();
      if (nodeInTurn() !== node.id) throw new Error(`It is the turn of ${nodeInTurn()}, not of ${node.id}`);
      return { echo };
    }), { workload });
  assert(turns.length > 100);
  assertEquals(new Set(turns), new Set([undefined]));
});

Deno.test("after a test the real clock and randomness work again", async () => {
  await run((node) => node.on("echo", () => ({ echo: Math.random() })));
  await run(() => {
    throw new Error("no such luck");
  });
  assert(Date.now() > 0 && Math.random() < 1);
});

Deno.test("nodes that answer each other without end at one instant end the test", async () => {
  const { results } = await run(
    (node) => {
      node.on("echo", ({ echo }) => {
        node.send(node.peers[0]!, { type: "ping" });
        return { echo };
      });
      node.on("ping", (_, { src }) => node.send(src, { type: "ping" }));
    },
    { latency: { mean: 0, distribution: "constant" }, nodes: ["n0", "n1"] },
    { maxAtOnce: 10_000 },
  );
  const { type, message, fatal } = results.exceptions[0]!;
  assertEquals([results.valid, type, fatal], [false, "time-stands-still", true]);
  assertMatch(message, /^Time stands still at [\d.]+ ms: .* or use a latency above 0 \(--latency 1\)$/);
});

Deno.test("createLivelockDetector() starts to count again whenever time has passed", () => {
  let time = 0;
  const isLivelock = createLivelockDetector({ now: () => time }, 3);
  assertEquals([isLivelock(), isLivelock(), isLivelock()], [false, false, false]);
  time = 1;
  assertEquals([isLivelock(), isLivelock(), isLivelock(), isLivelock()], [false, false, false, true]);
});

Deno.test("a rejection that a node does not handle ends the test", async () => {
  const { results } = await run((node) => {
    node.on("echo", async ({ echo }) => {
      await node.sleep(1);
      if (node.id === "n1") void Promise.reject(new Error("nobody looks"));
      return { echo };
    });
  });
  const [{ type, node, message, fatal }, ...more] = results.exceptions as [TestException];
  assertEquals([type, fatal, more, results.valid], ["node-crashed", true, [], false]);
  assertMatch(message, /\n {2}Error: nobody looks\n.*virtual_run_test\.ts:\d+:\d+/);
  if (!Deno.version.deno.startsWith("2.5.")) assertEquals(node, "n1");
});

Deno.test("pending calls of a killed node cause no exception", async () => {
  const { results, lines } = await run((node) => {
    node.on("echo", ({ echo }) => ({ echo }));
    node.every(10, () => void node.rpc("lin-kv", { type: "read", key: "x" }, { timeout: Infinity }).catch(() => {}));
    node.every(10, () => void node.rpc("lin-tso", { type: "ts" }, { timeout: Infinity }));
  }, { nemesis: ["kill"] });
  assertEquals(results.exceptions, []);
  assert(lines.some((line) => line.includes("kill")), lines.join("\n"));
  assertEquals(lines.filter((line) => line.includes("rejection")), []);
});

Deno.test("log entries of nodes have virtual time, level and text", async () => {
  const { logs } = await run((node) => {
    node.on("echo", ({ echo }) => ({ echo }));
    node.after(1500, () => node.log.warn("half past one"));
  }, { nodes: ["n0"], concurrency: 1 });
  assertEquals(logs, ["n0 1.500 warn half past one"]);
  const levels: string[] = [];
  await run(
    (node) => {
      node.on("echo", ({ echo }) => ({ echo }));
      node.log.debug("1.500 warn: no warning");
      node.log.warn("0.000 debug: a warning");
    },
    { nodes: ["n0"], concurrency: 1 },
    { nodeLog: (_, entry, level) => void levels.push(level, entry) },
  );
  assertEquals(levels, ["debug", "0.000 debug 1.500 warn: no warning", "warn", "0.000 warn 0.000 debug: a warning"]);
});

Deno.test("a test that is ended early is judged by what was recorded", async () => {
  const stop = new AbortController();
  const { results } = await run(
    (node) => {
      node.on("echo", ({ echo }) => ({ echo }));
      node.after(1000, () => stop.abort(new Error("interrupted")));
    },
    {},
    { signal: stop.signal },
  );
  assertEquals([results.valid, results.result.valid], ["unknown", true]);
  assert(results.operations!.count < 100);
});
