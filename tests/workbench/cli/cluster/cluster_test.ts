import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertRejected, command } from "../../engines/fake_command.ts";
import { fakeClusters, STATE } from "./fake_clusters.ts";

Deno.test("--engine cluster tests the nodes of the cluster", async () => {
  const { clusters } = fakeClusters(STATE);
  const { ran, status } = await command("kafka --engine cluster", { clusters });
  assertEquals([status, ran.map(({ engine }) => engine)], [0, ["cluster"]]);
  const { options, deviations } = ran[0]!.request;
  assertEquals([options.nodes, options.concurrency], [["n0", "n1", "n2"], 6]);
  assertEquals(deviations, ["--node-count 3 (official 2)"]);
  const named = await command("kafka --engine cluster --node-count 2", { clusters });
  assertEquals(named.ran[0]!.request.options.nodes, ["n0", "n1"]);
});

Deno.test("--engine cluster tests nodes that have names of their own", async () => {
  const nodes = ["a", "b"];
  const { ran, err } = await command("kafka --engine cluster", fakeClusters({ ...STATE, nodes, here: nodes }));
  assertEquals(err, "");
  assertEquals(ran[0]!.request.options.nodes, nodes);
});

Deno.test("--engine cluster tests a program of one's own", async () => {
  const { clusters } = fakeClusters({ ...STATE, challenge: null });
  const { ran, err } = await command("test -w broadcast --bin ./node --engine cluster -- --fast", { clusters });
  assertEquals(err, "");
  const [{ engine, request }] = ran as [typeof ran[number]];
  assertEquals([engine, request.bin, request.args], ["cluster", "/home/node", ["--fast"]]);
  assertEquals(request.options.nodes, STATE.nodes);
});

Deno.test("--engine cluster says that there is no latency of its own", async () => {
  const { clusters } = fakeClusters(STATE);
  assertStringIncludes((await command("3e --engine cluster", { clusters })).err, "Note: --latency does nothing here");
  assertEquals((await command("kafka --engine cluster", { clusters })).err.includes("--latency"), false);
});

Deno.test("--engine cluster needs a cluster, and does not simulate", async () => {
  const { status, err, ran } = await command("kafka --engine cluster");
  assertEquals([status, ran], [255, []]);
  assertStringIncludes(err, "No cluster runs here");
  await assertRejected("kafka --engine cluster --sim", "Cannot use --sim with --engine cluster");
});
