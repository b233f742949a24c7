import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { linKVWorkload } from "../../../lib/workbench/workloads/lin_kv.ts";
import { erring, openClient, silent, testOptions } from "../run/stand_in.ts";

const NODES = ["n0", "n1", "n2"];

Deno.test("read, write and cas, each of a key", async () => {
  const { invoke, requests } = openClient(
    linKVWorkload,
    ({ type }) => type === "read" ? { type: "read_ok", value: 4 } : { type: `${type}_ok` },
  );
  assertEquals(await invoke({ f: "read", value: [7, null] }), { type: "ok", value: [7, 4] });
  assertEquals(await invoke({ f: "write", value: [7, 3] }), { type: "ok" });
  assertEquals(await invoke({ f: "cas", value: [7, [3, 2]] }), { type: "ok" });
  assertEquals(requests, [
    { type: "read", msg_id: 1, key: 7 },
    { type: "write", msg_id: 2, key: 7, value: 3 },
    { type: "cas", msg_id: 3, key: 7, from: 3, to: 2 },
  ]);
});

Deno.test("a cas of an unexpected value and a read of a missing key complete as fail", async () => {
  const mismatch = openClient(linKVWorkload, erring(22, "expected 3, but had 1"));
  const failed = { type: "fail", error: ["precondition-failed", "expected 3, but had 1"] } as const;
  assertEquals(await mismatch.invoke({ f: "cas", value: [0, [3, 2]] }), { ...failed });
  const missing = openClient(linKVWorkload, erring(20, "not found"));
  const result = await missing.invoke({ f: "read", value: [0, null] });
  assertEquals(result, { type: "fail", error: ["key-does-not-exist", "not found"] });
});

Deno.test("waits for a second, or ten times the mean latency", async () => {
  for (const [mean, timeout] of [[0, 1000], [50, 1000], [250, 2500]] as const) {
    const { invoke, clock } = openClient(linKVWorkload, silent, { latency: { mean, distribution: "constant" } });
    assertEquals((await invoke({ f: "write", value: [0, 1] })).type, "info");
    assertEquals(clock.now(), timeout);
  }
});

/** Returns the operations of each worker in many rounds without crashes. */
function rounds(concurrency: number, count: number): Invocation[][] {
  const generator = linKVWorkload.generator(testOptions({ nodes: NODES, concurrency }), seededRandom("rounds"));
  const workers = Array.from({ length: concurrency }, (): Invocation[] => []);
  for (let round = 0; round < count; round++) {
    for (const [worker, done] of workers.entries()) done.push(generator.next(worker, worker) as Invocation);
  }
  return workers;
}

Deno.test("with two workers for each node, half read, the others write once for two cas", () => {
  for (const [worker, done] of rounds(12, 1000).entries()) {
    assertEquals(new Set(done.map(({ value }) => (value as [number, unknown])[0])), new Set([worker < 6 ? 0 : 1]));
    const share = (f: string) => done.filter((next) => next.f === f).length / 1000;
    if (worker % 6 < 3) assertEquals(share("read"), 1);
    else {
      assertAlmostEquals(share("write"), 1 / 3, 0.06);
      assertAlmostEquals(share("cas"), 2 / 3, 0.06);
    }
  }
});

Deno.test("workers that do not fill a group do everything, and half of it is reads", () => {
  for (const done of [...rounds(3, 1000), ...rounds(8, 1000).slice(6)]) {
    const share = (f: string) => done.filter((next) => next.f === f).length / 1000;
    assertAlmostEquals(share("read"), 1 / 2, 0.06);
    assertAlmostEquals(share("write"), 1 / 6, 0.06);
    assertAlmostEquals(share("cas"), 1 / 3, 0.06);
  }
});

Deno.test("values are from 0 to 4", () => {
  const values = new Set(rounds(6, 500).flat().flatMap(({ value }) => (value as [number, unknown])[1]).flat());
  assertEquals([...values].filter((value) => value !== null).sort(), [0, 1, 2, 3, 4]);
});

Deno.test("a key is replaced when more than 20 processes would use it", () => {
  const generator = linKVWorkload.generator(testOptions({ nodes: NODES, concurrency: 6 }), seededRandom("processes"));
  const keys: number[] = [];
  for (let process = 0; process < 60; process++) {
    const next = generator.next(process % 6, process) as Invocation;
    keys.push((next.value as [number, unknown])[0]);
  }
  assertEquals([0, 1, 2, 3].map((key) => keys.filter((other) => other === key).length), [20, 20, 20, 0]);
  assert(keys.every((key, index) => index === 0 || key >= keys[index - 1]!));
});
