import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { gSetWorkload } from "../../../lib/workbench/workloads/g_set.ts";
import { openClient, testOptions } from "../run/stand_in.ts";

Deno.test("add and read", async () => {
  const { invoke, requests } = openClient(
    gSetWorkload,
    ({ type }) => type === "read" ? { type: "read_ok", value: [3, 1] } : { type: "add_ok" },
  );
  assertEquals(await invoke({ f: "add", value: 3 }), { type: "ok" });
  assertEquals(await invoke({ f: "read" }), { type: "ok", value: [3, 1] });
  assertEquals(requests, [{ type: "add", msg_id: 1, element: 3 }, { type: "read", msg_id: 2 }]);
});

Deno.test("null stands for no elements, as in Maelstrom", async () => {
  const { invoke } = openClient(gSetWorkload, () => ({ type: "read_ok", value: null }));
  assertEquals(await invoke({ f: "read" }), { type: "ok", value: [] });
});

Deno.test("adds of 0, 1, 2 … and reads in equal parts", () => {
  const generator = gSetWorkload.generator(testOptions({ concurrency: 3 }), seededRandom("mix"));
  const drawn = Array.from({ length: 4000 }, (_, i) => generator.next(i % 3, i % 3) as Invocation);
  const values = drawn.filter(({ f }) => f === "add").map(({ value }) => value);
  assertEquals(values, values.map((_, index) => index));
  assertAlmostEquals(values.length / 4000, 0.5, 0.03);
  assertEquals(drawn.filter(({ f }) => f === "read").length, 4000 - values.length);
});
