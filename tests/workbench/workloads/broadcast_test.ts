import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { RPCError } from "../../../lib/protocol.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { broadcastWorkload } from "../../../lib/workbench/workloads/broadcast.ts";
import { openClient, silent, testOptions } from "../run/stand_in.ts";

Deno.test("a client sends its node the topology first", async () => {
  const options = { nodes: ["n0", "n1", "n2"], topology: "line" };
  const { client, settle, requests } = openClient(broadcastWorkload, () => ({ type: "topology_ok" }), options);
  await settle(client.setup!());
  const topology = { n0: ["n1"], n1: ["n0", "n2"], n2: ["n1"] };
  assertEquals(requests, [{ type: "topology", msg_id: 1, topology }]);
});

Deno.test("a node that refuses the topology fails the set-up", async () => {
  const { client, settle } = openClient(broadcastWorkload, silent);
  const text = "Node n0 did not answer topology within 5 s";
  await assertRejects(() => settle(client.setup!()), RPCError, text);
});

Deno.test("broadcast and read", async () => {
  const { invoke, requests } = openClient(
    broadcastWorkload,
    ({ type }) => type === "read" ? { type: "read_ok", messages: [3, 1] } : { type: "broadcast_ok" },
  );
  assertEquals(await invoke({ f: "broadcast", value: 3 }), { type: "ok" });
  assertEquals(await invoke({ f: "read" }), { type: "ok", value: [3, 1] });
  assertEquals(requests, [{ type: "broadcast", msg_id: 1, message: 3 }, { type: "read", msg_id: 2 }]);
});

Deno.test("null stands for no messages, as in Maelstrom", async () => {
  const { invoke } = openClient(broadcastWorkload, () => ({ type: "read_ok", messages: null }));
  assertEquals(await invoke({ f: "read" }), { type: "ok", value: [] });
});

Deno.test("messages that are not a list are malformed", async () => {
  const { invoke } = openClient(broadcastWorkload, () => ({ type: "read_ok", messages: { "1": true } }));
  await assertRejects(() => invoke({ f: "read" }), TypeError, "expected body.messages to be any[] | null");
});

Deno.test("broadcasts of 0, 1, 2 … and reads in equal parts", () => {
  const generator = broadcastWorkload.generator(testOptions({ concurrency: 3 }), seededRandom("mix"));
  const drawn = Array.from({ length: 4000 }, (_, i) => generator.next(i % 3, i % 3) as Invocation);
  const values = drawn.filter(({ f }) => f === "broadcast").map(({ value }) => value);
  assertEquals(values, values.map((_, index) => index));
  assertAlmostEquals(values.length / 4000, 0.5, 0.03);
  assertEquals(drawn.filter(({ f }) => f === "read").length, 4000 - values.length);
});
