/** Tests of the options that say which nodes and services there are for whom, and what clients know of kills. */

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import broadcast from "../../../challenges/broadcast.ts";
import { type AnyNode, linKV } from "../../../mod.ts";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import { pairs } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import type { RunOptions } from "../../../lib/workbench/run/run.ts";
import { createMemoryStore } from "../../../lib/workbench/run/store/memory_store.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "./stand_in.ts";

async function run(program: (node: AnyNode) => void, options: Partial<RunOptions>) {
  const store = createMemoryStore();
  const all = runOptions({ workload: WORKLOADS.broadcast!, timeLimitSeconds: 5, rate: 40, ...options });
  const results = await runVirtualTest(all, program, { store });
  const read = <Line>(lines: string[]) => lines.map((line) => JSON.parse(line) as Line);
  const history = read<Operation>(store.files["history.jsonl"]);
  const messages = read<{ message: { src: string; dest: string; body: Record<string, unknown> } }>(
    store.files["messages.jsonl"],
  ).map(({ message }) => message);
  return { results, history, messages };
}

Deno.test("clients use only nodes without a role; the others take part, and all learn the roles", async () => {
  const roles = { n0: "storage", n2: "storage" };
  const { results, messages } = await run(broadcast as (node: AnyNode) => void, { roles, concurrency: 2 });
  assertEquals([results.valid, results.judged_by!.nodes], [true, ["n1"]]);
  const fromClients = messages.filter(({ src, body }) => src.startsWith("c") && body.type !== "init");
  assertGreater(fromClients.length, 100);
  assertEquals(new Set(fromClients.map(({ dest }) => dest)), new Set(["n1"]));
  const inits = messages.filter(({ body }) => body.type === "init");
  for (const { body } of inits) assertEquals([body.node_ids, body.roles], [["n0", "n1", "n2"], roles]);
  assert(messages.some(({ src, dest }) => src === "n1" && dest === "n0"));
  const plain = await run(broadcast as (node: AnyNode) => void, {});
  assertEquals(plain.messages.some(({ body }) => "roles" in body), false);
});

Deno.test("a service that a test does not have is not on the network", async () => {
  const program = (node: AnyNode) => {
    node.on("generate", async () => ({ id: await linKV(node).readOr("id", 0) }));
  };
  const workload = WORKLOADS["unique-ids"]!;
  assertEquals((await run(program, { workload })).results.exceptions, []);
  assertEquals((await run(program, { workload, services: ["lin-kv"] })).results.exceptions, []);
  const { exceptions: [exception] } = (await run(program, { workload, services: ["seq-kv"] })).results;
  assertStringIncludes(exception!.message, 'it is for "lin-kv", which is not on the network');
  assertStringIncludes(exception!.message, '"dest": one of n0, n1, n2, seq-kv, or');
});

/** Durations of the operations that did not succeed, ms. */
function waits(history: readonly Operation[]) {
  return pairs(history).filter(({ completion }) => completion!.type !== "ok").map(({ invocation, completion }) => ({
    type: completion!.type,
    error: completion!.error,
    wait: (completion!.time - invocation.time) / 1e6,
  }));
}

Deno.test("with failFast a client learns at once that its node is down; else it waits for its timeout", async () => {
  // A node that answers after 100 ms: some requests are under way when it is killed.
  const program = (node: AnyNode) => {
    node.on("generate", async () => {
      await node.sleep(100);
      return { id: [...node.getRandomValues(new Uint8Array(8))].join() };
    });
  };
  const options = {
    workload: WORKLOADS["unique-ids"]!,
    nemesis: ["kill"],
    nemesisIntervalSeconds: 1,
    timeLimitSeconds: 20,
    concurrency: 12,
  };
  const patient = waits((await run(program, options)).history);
  assertGreater(patient.length, 10);
  assertEquals(
    new Set(patient.map((each) => `${each.type} ${each.error} ${each.wait}`)),
    new Set(["info net-timeout 5000"]),
  );
  const { results, history } = await run(program, { ...options, failFast: true });
  const informed = waits(history);
  assertEquals(results.exceptions, []);
  assert(informed.every(({ wait }) => wait < 100));
  const kinds = Object.groupBy(informed, ({ type, error }) => `${type} ${(error as string[])[0]}`);
  assertEquals(Object.keys(kinds).sort(), ["fail temporarily-unavailable", "info crash"]);
  assert(kinds["fail temporarily-unavailable"]!.every(({ wait }) => wait === 0));
});
