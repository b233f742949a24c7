import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { pnCounterWorkload } from "../../../lib/workbench/workloads/pn_counter.ts";
import { openClient, testOptions } from "../run/stand_in.ts";

Deno.test("add and read", async () => {
  const { invoke, requests } = openClient(
    pnCounterWorkload,
    ({ type }) => type === "read" ? { type: "read_ok", value: -7 } : { type: "add_ok" },
  );
  assertEquals(await invoke({ f: "add", value: -3 }), { type: "ok" });
  assertEquals(await invoke({ f: "read" }), { type: "ok", value: -7 });
  assertEquals(requests, [{ type: "add", msg_id: 1, delta: -3 }, { type: "read", msg_id: 2 }]);
});

Deno.test("a value beyond 2^53 is taken whole, and judged", async () => {
  const value = 2n ** 60n + 1n;
  const { invoke } = openClient(pnCounterWorkload, () => ({ type: "read_ok", value }));
  assertEquals(await invoke({ f: "read" }), { type: "ok", value });
  const at = (index: number, type: Operation["type"], f: string, value: unknown): Operation => ({
    index,
    time: index,
    type,
    process: 0,
    f,
    value,
    ...f === "read" && { final: true },
  });
  for (const [read, valid] of [[value, true], [value + 1n, false], [2 ** 60, false]] as const) {
    const history = [
      at(0, "invoke", "add", value),
      at(1, "ok", "add", value),
      at(2, "invoke", "read", null),
      at(3, "ok", "read", read),
    ];
    assertEquals(pnCounterWorkload.check(history, {} as never).valid, valid);
    const { isComplete } = pnCounterWorkload.convergence!(history.slice(0, 2), testOptions());
    assertEquals(isComplete([read, read]), valid);
  }
});

Deno.test("a value that is not a whole number is malformed", async () => {
  for (const value of [1.5, "1", null]) {
    const { invoke } = openClient(pnCounterWorkload, () => ({ type: "read_ok", value }));
    await assertRejects(() => invoke({ f: "read" }), TypeError, "expected body.value to be integer");
  }
});

Deno.test("half reads, and deltas from -5 to 4", () => {
  const generator = pnCounterWorkload.generator(testOptions(), seededRandom("pn"));
  const drawn = Array.from({ length: 10_000 }, () => generator.next(0, 0) as Invocation);
  const deltas = drawn.filter(({ f }) => f === "add").map(({ value }) => value as number);
  assertAlmostEquals(deltas.length / 10_000, 1 / 2, 0.03);
  for (let delta = -5; delta <= 4; delta++) {
    assertAlmostEquals(deltas.filter((value) => value === delta).length / deltas.length, 1 / 10, 0.02);
  }
});
