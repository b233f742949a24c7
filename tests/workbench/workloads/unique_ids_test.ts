import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { uniqueIdsWorkload } from "../../../lib/workbench/workloads/unique_ids.ts";
import { openClient, testOptions } from "../run/stand_in.ts";

Deno.test("unique-ids takes ids of any type", async () => {
  for (const id of [1, "a", null, 1.5, false, [1, { a: 2 }]]) {
    const { invoke } = openClient(uniqueIdsWorkload, () => ({ type: "generate_ok", id }));
    assertEquals(await invoke({ f: "generate" }), { type: "ok", value: id });
  }
});

Deno.test("unique-ids' generator never ends", () => {
  const generator = uniqueIdsWorkload.generator(testOptions(), seededRandom(""));
  for (let i = 0; i < 100; i++) assertEquals(generator.next(i, i), { f: "generate" });
});
