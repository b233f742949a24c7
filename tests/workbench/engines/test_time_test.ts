import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { VirtualClock } from "../../../lib/workbench/world/clock.ts";
import { createTestTime } from "../../../lib/workbench/engines/test_time.ts";

Deno.test("a timeline runs all that is due by the end of what is waited for, and nothing after it", async () => {
  const clock = new VirtualClock();
  const { pass } = createTestTime(clock);
  const times: number[] = [];
  const passing = pass(100);
  // Scheduled after the wait, and due at its very end.
  for (const at of [99, 100, 101]) clock.schedule(at, () => void times.push(at));
  await passing;
  assertEquals([times, clock.now()], [[99, 100], 100]);
});

Deno.test("a timeline waits for what settles, and gives what it settles with", async () => {
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

Deno.test("a timeline says so when nothing is left that could end the waiting", async () => {
  const { until } = createTestTime(new VirtualClock());
  await assertRejects(() => until(() => new Promise(() => {})), Error, "Cannot go on: nothing is scheduled after 0 ms");
});

Deno.test("a timeline ends at what goes on without end while no time passes", async () => {
  const clock = new VirtualClock();
  const { pass } = createTestTime(clock, 1000);
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

Deno.test("a timeline that has failed fails whatever is waited for, then and later, with the first error", async () => {
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
