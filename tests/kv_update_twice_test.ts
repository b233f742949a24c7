/** Option `twice` of kv.update, on a network that duplicates and reorders messages and on one that does not. */
import { assert, assertEquals } from "@std/assert";
import { gCounter } from "../challenges/g_counter.ts";
import { linKV } from "../lib/kv.ts";
import type { AnyNode } from "../lib/node.ts";
import { runVirtualTest } from "../lib/workbench/engines/virtual_run.ts";
import { WORKLOADS } from "../lib/workbench/workloads/mod.ts";
import { runOptions } from "./workbench/run/stand_in.ts";

const SEEDS = 100;

/** A counter in one key, which says nothing about the writes in it. */
function plainCounter(node: AnyNode): void {
  const kv = linKV<number>(node);
  node.on("add", async ({ delta }) => {
    await kv.update("counter", (x) => x + (delta as number), { default: 0, twice: "if-duplicated" });
    return {};
  });
  node.on("read", async () => ({ value: await kv.readOr("counter", 0) }));
}

/** Runs a counter with each seed; returns the number of runs in which an add counted twice, or not at all. */
async function countWrong(program: (node: AnyNode) => void, nemesis: string[]): Promise<number> {
  let [wrong, added] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const options = runOptions({
      workload: WORKLOADS["g-counter"]!,
      nodes: ["n0"],
      concurrency: 20,
      timeLimitSeconds: 5,
      rate: 50,
      latency: { mean: 5, distribution: "exponential" },
      nemesis,
      nemesisIntervalSeconds: 0.5,
      seed: String(seed),
    });
    const { result, operations } = await runVirtualTest(options, program);
    added += operations!.by_f.add!.ok;
    if (result.valid !== true) wrong++;
  }
  assert(added > 20 * SEEDS, "too few adds to show anything");
  return wrong;
}

Deno.test("an update takes effect once on a network that loses, delays and reorders messages", async () => {
  assertEquals(await countWrong(plainCounter, ["loss", "delay", "reorder"]), 0);
});

Deno.test("an update may take effect twice if the network duplicates and reorders messages", async () => {
  assert(await countWrong(plainCounter, ["duplicate", "reorder"]) > 0);
});

Deno.test("a value that tells which writes are in it counts each add once on any network", async () => {
  assertEquals(await countWrong(gCounter, ["duplicate", "reorder", "loss"]), 0);
});
