import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../../lib/workbench/world/clock.ts";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";
import { createInterpreter, type InterpreterOptions, type Phase } from "../../../lib/workbench/run/interpreter.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation, OperationGenerator, Outcome } from "../../../lib/workbench/workloads/workload.ts";
import { RPCError } from "../../../lib/protocol.ts";

/** Clock whose callbacks run only at multiples of `tick` ms, as those of a machine do. */
function coarseClock(clock: Clock, tick: number): Clock {
  return {
    lateness: 50,
    now: () => clock.now(),
    schedule: (at, callback) => clock.schedule(tick * Math.ceil(at / tick), callback),
    cancel: (timer) => clock.cancel(timer),
    sleep: (delay, signal) => clock.sleep(delay, signal),
  };
}

/**
 * Creates an interpreter whose clients take `latency()` ms for an operation and complete it with `outcome`. If there is
 * a `tick`, its clock is coarse.
 */
function setUp(
  outcome: (invocation: Invocation) => Outcome = () => ({ type: "ok" }),
  options: Partial<InterpreterOptions> & { latency?: number | (() => number); tick?: number } = {},
) {
  const clock = new VirtualClock();
  const { latency = 10, tick } = options;
  const history: Operation[] = [];
  const exceptions: string[] = [];
  const clients = { opened: 0, closed: 0 };
  const interpreter = createInterpreter({
    clock: tick === undefined ? clock : coarseClock(clock, tick),
    concurrency: 2,
    reusable: false,
    open() {
      clients.opened++;
      return {
        client: {
          async invoke(invocation) {
            await clock.sleep(typeof latency === "number" ? latency : latency());
            return outcome(invocation);
          },
        },
        close: () => void clients.closed++,
      };
    },
    record(operation) {
      const entry = { index: history.length, time: clock.now() * 1e6, ...operation } as Operation;
      history.push(entry);
      return entry;
    },
    onException: (error) => exceptions.push(error.message),
    signal: new AbortController().signal,
    ...options,
  });
  async function run(phase: Omit<Phase, "random"> & Partial<Phase>): Promise<void> {
    await clock.settle(interpreter.run({ random: seededRandom("test"), ...phase }));
  }
  return { clock, history, exceptions, clients, interpreter, run };
}

/** Creates a generator of these operations, in order, for any worker. */
function list(...invocations: Invocation[]): OperationGenerator {
  return { next: () => invocations.shift() };
}

/** Creates a generator of this many operations. */
function first(count: number): OperationGenerator {
  return { next: () => count-- > 0 ? { f: "read" } : undefined };
}

const forever: OperationGenerator = { next: () => ({ f: "read" }) };

Deno.test("operations enter the history as invocation and completion", async () => {
  const { history, run } = setUp(({ value }) => ({ type: "ok", value: [value] }));
  await run({ generator: list({ f: "write", value: 3 }, { f: "read", final: true }) });
  assertEquals(history.map(({ process: _, ...rest }) => rest), [
    { index: 0, time: 0, type: "invoke", f: "write", value: 3 },
    { index: 1, time: 0, type: "invoke", f: "read", value: null, final: true },
    { index: 2, time: 10e6, type: "ok", f: "write", value: [3] },
    { index: 3, time: 10e6, type: "ok", f: "read", value: [undefined], final: true },
  ]);
});

Deno.test("a worker does one operation at a time", async () => {
  const { history, run } = setUp();
  await run({ generator: forever, timeLimitSeconds: 1 });
  const open = new Set<unknown>();
  for (const { type, process } of history) {
    if (type === "invoke") {
      assert(!open.has(process));
      open.add(process);
    } else open.delete(process);
  }
  assertEquals(history.length, 2 * 2 * 100);
});

Deno.test("a rate spaces operations, on average", async () => {
  const { history, run } = setUp(undefined, { concurrency: 10 });
  await run({ generator: forever, rate: 50, timeLimitSeconds: 100 });
  assertAlmostEquals(history.length / 2, 5000, 200);
});

Deno.test("an operation takes one draw of a worker, however many are free", async () => {
  let draws = 0;
  const random = seededRandom("test");
  const counting = { ...random, integer: (below: number) => (draws++, random.integer(below)) };
  const { history, run } = setUp(undefined, { concurrency: 1000 });
  await run({ generator: first(500), random: counting });
  // The last draw is for the operation that there is not.
  assertEquals([draws, history.length], [501, 1000]);
});

Deno.test("each free worker is asked once, in a random order, until one has an operation", async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const asked: number[] = [];
    let left = 1;
    const next = (worker: number) => {
      if (asked.push(worker) < 3) return "pending";
      return left-- > 0 ? { f: "read" } : undefined;
    };
    const { history, run } = setUp(undefined, { concurrency: 3 });
    await run({ generator: { next }, random: seededRandom(String(seed)) });
    const order = asked.slice(0, 3);
    assertEquals(order.toSorted(), [0, 1, 2]);
    assertEquals(history.map(({ process }) => process), Array(2).fill(order[2]));
    orders.add(order.join());
  }
  assertEquals(orders.size, 6);
});

Deno.test("operations begin exactly when the drawn gaps are over, at any rate", async () => {
  for (const rate of [1, 10, 1000, 33_333, 100_000]) {
    const { history, run } = setUp(undefined, { concurrency: 1, latency: 0 });
    await run({ generator: first(1000), rate });
    const random = seededRandom("test");
    let due = 0;
    for (const { time } of history.filter(({ type }) => type === "invoke")) {
      assertAlmostEquals(time / 1e6, due, 1e-6);
      due += random.float() * 2000 / rate;
    }
    assertAlmostEquals(due, 1000 * 1000 / rate, 50 * 1000 / rate);
  }
});

Deno.test("a rate is reached although the clock is late and workers are few", async () => {
  for (const rate of [10, 1000, 5000, 20_000, 50_000]) {
    const timeLimitSeconds = 10_000 / rate;
    const { history, run } = setUp(undefined, { concurrency: 20, latency: 0.3, tick: 2 });
    await run({ generator: forever, rate, timeLimitSeconds });
    assertAlmostEquals(history.length / 2 / 10_000, 1, 0.03);
  }
});

Deno.test("what a late clock leaves over is not caught up after a long standstill", async () => {
  let operations = 0;
  const latency = () => operations++ === 0 ? 5000 : 0.1;
  const { history, run } = setUp(undefined, { concurrency: 1, latency, tick: 2 });
  await run({ generator: forever, rate: 1000, timeLimitSeconds: 5.1 });
  const after = history.filter(({ type, time }) => type === "invoke" && time > 0).length;
  assert(after < 300, `${after} operations in the last 100 ms`);
});

Deno.test("operations that busy workers miss are not caught up", async () => {
  const { history, run } = setUp(undefined, { concurrency: 1, latency: 100 });
  await run({ generator: forever, rate: 1000, timeLimitSeconds: 1 });
  assertEquals(history.filter(({ type }) => type === "invoke").length, 10);
});

Deno.test("a rate of 0 means no operations for as long as the phase lasts", async () => {
  const { clock, history, run } = setUp();
  await run({ generator: forever, rate: 0, timeLimitSeconds: 5 });
  assertEquals(history, []);
  assertEquals(clock.now(), 5000);
});

Deno.test("a phase ends with its operations completed, even beyond the time limit", async () => {
  const { clock, history, run } = setUp(undefined, { latency: 700 });
  await run({ generator: forever, timeLimitSeconds: 1 });
  assertEquals(clock.now(), 1400);
  assertEquals(history.filter(({ type }) => type === "ok").length, 4);
});

Deno.test("after info a worker continues as a new process with a new client", async () => {
  const { history, clients, interpreter, run } = setUp(() => ({ type: "info" }), { concurrency: 1 });
  await run({ generator: list({ f: "a" }, { f: "b" }, { f: "c" }) });
  assertEquals(history.filter(({ type }) => type === "invoke").map(({ process }) => process), [0, 1, 2]);
  assertEquals(clients, { opened: 3, closed: 3 });
  interpreter.close();
  assertEquals(clients, { opened: 3, closed: 3 });
});

Deno.test("a reusable client outlives info, and fail keeps process and client", async () => {
  const { history, clients, interpreter, run } = setUp(({ f }) => ({ type: f === "a" ? "info" : "fail" }), {
    concurrency: 1,
    reusable: true,
  });
  await run({ generator: list({ f: "a" }, { f: "b" }, { f: "b" }) });
  assertEquals(history.map(({ process }) => process), [0, 0, 1, 1, 1, 1]);
  interpreter.close();
  assertEquals(clients, { opened: 1, closed: 1 });
});

Deno.test("what a client throws is an operation of type info; all but error replies are exceptions", async () => {
  const { history, exceptions, run } = setUp(({ f }) => {
    if (f === "c") throw new RPCError("timeout", "too late");
    throw f === "a" ? new RPCError("abort", "not today") : new TypeError("strange reply");
  }, { concurrency: 1 });
  await run({ generator: list({ f: "a" }, { f: "b" }, { f: "c" }) });
  assertEquals(history.filter(({ type }) => type === "info").map(({ error }) => error), [
    ["abort", "not today"],
    ["indeterminate", "strange reply"],
    "net-timeout",
  ]);
  assertEquals(exceptions, ["strange reply"]);
});

Deno.test("a generator that answers pending is asked again", async () => {
  let asked = 0;
  const { history, clock, run } = setUp();
  await run({
    generator: { next: () => ++asked > 1000 ? undefined : asked % 100 === 0 ? { f: "read" } : "pending" },
  });
  assertEquals(history.length, 20);
  assert(clock.now() < 1100);
});

Deno.test("a generator receives invocations and completions", async () => {
  const seen: string[] = [];
  const { run } = setUp();
  const generator = list({ f: "a" }, { f: "b" });
  generator.update = ({ type, f }, worker) => seen.push(`${f} ${type} by ${worker < 2}`);
  await run({ generator });
  assertEquals(seen, ["a invoke by true", "b invoke by true", "a ok by true", "b ok by true"]);
});

Deno.test("an abort ends the phase at once; operations under way are info", async () => {
  const stop = new AbortController();
  const { clock, history, run } = setUp(undefined, { signal: stop.signal, latency: 1_000_000 });
  clock.schedule(500, () => stop.abort(new Error("enough")));
  await run({ generator: forever });
  assertEquals(history.map(({ type, error, time }) => [type, error, time]), [
    ["invoke", undefined, 0],
    ["invoke", undefined, 0],
    ["info", "interrupted", 500e6],
    ["info", "interrupted", 500e6],
  ]);
});

Deno.test("an error in a generator ends the run", async () => {
  const { run } = setUp();
  const generator = list({ f: "a" }, { f: "b" });
  generator.update = () => {
    throw new Error("broken generator");
  };
  await assertRejects(() => run({ generator }), Error, "broken generator");
});
