import { assertEquals, assertRejects } from "@std/assert";
import { VirtualClock } from "../../../../lib/workbench/world/clock.ts";
import { createInbox } from "../../../../lib/workbench/world/network/inbox.ts";

function rig(isAwaited: (message: string) => boolean = () => true) {
  const clock = new VirtualClock();
  const seen: [string, number][] = [];
  const inbox = createInbox<string>({
    clock,
    isAwaited,
    handOver(message) {
      seen.push([message, clock.now()]);
      if (message === "bad") throw new Error("bad");
    },
  });
  return { clock, seen, inbox };
}

Deno.test("what is due at once is handed over in turn, not before add() returns", async () => {
  const { clock, seen, inbox } = rig();
  inbox.add("a", 0);
  inbox.add("b", 0);
  assertEquals(seen, []);
  await clock.run();
  assertEquals(seen, [["a", 0], ["b", 0]]);
});

Deno.test("what comes while a message is waited for stays behind it, and then goes in the order in which it is due", async () => {
  const { clock, seen, inbox } = rig();
  inbox.add("first", 100);
  inbox.add("due later", 300);
  inbox.add("due sooner", 50);
  inbox.add("due as soon, but after it", 50);
  inbox.add("next", 200);
  await clock.run();
  assertEquals(seen, [
    ["first", 100],
    ["due sooner", 100],
    ["due as soon, but after it", 100],
    ["next", 200],
    ["due later", 300],
  ]);
});

Deno.test("what is not awaited holds nobody up, and is gone", async () => {
  const { clock, seen, inbox } = rig((message) => message !== "lost");
  inbox.add("lost", 100);
  inbox.add("a", 50);
  inbox.add("lost", 60);
  inbox.add("b", 70);
  await clock.run();
  assertEquals(seen, [["a", 50], ["b", 70]]);
});

Deno.test("a recipient that throws gets the next message all the same", async () => {
  const { clock, seen, inbox } = rig();
  inbox.add("bad", 10);
  inbox.add("good", 20);
  await assertRejects(() => clock.run(), Error, "bad");
  await clock.run();
  assertEquals(seen, [["bad", 10], ["good", 20]]);
});
