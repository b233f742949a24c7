import { assertEquals, assertGreater } from "@std/assert";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { linKVOnlyWorkload } from "../../../lib/workbench/workloads/lin_kv_only.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { testOptions } from "../run/stand_in.ts";

Deno.test("lin-kv-only has reads and writes of the same keys as lin-kv, and no cas", () => {
  for (const concurrency of [2, 3]) {
    const generator = linKVOnlyWorkload.generator(testOptions({ concurrency }), seededRandom("mix"));
    const drawn = Array.from({ length: 300 }, (_, i) => generator.next(i % concurrency, i % concurrency) as Invocation);
    assertEquals(new Set(drawn.map(({ f }) => f)), new Set(["read", "write"]));
    assertGreater(drawn.filter(({ f }) => f === "write").length, 100);
  }
});
