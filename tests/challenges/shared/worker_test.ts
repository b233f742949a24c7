import { assertEquals, assertStringIncludes } from "@std/assert";
import { createWorker } from "../../../challenges/shared/worker.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";

/** Starts one node whose worker does `work`. */
function start(work: (node: AnyNode) => Promise<void>) {
  let wake = () => {};
  const world = simulate({
    program: (node) => void (wake = createWorker(node, "work", () => work(node))),
    nodes: 1,
  });
  const logged = () => world.logs.map(({ level, text }) => `${level} ${text}`);
  return { world, logged, wake: () => wake() };
}

Deno.test("a worker calls its work one at a time, and once more if it was woken meanwhile", async () => {
  let running = 0;
  let calls = 0;
  const { world, wake } = start(async (node) => {
    assertEquals(++running, 1);
    calls++;
    await node.sleep(100);
    running--;
  });
  wake();
  wake();
  wake();
  assertEquals(calls, 1);
  await world.run(150);
  assertEquals(calls, 2);
  await world.run(1000);
  assertEquals([calls, running], [2, 0]);
  wake();
  assertEquals(calls, 3);
});

Deno.test("a worker logs an error of its work and tries again after a second, whatever was thrown", async () => {
  const thrown = [new Error("no luck"), "a string", undefined];
  let calls = 0;
  const { world, logged, wake } = start(() => {
    calls++;
    return thrown.length > 0 ? Promise.reject(thrown.shift()) : Promise.resolve();
  });
  wake();
  await world.run(3500);
  assertEquals(calls, 4);
  assertEquals(logged().map((text) => text.split("\n")[0]), [
    "error Cannot work, trying again: Error: no luck",
    "error Cannot work, trying again: a string was thrown",
    "error Cannot work, trying again: undefined was thrown",
  ]);
  assertStringIncludes(logged()[0]!, "worker_test.ts");
  wake();
  assertEquals(calls, 5);
});

Deno.test("a worker of a node that was stopped ends without a word", async () => {
  const { world, logged, wake } = start(async (node) => {
    await node.rpc("lin-kv", { type: "read", key: "k" }, { timeout: 10_000 });
  });
  world.cut("n0", "lin-kv");
  wake();
  await world.run(100);
  world.crash("n0");
  await world.run(20_000);
  assertEquals(logged(), []);
});
