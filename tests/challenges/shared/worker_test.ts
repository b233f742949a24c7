import { assertEquals, assertStringIncludes } from "@std/assert";
import { createWorker } from "../../../challenges/shared/worker.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { startCluster } from "../../cluster.ts";

/** Starts one node whose worker does `work`. */
async function start(work: (node: AnyNode) => Promise<void>) {
  const logged: string[] = [];
  let wake = () => {};
  const cluster = await startCluster({
    program: (node) => void (wake = createWorker(node, "work", () => work(node))),
    nodes: 1,
    seed: "1",
    log: (_node, level, text) => void logged.push(`${level} ${text}`),
  });
  return { cluster, logged, wake: () => wake() };
}

Deno.test("a worker calls its work one at a time, and once more if it was woken meanwhile", async () => {
  let running = 0;
  let calls = 0;
  const { cluster, wake } = await start(async (node) => {
    assertEquals(++running, 1);
    calls++;
    await node.sleep(100);
    running--;
  });
  wake();
  wake();
  wake();
  assertEquals(calls, 1);
  await cluster.run(150);
  assertEquals(calls, 2);
  await cluster.run(1000);
  assertEquals([calls, running], [2, 0]);
  wake();
  assertEquals(calls, 3);
});

Deno.test("a worker logs an error of its work and tries again after a second, whatever was thrown", async () => {
  const thrown = [new Error("no luck"), "a string", undefined];
  let calls = 0;
  const { cluster, logged, wake } = await start(() => {
    calls++;
    return thrown.length > 0 ? Promise.reject(thrown.shift()) : Promise.resolve();
  });
  wake();
  await cluster.run(3500);
  assertEquals(calls, 4);
  assertEquals(logged.map((text) => text.split("\n")[0]), [
    "error Cannot work, trying again: Error: no luck",
    "error Cannot work, trying again: a string was thrown",
    "error Cannot work, trying again: undefined was thrown",
  ]);
  assertStringIncludes(logged[0]!, "worker_test.ts");
  wake();
  assertEquals(calls, 5);
});

Deno.test("a worker of a node that was stopped ends without a word", async () => {
  const { cluster, logged, wake } = await start(async (node) => {
    await node.rpc("n1", { type: "never-answered" }, { timeout: 10_000 });
  });
  wake();
  await cluster.run(100);
  cluster.crash("n0");
  await cluster.run(20_000);
  assertEquals(logged, []);
});
