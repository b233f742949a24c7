import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { VirtualClock } from "../../../../../lib/workbench/world/virtual_clock.ts";
import { createTurns } from "../../../../../lib/workbench/world/hosts/in_process/turns.ts";

Deno.test("a turn runs at once, unless the node is paused", async () => {
  const clock = new VirtualClock();
  const turns = createTurns(clock);
  const taken: number[] = [];
  turns.take(() => taken.push(1));
  assertEquals(taken, [1]);
  turns.pause();
  turns.take(() => taken.push(2));
  await clock.run(1000);
  assertEquals(taken, [1]);
  turns.resume();
  assertEquals(taken, [1]);
  await clock.run(1000);
  assertEquals(taken, [1, 2]);
  turns.take(() => taken.push(3));
  assertEquals(taken, [1, 2, 3]);
});

Deno.test("the promises of a waiting turn settle before the next one", async () => {
  const clock = new VirtualClock();
  const turns = createTurns(clock);
  const taken: string[] = [];
  turns.pause();
  for (const name of ["a", "b"]) {
    turns.take(async () => {
      taken.push(name);
      for (let i = 0; i < 10; i++) await null;
      taken.push(`${name} settled`);
    });
  }
  turns.resume();
  await clock.run();
  assertEquals(taken, ["a", "a settled", "b", "b settled"]);
});

Deno.test("turns run in order, each once, for any pauses", async () => {
  const action = fc.constantFrom("take", "pause", "resume", "wait");
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
    const clock = new VirtualClock();
    const turns = createTurns(clock);
    const taken: number[] = [];
    let count = 0;
    actions.forEach((action, at) =>
      clock.schedule(action === "wait" ? at + 0.5 : at, () => {
        if (action === "pause") turns.pause();
        if (action === "resume") turns.resume();
        if (action === "take") {
          const number = count++;
          turns.take(() => taken.push(number));
        }
      })
    );
    await clock.run();
    turns.resume();
    await clock.run();
    assertEquals(taken, Array.from({ length: count }, (_, i) => i));
  }));
});

Deno.test("a node that is paused while it catches up stops at once", async () => {
  const clock = new VirtualClock();
  const turns = createTurns(clock);
  const taken: number[] = [];
  turns.pause();
  for (let i = 0; i < 4; i++) {
    turns.take(() => {
      taken.push(i);
      if (i === 1) turns.pause();
    });
  }
  turns.resume();
  turns.resume();
  await clock.run();
  assertEquals(taken, [0, 1]);
  turns.take(() => taken.push(4));
  turns.resume();
  await clock.run();
  assertEquals(taken, [0, 1, 2, 3, 4]);
});

Deno.test("a turn that throws does not stop the others", async () => {
  const clock = new VirtualClock();
  const turns = createTurns(clock);
  const taken: number[] = [];
  turns.pause();
  turns.take(() => {
    throw new Error("no luck");
  });
  turns.take(() => taken.push(1));
  turns.resume();
  await assertRejects(() => clock.run(), Error, "no luck");
  await clock.run();
  assertEquals(taken, [1]);
});

Deno.test("after the end no turn runs, not even a waiting one", async () => {
  const clock = new VirtualClock();
  const turns = createTurns(clock);
  const taken: number[] = [];
  turns.pause();
  turns.take(() => taken.push(1));
  turns.resume();
  turns.end();
  turns.take(() => taken.push(2));
  turns.resume();
  turns.pause();
  turns.resume();
  await clock.run();
  assertEquals([taken, turns.ended], [[], true]);
});
