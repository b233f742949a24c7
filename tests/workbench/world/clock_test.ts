import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { setImmediate } from "node:timers";
import v8 from "node:v8";
import vm from "node:vm";
import type { Clock, Timer } from "../../../lib/workbench/world/clock.ts";
import { RealClock } from "../../../lib/workbench/world/real_clock.ts";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";

v8.setFlagsFromString("--expose-gc");
const collectGarbage: () => void = vm.runInNewContext("gc");

/** Tests of both clocks. `pass` lets time pass until all scheduled callbacks have run. */
function testContract(name: string, make: () => Clock, pass: (clock: Clock) => Promise<unknown>): void {
  Deno.test(`${name} runs callbacks by time, and in order of scheduling at the same time`, async () => {
    const clock = make();
    const ran: string[] = [];
    const start = clock.now();
    for (const [delay, label] of [[6, "d"], [3, "b"], [0, "a"], [3, "c"], [6, "e"]] as const) {
      clock.schedule(start + delay, () => void ran.push(label));
    }
    await pass(clock);
    assertEquals(ran.join(""), "abcde");
  });

  Deno.test(`${name} never runs a callback before its time`, async () => {
    const clock = make();
    const early: number[] = [];
    for (const delay of [0, 0.3, 1, 1.7, 2, 2.6, 5.5]) {
      const due = clock.now() + delay;
      clock.schedule(due, () => clock.now() < due && early.push(delay));
    }
    await pass(clock);
    assertEquals(early, []);
  });

  Deno.test(`${name} runs a callback of a past time after schedule has returned`, async () => {
    const clock = make();
    let returned = false;
    let ran = false;
    clock.schedule(clock.now() - 1000, () => ran = returned);
    returned = true;
    await pass(clock);
    assert(ran);
  });

  Deno.test(`${name} runs callbacks of past times in order of scheduling`, async () => {
    const clock = make();
    const ran: number[] = [];
    for (const delay of [-1, -3, -2]) clock.schedule(clock.now() + delay, () => ran.push(delay));
    await pass(clock);
    assertEquals(ran, [-1, -3, -2]);
  });

  Deno.test(`${name} does not run a cancelled callback, even if one of the same time cancels it`, async () => {
    const clock = make();
    const ran: string[] = [];
    const due = clock.now() + 2;
    const timers: Timer[] = [clock.schedule(due, () => ran.push("a"))];
    clock.schedule(due, () => {
      ran.push("b");
      clock.cancel(timers[1]);
    });
    timers.push(clock.schedule(due, () => ran.push("c")));
    clock.cancel(timers[0]);
    await pass(clock);
    assertEquals(ran, ["b"]);
  });

  Deno.test(`${name} ignores a second cancellation, and one after the run`, async () => {
    const clock = make();
    let count = 0;
    const timer = clock.schedule(clock.now(), () => count++);
    await pass(clock);
    clock.cancel(timer);
    clock.cancel(timer);
    clock.schedule(clock.now() + 1, () => count++);
    await pass(clock);
    assertEquals(count, 2);
  });

  Deno.test(`${name} continues after everything was cancelled`, async () => {
    const clock = make();
    let ran = false;
    const timers = Array.from({ length: 300 }, (_, i) => clock.schedule(clock.now() + 10 + i, () => {}));
    timers.forEach((timer) => clock.cancel(timer));
    clock.schedule(clock.now() + 1, () => ran = true);
    await pass(clock);
    assert(ran);
  });

  Deno.test(`${name} refuses a time that is not a number`, () => {
    const clock = make();
    assertThrows(() => clock.schedule(NaN, () => {}), RangeError, "expected a time in ms, got NaN");
    assertThrows(() => clock.schedule(Infinity, () => {}), RangeError, "got Infinity");
  });

  Deno.test(`${name} sleeps`, async () => {
    const clock = make();
    const start = clock.now();
    const slept = clock.sleep(3).then(() => clock.now() - start);
    await pass(clock);
    assertGreaterOrEqual(await slept, 3);
  });

  Deno.test({
    name: `${name} stops sleeping at a signal, and leaves no timer behind`,
    sanitizeOps: true,
    async fn() {
      const clock = make();
      const controller = new AbortController();
      const slept = clock.sleep(60_000, controller.signal);
      controller.abort(new Error("enough"));
      await assertRejects(() => slept, Error, "enough");
      await assertRejects(() => clock.sleep(60_000, controller.signal), Error, "enough");
      await pass(clock);
      assertLess(clock.now(), 60_000);
    },
  });

  Deno.test(`${name} removes its listener from the signal after the sleep`, async () => {
    const clock = make();
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_type: string, listener: unknown) => void listeners.delete(listener);
    const slept = clock.sleep(1, signal);
    assertEquals(listeners.size, 1);
    await pass(clock);
    await slept;
    assertEquals(listeners.size, 0);
  });
}

testContract("VirtualClock", () => new VirtualClock(), (clock) => (clock as VirtualClock).run());
testContract("RealClock", () => new RealClock(), (clock) => clock.sleep(8));

Deno.test("RealClock lets I/O have a turn between callbacks that schedule each other", async () => {
  const clock = new RealClock();
  let turn = false;
  let calls = 0;
  const timeout = setTimeout(() => turn = true, 0);
  await new Promise<void>((resolve) => {
    const again = () => {
      calls++;
      if (turn) resolve();
      else clock.schedule(0, again);
    };
    again();
  });
  clearTimeout(timeout);
  assert(calls > 0);
});

Deno.test({
  name: "RealClock wakes earlier if an earlier callback is scheduled",
  sanitizeOps: true,
  async fn() {
    const clock = new RealClock();
    const later = clock.schedule(20_000, () => {});
    const sooner = clock.schedule(10_000, () => {});
    await clock.sleep(3);
    assertLess(clock.now(), 10_000);
    clock.cancel(sooner);
    clock.cancel(later);
  },
});

Deno.test("RealClock runs what is due as soon as something else is scheduled, although its timer is late", async () => {
  const { setTimeout } = globalThis;
  const clock = new RealClock();
  let ran = false;
  try {
    // A timer that never fires.
    globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
    clock.schedule(clock.now() + 3, () => ran = true);
    const due = clock.now() + 4;
    while (clock.now() < due);
    const later = clock.schedule(clock.now() + 20_000, () => {});
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    clock.cancel(later);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert(ran);
});

Deno.test("VirtualClock takes no real time", async () => {
  const clock = new VirtualClock();
  let ran = 0;
  for (let day = 0; day < 1000; day++) clock.schedule(day * 86_400_000, () => ran++);
  await clock.run();
  assertEquals(ran, 1000);
  assertEquals(clock.now(), 999 * 86_400_000);
});

Deno.test("VirtualClock calls onSettled after each callback and its promises, also if it throws", async () => {
  const seen: string[] = [];
  const clock = new VirtualClock(() => seen.at(-1) !== "settled" && seen.push("settled"));
  clock.schedule(1, async () => {
    await null;
    seen.push("chain");
  });
  clock.schedule(1, () => seen.push("callback"));
  clock.schedule(2, () => {
    seen.push("throws");
    throw new Error("boom");
  });
  await assertRejects(() => clock.run(), Error, "boom");
  assertEquals(seen, ["settled", "chain", "settled", "callback", "settled", "throws", "settled"]);
});

Deno.test("VirtualClock lets chains of promises settle before time advances", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.schedule(1, async () => {
    for (let i = 0; i < 1000; i++) await null;
    seen.push(`chain at ${clock.now()}`);
  });
  clock.schedule(1, () => seen.push("callback"));
  clock.schedule(2, () => seen.push(`callback at ${clock.now()}`));
  await clock.run();
  assertEquals(seen, ["chain at 1", "callback", "callback at 2"]);
});

Deno.test("VirtualClock lets promises from before the run settle first", async () => {
  const clock = new VirtualClock();
  let at = NaN;
  (async () => {
    for (let i = 0; i < 100; i++) await null;
    await clock.sleep(5);
    at = clock.now();
  })();
  await clock.run();
  assertEquals(at, 5);
});

Deno.test("VirtualClock runs to a time, with the callbacks due then, and stops there", async () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  for (const at of [1, 10, 10.001]) clock.schedule(at, () => ran.push(at));
  await clock.run(10);
  assertEquals([ran, clock.now()], [[1, 10], 10]);
  await clock.run(5);
  assertEquals(clock.now(), 10);
  await clock.run(20);
  assertEquals([ran, clock.now()], [[1, 10, 10.001], 20]);
});

Deno.test("VirtualClock runs until a condition holds, and no further", async () => {
  const clock = new VirtualClock();
  let count = 0;
  const tick = () => {
    count++;
    clock.schedule(clock.now() + 1, tick);
  };
  tick();
  await clock.run(() => count === 5);
  assertEquals(clock.now(), 4);
});

Deno.test("VirtualClock throws if a condition cannot become true", async () => {
  const clock = new VirtualClock();
  clock.schedule(7, () => {});
  await assertRejects(() => clock.run(() => false), Error, "Cannot continue: nothing is scheduled after 7 ms");
});

Deno.test("VirtualClock runs until a promise settles, and returns or throws what that does", async () => {
  const clock = new VirtualClock();
  assertEquals(await clock.settle(clock.sleep(5).then(() => "done")), "done");
  assertEquals(clock.now(), 5);
  await assertRejects(() => clock.settle(clock.sleep(5).then(() => Promise.reject(new Error("no")))), Error, "no");
  assertEquals(clock.now(), 10);
  const pending = Promise.withResolvers<void>().promise;
  await assertRejects(() => clock.settle(pending), Error, "Cannot continue: nothing is scheduled after 10 ms");
});

Deno.test("VirtualClock steps from callback to callback", async () => {
  const clock = new VirtualClock();
  let settled = false;
  clock.schedule(3, () => void Promise.resolve().then(() => settled = true));
  assert(await clock.step());
  assertEquals([clock.now(), settled], [3, true]);
  assert(!await clock.step());
});

Deno.test("VirtualClock throws the error of a callback, and can go on", async () => {
  const clock = new VirtualClock();
  let ran = false;
  clock.schedule(1, () => {
    throw new Error("oops");
  });
  clock.schedule(2, () => ran = true);
  await assertRejects(() => clock.run(), Error, "oops");
  assert(!ran);
  await clock.run();
  assert(ran);
});

Deno.test("VirtualClock is driven by turns, each after the promises of the one before", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  for (const at of [5, 10]) clock.schedule(at, () => void Promise.resolve().then(() => seen.push(`at ${at}`)));
  let paused = false;
  await clock.drive(() => {
    seen.push(`turn at ${clock.now()}`);
    if (clock.runNext(7)) return "next";
    if (clock.now() < 8) clock.skipTo(8);
    if (!paused) setImmediate(() => seen.push("event loop"));
    if (paused) return "end";
    paused = true;
    return "pause";
  });
  assertEquals(seen, ["turn at 0", "at 5", "turn at 5", "event loop", "turn at 8"]);
  for (const time of [7, 11, NaN]) {
    assertThrows(() => clock.skipTo(time), RangeError, `Cannot skip to ${time} ms: expected 8 to 10`);
  }
});

Deno.test("VirtualClock refuses to run twice at once", async () => {
  const clock = new VirtualClock();
  clock.schedule(1, () => {});
  const first = clock.run();
  await assertRejects(() => clock.run(), Error, "it is running already");
  await first;
});

Deno.test("VirtualClock keeps the order for any schedules and cancellations", async () => {
  const operation = fc.record({ at: fc.integer({ min: 0, max: 20 }), cancels: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 200 }), async (operations) => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    const timers = operations.map(({ at }, i) => clock.schedule(at, () => ran.push(i)));
    operations.forEach(({ cancels }, i) => cancels && clock.cancel(timers[i]));
    await clock.run();
    const expected = operations.map((operation, i) => ({ ...operation, i }))
      .filter(({ cancels }) => !cancels)
      .sort((a, b) => a.at - b.at || a.i - b.i);
    assertEquals(ran, expected.map(({ i }) => i));
  }));
});

Deno.test("VirtualClock keeps no memory of cancelled timers", async () => {
  const clock = new VirtualClock();
  clock.schedule(1e9, () => {});
  const callbacks: WeakRef<() => void>[] = [];
  for (let i = 0; i < 1000; i++) {
    const callback = () => void i;
    callbacks.push(new WeakRef(callback));
    clock.cancel(clock.schedule(1e6 + i, callback));
  }
  await clock.run(1);
  collectGarbage();
  const kept = callbacks.filter((callback) => callback.deref() !== undefined).length;
  assertLess(kept, 10); // V8 may keep the last one.
});

Deno.test("RealClock runs what is due at once before the next turn of the event loop", async () => {
  const clock = new RealClock();
  const ran: string[] = [];
  const turn = new Promise<void>((resolve) => setImmediate(() => resolve(void ran.push("turn"))));
  clock.schedule(clock.now(), () => {
    ran.push("request");
    Promise.resolve().then(() => clock.schedule(clock.now(), () => ran.push("reply")));
  });
  await turn;
  assertEquals(ran, ["request", "reply", "turn"]);
});

Deno.test("RealClock keeps to the times of callbacks whose predecessors were cancelled", async () => {
  const clock = new RealClock();
  const start = clock.now();
  const first = clock.schedule(start + 4, () => {});
  const slept = clock.sleep(12);
  clock.cancel(first);
  const soon = clock.sleep(2);
  await soon;
  await slept;
  assertGreaterOrEqual(clock.now() - start, 12);
});
