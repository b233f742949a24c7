import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import echo from "../../../challenges/echo.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { failureOf } from "../../../lib/workbench/run/failure.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { flood, run } from "./run_rig.ts";
import { sampleProgress } from "./sample_progress.ts";

function fatal(results: Results) {
  const exceptions = results.exceptions.filter(({ type }) => type !== "logged-error");
  assertEquals(exceptions.length, 1);
  const [{ type, node, message, fatal }] = exceptions as [Results["exceptions"][number]];
  assertEquals(fatal, true);
  return { type, node, message };
}

Deno.test("a correct program is valid, and everything is counted", async () => {
  const { results, stored } = await run(echo as (node: AnyNode) => void);
  assertEquals([results.valid, results.passed, results.mode, results.seed], [true, true, "simulation", "7"]);
  const { count, ok } = results.operations!;
  assertEquals(count, ok);
  assertGreater(count, 150);
  // A request and a reply for each operation, and for each node's init.
  assertEquals(results.net!.clients.msg_count, 2 * (count + 3));
  assertEquals(results.net!.servers.msgs_per_op, 0);
  assertEquals(JSON.parse(stored.results), results);
  assertEquals(JSON.parse(stored.history).length, 2 * count);
  assertEquals(stored.messages.trim().split("\n").length, 2 * results.net!.all.msg_count);
});

/** Creates a signal that shows its listeners. */
function observedSignal() {
  const { signal } = new AbortController();
  const listening = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
    listening.add(listener);
    options?.signal?.addEventListener("abort", () => listening.delete(listener));
    addEventListener.call(signal, type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listening.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return { signal, listening };
}

Deno.test("a test removes its listeners from the signal, however it ends", async () => {
  const { signal, listening } = observedSignal();
  const during: number[] = [];
  const look = (node: AnyNode) => void node.after(1000, () => void during.push(listening.size));
  await run((node) => (look(node), echo(node as Parameters<typeof echo>[0])), {}, { signal });
  await run((node) => look(node), {}, { signal });
  const forgetful = (node: AnyNode) => {
    node.after(2000, () => node.send("nobody", { type: "hello" }));
    look(node);
    echo(node as Parameters<typeof echo>[0]);
  };
  const { results } = await run(forgetful, {}, { signal });
  assertEquals(results.exceptions.map(({ type }) => type), ["bad-line"]);
  assert(during.length >= 9 && during.every((count) => count > 0), String(during));
  assertEquals(listening.size, 0);
});

Deno.test("the same seed gives the same history, messages and results; another seed does not", async () => {
  const options = { workload: WORKLOADS.broadcast!, nemesis: ["partition"] };
  const [a, b, c] = [await run(flood, options), await run(flood, options), await run(flood, { ...options, seed: "8" })];
  assertEquals(a.stored, b.stored);
  assert(a.stored.history !== c.stored.history);
});

Deno.test("a flood broadcasts without faults, and loses values with partitions", async () => {
  const options = { workload: WORKLOADS.broadcast!, latency: { mean: 10, distribution: "exponential" as const } };
  const calm = await run(flood, options);
  assertEquals(calm.results.valid, true);
  const { results, lines } = await run(flood, { ...options, nemesis: ["partition"] });
  assertEquals(results.valid, false);
  assertEquals(results.anomalies.map(({ type }) => type), ["lost"]);
  assert(lines.some((line) => line.startsWith("start-partition")), lines.join("\n"));
});

Deno.test("the final phase begins 10 s after the network has healed", async () => {
  const { stored } = await run(flood, { workload: WORKLOADS.broadcast!, nemesis: ["partition"] });
  const history = JSON.parse(stored.history) as { f: string; final?: boolean; time: number; type: string }[];
  const healed = history.findLastIndex(({ f }) => f === "stop-partition");
  const final = history.slice(healed + 1);
  assertEquals(final.filter(({ type }) => type === "invoke").length, 3);
  assert(final.every(({ f, final }) => f === "read" && final));
  assertEquals(final[0]!.time - history[healed]!.time, 10e9);
});

Deno.test("a run passes only if it is valid and meets its targets", async () => {
  const options = { workload: WORKLOADS.broadcast! };
  const { results } = await run(flood, {
    ...options,
    limits: [{ name: "msgs_per_op", limit: 30 }, { name: "max_latency_ms", limit: 600 }],
  });
  assertEquals([results.valid, results.passed], [true, true]);
  assertEquals(results.targets.map(({ met }) => met), [true, true]);
  const missed = await run(flood, { ...options, limits: [{ name: "msgs_per_op", limit: 0.1 }] });
  assertEquals([missed.results.valid, missed.results.passed], [true, false]);
  assertEquals(missed.results.targets[0]!.value, missed.results.net!.servers.msgs_per_op);
});

Deno.test("a program that crashes at its start ends the test", async () => {
  const { results } = await run(() => {
    throw new Error("no such luck");
  });
  const { type, node, message } = fatal(results);
  assertEquals([results.valid, results.passed, type, node], [false, false, "node-crashed", "n0"]);
  assertStringIncludes(message, "no such luck");
});

Deno.test("a node that does not answer init ends the test after 10 s", async () => {
  const { results, clock } = await run((node) => node.onInit(() => new Promise(() => {})));
  const { type, message } = fatal(results);
  assertEquals(type, "init-failed");
  assertStringIncludes(message, "Node n0 did not answer init within 10 s\nIt logged nothing\nDoes an onInit hook wait");
  assertEquals(clock.now(), 10_000);
});

Deno.test("a node that answers init with an error ends the test", async () => {
  const { results } = await run((node) =>
    node.onInit(() => {
      throw new Error("not today");
    })
  );
  const { type, message } = fatal(results);
  assertEquals(type, "init-failed");
  assertStringIncludes(message, "Node n0 answered init with error 13 (crash): Error: not today; expected init_ok");
});

Deno.test("a node that cannot be prepared ends the test", async () => {
  const { results } = await run(echo as (node: AnyNode) => void, { workload: WORKLOADS.broadcast! });
  const { type, message } = fatal(results);
  assertEquals(type, "setup-failed");
  const expected = "Node n0 answered topology with error 10 (not-supported): Unknown message type";
  assertStringIncludes(message, expected);
});

Deno.test("a message to an unknown node ends the test; what was recorded before is judged", async () => {
  const { results } = await run((node) => {
    node.on("echo", ({ echo }) => ({ echo }));
    node.after(5000, () => node.send("n7", { type: "hello" }));
  });
  const { type, message } = fatal(results);
  assertEquals([results.valid, type], [false, "bad-line"]);
  assertStringIncludes(message, "n7");
  assertGreater(results.operations!.ok, 50);
});

Deno.test("messages in another's name make the test invalid, and do not end it", async () => {
  const forge = (name: string) => (node: AnyNode) => {
    echo(node as Parameters<typeof echo>[0]);
    node.on("gossip", () => {});
    node.onInit(() => void node.after(5000, () => void (node.id === "n1" && sendAs(node, name))));
  };
  for (const name of ["c0", "n0", "seq-kv"]) {
    const { results, lines } = await run(forge(name), { latency: { mean: 10, distribution: "constant" } });
    assertEquals([results.valid, results.passed, results.maelstrom!.valid], [false, false, false]);
    const message = [
      `Node n1 sent a message in the name of ${name}`,
      `  line:     {"src":"${name}","dest":"n2","body":{"type":"gossip"}}`,
      '  expected: "src": "n1"',
      "It was delivered as it is, and travelled and counted as a message of n1",
    ].join("\n");
    const forged = { type: "forged-source", node: "n1", message, count: 2, maelstrom: "finds" as const };
    assertEquals(results.exceptions, [forged]);
    assertEquals(lines.filter((line) => line === message).length, 1);
    assertEquals(results.net!.servers.msg_count, 2);
    assertGreater(results.operations!.ok, 150);
    assertEquals(failureOf(results), { kind: "invalid", causes: ["forged-source"] });
  }
});

/** Sends two messages in another's name. */
function sendAs(node: AnyNode, name: string): void {
  Object.defineProperty(node, "id", { value: name, configurable: true });
  for (let i = 0; i < 2; i++) node.send("n2", { type: "gossip" });
  Reflect.deleteProperty(node, "id");
}

Deno.test("malformed replies are exceptions, counted by node, and their operations info", async () => {
  const { results } = await run((node) => node.on("echo", () => ({ eco: 1 })), { nodes: ["n0"], concurrency: 1 });
  assertEquals(results.exceptions.map(({ type, node, fatal }) => [type, node, fatal]), [
    ["malformed-reply", "n0", undefined],
  ]);
  assertStringIncludes(results.exceptions[0]!.message, "eco");
  assertEquals(results.exceptions[0]!.count, results.operations!.info);
  assertEquals(results.valid, false);
});

Deno.test("an aborted test is checked and stored with what it has", async () => {
  const stop = new AbortController();
  let asked = sampleProgress();
  let ask = () => asked;
  const { results, clock, stored } = await run(
    (node) => {
      flood(node);
      node.after(5000, () => {
        asked = ask();
        stop.abort(new Error("interrupted"));
      });
    },
    { workload: WORKLOADS.broadcast! },
    { signal: stop.signal, progress: (how) => ask = how },
  );
  assertEquals(clock.now(), 5000);
  assertEquals(asked.phase, "running");
  assertEquals(asked.ok, results.operations!.ok);
  assertGreater(asked.ok, 50);
  assertEquals([asked.elapsed, asked.total], [5000, 10_000]);
  // A rate of 20 was asked for.
  assert(asked.operationsPerSecond > 10 && asked.operationsPerSecond < 30, String(asked.operationsPerSecond));
  assertEquals(JSON.parse(stored.results), results);
  assertEquals(results.exceptions, []);
});

Deno.test("replies without in_reply_to are reported once for each node; operations time out", async () => {
  const { results } = await run((node) => {
    node.on("echo", (_, { src }) => node.send(src, { type: "echo_ok" }));
  });
  assertEquals([results.valid, results.operations!.ok], [false, 0]);
  const found = results.exceptions.map(({ type, node, fatal }) => [type, node, fatal]);
  const all = ["no-answer", "unmatched-reply"].flatMap((type) => ["n0", "n1", "n2"].map((node) => [type, node]));
  assertEquals(found.sort(), all.map(([type, node]) => [type, node, undefined]));
  assertStringIncludes(
    results.exceptions[0]!.message,
    "expected in_reply_to to be 1, the msg_id of its request, got nothing",
  );
  assertGreater(results.exceptions[0]!.count, 0);
});

/** Echo, which also asks seq-kv with every request. */
const asking = (body: Record<string, unknown>) => (node: AnyNode) => {
  node.on("echo", ({ echo }) => {
    void node.rpc("seq-kv", body as { type: string }).catch(() => {});
    return { echo };
  });
};

Deno.test("errors of services are told if they suggest a mistake, and invalidate nothing", async () => {
  const { results, lines } = await run(asking({ type: "get", key: "x" }));
  assertEquals([results.valid, results.maelstrom.valid], [true, true]);
  const told = results.exceptions.find(({ node }) => node === "n0")!;
  assertEquals([told.type, told.message], [
    "service-error",
    'seq-kv answered n0 with error 10 (not-supported): Cannot handle "get": expected read, write or cas',
  ]);
  assertEquals(lines.filter((line) => line.startsWith("seq-kv answered n0 ")).length, 1);
  const sum = results.exceptions.reduce((sum, { count }) => sum + count, 0);
  assertEquals(sum, results.operations!.count);
  // A key that does not exist, and one that has another value, are answers.
  for (const body of [{ type: "read", key: "x" }, { type: "cas", key: "x", from: 1, to: 2 }]) {
    assertEquals((await run(asking(body))).results.exceptions, []);
  }
});
