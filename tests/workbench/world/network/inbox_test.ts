import { assertEquals, assertRejects } from "@std/assert";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
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

Deno.test("messages that are due are handed over in order, after add() has returned", async () => {
  const { clock, seen, inbox } = rig();
  inbox.add("a", 0);
  inbox.add("b", 0);
  assertEquals(seen, []);
  await clock.run();
  assertEquals(seen, [["a", 0], ["b", 0]]);
});

Deno.test("messages wait behind the first one in the inbox, and are then handed over in due order", async () => {
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

Deno.test("a message that is not awaited is dropped, and holds up no other", async () => {
  const { clock, seen, inbox } = rig((message) => message !== "lost");
  inbox.add("lost", 100);
  inbox.add("a", 50);
  inbox.add("lost", 60);
  inbox.add("b", 70);
  await clock.run();
  assertEquals(seen, [["a", 50], ["b", 70]]);
});

Deno.test("a receiver that throws still gets the next message", async () => {
  const { clock, seen, inbox } = rig();
  inbox.add("bad", 10);
  inbox.add("good", 20);
  await assertRejects(() => clock.run(), Error, "bad");
  await clock.run();
  assertEquals(seen, [["bad", 10], ["good", 20]]);
});
