import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { OperationType } from "../../../lib/workbench/history/operation.ts";
import { createMeter, type Meter } from "../../../lib/workbench/run/progress.ts";

/** Adds an entry of the history at a time in ms. */
function add(meter: Meter, type: OperationType, ms: number, process = 0): void {
  meter.operation({ index: 0, time: ms * 1e6, type, process, f: "read", value: null });
}

/** Performs an operation. */
function perform(meter: Meter, ms: number, latency: number, type: OperationType = "ok", process = 0): void {
  add(meter, "invoke", ms, process);
  add(meter, type, ms + latency, process);
}

Deno.test("a meter without operations reads zeros, also at its beginning", () => {
  const none = { ok: 0, fail: 0, info: 0, messages: 0, operationsPerSecond: 0, messagesPerSecond: 0, p99: null };
  const meter = createMeter(1);
  meter.begin(700);
  assertEquals(meter.read(700), none);
  assertEquals(meter.read(90_000), none);
});

Deno.test("a meter's rates and p99 are those of the last two seconds, its counts those of all time", () => {
  const meter = createMeter(1);
  meter.begin(0);
  for (let ms = 0; ms < 10_000; ms += 10) perform(meter, ms, 1);
  for (let ms = 10_000; ms < 20_000; ms += 100) {
    perform(meter, ms, 50);
    for (let each = 0; each < 3; each++) meter.message(ms);
  }
  const { ok, messages, operationsPerSecond, messagesPerSecond, p99 } = meter.read(20_000);
  assertEquals([ok, messages], [1100, 300]);
  assertAlmostEquals(operationsPerSecond, 10, 0.01);
  assertAlmostEquals(messagesPerSecond, 30, 0.01);
  assertAlmostEquals(p99!, 50, 1.5);
});

Deno.test("a meter forgets operations after at most 2 s, also if nothing happens until then", () => {
  const meter = createMeter(1);
  meter.begin(0);
  perform(meter, 100, 5);
  meter.message(100);
  assertEquals(meter.read(1999).operationsPerSecond, 1 / 1.999);
  const { ok, operationsPerSecond, messagesPerSecond, p99 } = meter.read(2200);
  assertEquals([ok, operationsPerSecond, messagesPerSecond, p99], [1, 0, 0, null]);
  assertEquals(meter.read(1e9).p99, null);
});

Deno.test("a meter's rates do not count what came before the main phase", () => {
  const meter = createMeter(1);
  for (let each = 0; each < 1000; each++) meter.message(4950);
  meter.begin(5000);
  meter.message(5010);
  assertEquals(meter.read(5500).messagesPerSecond, 2);
  assertEquals(meter.read(5500).messages, 1001);
});

Deno.test("a meter counts failed and unknown operations; only those that succeeded have a latency", () => {
  const meter = createMeter(2);
  meter.begin(0);
  perform(meter, 0, 500, "fail");
  // After info, worker 1 continues as another process.
  perform(meter, 0, 900, "info", 1);
  perform(meter, 900, 10, "ok", 3);
  const { ok, fail, info, operationsPerSecond, p99 } = meter.read(1000);
  assertEquals([ok, fail, info, operationsPerSecond], [1, 1, 1, 3]);
  assertAlmostEquals(p99!, 10, 0.3);
});

Deno.test("a meter's p99 is exact to 3 %, and at least 0 and at most 131 s", () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0.01, max: 1900, noNaN: true }), { minLength: 1 }), (latencies) => {
    const meter = createMeter(latencies.length);
    meter.begin(0);
    latencies.forEach((latency, worker) => perform(meter, 0, latency, "ok", worker));
    const expected = latencies.toSorted((a, b) => a - b)[Math.ceil(0.99 * latencies.length) - 1]!;
    const { p99 } = meter.read(1900);
    assert(Math.abs(p99! / expected - 1) < 0.03, `${p99} is not ${expected}`);
  }));
  const meter = createMeter(1);
  perform(meter, 100, 0);
  assertEquals(meter.read(100).p99, 0);
  perform(meter, 100, 1e9);
  assert(meter.read(1e9).p99! < 132_000);
});
