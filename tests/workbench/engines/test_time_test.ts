import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";
import { createTestTime } from "../../../lib/workbench/engines/test_time.ts";

Deno.test("pass() runs every event that is due by the end of the wait, and none after it", async () => {
  const clock = new VirtualClock();
  const { pass } = createTestTime(clock);
  const times: number[] = [];
  const passing = pass(100);
  // The event at 100 is scheduled after the wait and due at its very end.
  for (const at of [99, 100, 101]) clock.schedule(at, () => void times.push(at));
  await passing;
  assertEquals([times, clock.now()], [[99, 100], 100]);
});

Deno.test("until() settles as the promise does", async () => {
  const clock = new VirtualClock();
  const { until } = createTestTime(clock);
  assertEquals(await until(() => clock.sleep(30).then(() => "rested")), "rested");
  assertEquals(clock.now(), 30);
  await assertRejects(
    () => until(() => clock.sleep(30).then(() => Promise.reject(new Error("tired")))),
    Error,
    "tired",
  );
  assertEquals(await until(() => Promise.resolve(7)), 7);
  assertEquals(clock.now(), 60);
});

Deno.test("until() rejects when no event is left that could settle the promise", async () => {
  const { until } = createTestTime(new VirtualClock());
  await assertRejects(
    () => until(() => new Promise(() => {})),
    Error,
    "Cannot continue: nothing is scheduled after 0 ms",
  );
});

Deno.test("pass() rejects when events go on without time passing", async () => {
  const clock = new VirtualClock();
  const { pass } = createTestTime(clock, { maxAtOnce: 1000 });
  let count = 0;
  const again = () => {
    count++;
    clock.schedule(50, again);
  };
  clock.schedule(50, again);
  const { message } = await assertRejects(() => pass(100), Error);
  assertMatch(message, /^Time stands still at 50 ms: /);
  assertEquals(count > 900, true);
});

Deno.test("after fail(), every present and later wait rejects with the first error", async () => {
  const clock = new VirtualClock();
  const { pass, until, fail } = createTestTime(clock);
  clock.schedule(10, () => {
    fail(new Error("first"));
    fail(new Error("second"));
  });
  const waits = [pass(100), pass(20), until(() => clock.sleep(50))];
  for (const wait of waits) await assertRejects(() => wait, Error, "first");
  assertEquals(clock.now(), 10);
  await assertRejects(() => pass(0), Error, "first");
});

// Deno counts as a leak whatever a test leaves pending. Which one comes first is a race: so there are many tests.
for (let round = 1; round <= 20; round++) {
  Deno.test(`nothing is pending once the last wait has ended, round ${round}`, async () => {
    const clock = new VirtualClock();
    const { pass, until } = createTestTime(clock);
    await Promise.all([pass(1), until(() => clock.sleep(2))]);
  });
}
