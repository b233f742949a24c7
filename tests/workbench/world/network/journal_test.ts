import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createJournal, type JournalEntry } from "../../../../lib/workbench/world/network/journal.ts";

function message(id: number) {
  return { id, src: "n0", dest: "n1", body: { type: "hello" } };
}

const NOTHING = { send_count: 0, recv_count: 0, msg_count: 0 };

Deno.test("a new journal has counted nothing", () => {
  assertEquals(createJournal().counts, { all: NOTHING, clients: NOTHING, servers: NOTHING });
});

Deno.test("a journal passes on each entry with its number and the time in nanoseconds", () => {
  const entries: JournalEntry[] = [];
  const journal = createJournal((entry) => void entries.push(entry));
  journal.record("send", 0.25, message(0), true);
  journal.record("send", 1 / 3, message(1), false);
  journal.record("recv", 1500, message(0), true);
  assertEquals(entries, [
    { id: 0, time: 250_000, type: "send", message: message(0) },
    { id: 1, time: 333_333, type: "send", message: message(1) },
    { id: 2, time: 1_500_000_000, type: "recv", message: message(0) },
  ]);
});

Deno.test("a journal counts sends, receives and distinct messages, separately for clients and servers", () => {
  const anEntry = fc.record({ client: fc.boolean(), received: fc.boolean() });
  fc.assert(fc.property(fc.array(anEntry), (messages) => {
    const journal = createJournal();
    messages.forEach(({ client }, id) => journal.record("send", id, message(id), client));
    messages.forEach(({ client, received }, id) => received && journal.record("recv", id, message(id), client));
    const count = (those: typeof messages) => ({
      send_count: those.length,
      recv_count: those.filter(({ received }) => received).length,
      msg_count: those.length,
    });
    assertEquals(journal.counts, {
      all: count(messages),
      clients: count(messages.filter(({ client }) => client)),
      servers: count(messages.filter(({ client }) => !client)),
    });
  }));
});
