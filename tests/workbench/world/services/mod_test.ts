import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Body, Message } from "../../../../lib/protocol.ts";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { createNetwork } from "../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { nested } from "../../../nested.ts";
import { attachServices, SERVICES } from "../../../../lib/workbench/world/services/mod.ts";

const KEY_VALUE = ["lin-kv", "seq-kv", "lww-kv"];

/** Creates a network with the services and node n0, with a latency of 10 ms. */
function rig() {
  const clock = new VirtualClock();
  const random = seededRandom("dune");
  const network = createNetwork({ clock, random, latency: { mean: 10, distribution: "constant" } });
  attachServices(network, random.stream("services"));
  const received: (Message & { at: number })[] = [];
  network.attach("n0", (message) => void received.push({ ...message, at: clock.now() }));
  let requests = 0;

  function send(dest: string, body: Body): void {
    network.send({ src: "n0", dest, body });
  }

  /** Sends a request with a new msg_id; returns the body of the reply without in_reply_to. */
  async function ask(dest: string, body: Body): Promise<unknown> {
    const msg_id = ++requests;
    send(dest, { ...body, msg_id });
    await clock.run();
    const { src, body: { in_reply_to, ...reply } } = received.at(-1)!;
    assertEquals([src, in_reply_to], [dest, msg_id]);
    return reply;
  }
  return { clock, network, received, send, ask };
}

Deno.test("the services are Maelstrom's four", () => {
  assertEquals(Object.keys(SERVICES).sort(), ["lin-kv", "lin-tso", "lww-kv", "seq-kv"]);
});

Deno.test("a reply names its request, and arrives after two latencies", async () => {
  const { clock, received, send } = rig();
  send("lin-kv", { type: "write", key: "x", value: 1, msg_id: 7 });
  await clock.run();
  assertEquals(received, [{ id: 1, src: "lin-kv", dest: "n0", body: { type: "write_ok", in_reply_to: 7 }, at: 20 }]);
});

Deno.test("each service answers to its name", async () => {
  const { ask } = rig();
  for (const service of KEY_VALUE) {
    assertEquals(await ask(service, { type: "write", key: "x", value: service }), { type: "write_ok" });
  }
  assertEquals(await ask("lin-kv", { type: "read", key: "x" }), { type: "read_ok", value: "lin-kv" });
  assertEquals(await ask("seq-kv", { type: "read", key: "x" }), { type: "read_ok", value: "seq-kv" });
  assertEquals(await ask("lin-tso", { type: "ts" }), { type: "ts_ok", ts: 0 });
});

Deno.test("a service answers a bad request with an error, and continues", async () => {
  const { ask } = rig();
  for (const service of KEY_VALUE) {
    assertEquals(await ask(service, { type: "init" }), {
      type: "error",
      code: 10,
      text: 'Cannot handle "init": expected read, write or cas',
    });
    assertEquals(await ask(service, { type: "write", key: "x", value: 1 }), { type: "write_ok" });
  }
  assertEquals(await ask("lin-tso", { type: "read" }), {
    type: "error",
    code: 10,
    text: 'Cannot handle "read": expected ts',
  });
  assertEquals(await ask("lin-tso", { type: "ts" }), { type: "ts_ok", ts: 0 });
});

Deno.test("a request that is too deep is refused with error 12, whichever field is, and changes nothing", async () => {
  const { ask } = rig();
  for (const service of [...KEY_VALUE, "lin-tso"]) {
    for (const depth of [1000, 100_000]) {
      for (const type of ["read", "write", "cas", "ts"]) {
        for (const field of ["key", "value", "from", "to"]) {
          const body = { type, key: "x", value: 1, from: 1, to: 2, [field]: nested(depth) };
          assertEquals((await ask(service, body) as Body).code, 12);
        }
      }
    }
  }
  for (const service of KEY_VALUE) assertEquals((await ask(service, { type: "read", key: "x" }) as Body).code, 20);
});

Deno.test("keys and values may be 1000 levels deep, less the message around them", async () => {
  const { ask } = rig();
  const [deep, other] = [[1, nested(990)], [2, nested(990)]];
  for (const service of ["lin-kv", "seq-kv"]) {
    for (let i = 0; i < 2; i++) {
      assertEquals(await ask(service, { type: "write", key: deep, value: other }), { type: "write_ok" });
    }
    assertEquals((await ask(service, { type: "cas", key: deep, from: deep, to: 1 }) as Body).code, 22);
    assertEquals(await ask(service, { type: "cas", key: deep, from: other, to: 1 }), { type: "cas_ok" });
  }
});

Deno.test("a request without msg_id takes effect, and is answered with an in_reply_to of null", async () => {
  const { clock, network, received, send, ask } = rig();
  send("lin-kv", { type: "write", key: "x", value: 1 });
  send("lin-tso", { type: "ts" });
  send("seq-kv", { type: "read", key: "x" });
  await clock.run();
  assertEquals(received.map(({ body }) => body), [
    { type: "write_ok", in_reply_to: null },
    { type: "ts_ok", ts: 0, in_reply_to: null },
    { type: "error", code: 20, text: "key does not exist", in_reply_to: null },
  ]);
  assertEquals(network.journal.counts.servers.msg_count, 6);
  assertEquals(await ask("lin-kv", { type: "read", key: "x" }), { type: "read_ok", value: 1 });
});

Deno.test("an unknown request is answered only if it has a msg_id", async () => {
  const { clock, network, received, send } = rig();
  send("seq-kv", { type: "nonsense" });
  send("lin-tso", { msg_id: 3 } as unknown as Body);
  // A node may send in another's name.
  network.send({ src: "lin-kv", dest: "seq-kv", body: { type: "nonsense", msg_id: 1 } });
  network.send({ src: "lin-kv", dest: "seq-kv", body: { type: "read", key: 1 } });
  await clock.run();
  assertEquals(received.map(({ src, body }) => [src, body.code, body.in_reply_to]), [["lin-tso", 10, 3]]);
  assertEquals(network.journal.counts.all.msg_count, 7);
});

Deno.test("a msg_id that is not a number comes back unchanged", async () => {
  const { clock, received, send } = rig();
  send("lin-tso", { type: "ts", msg_id: "a-1" } as unknown as Body);
  await clock.run();
  assertEquals<unknown>(received[0]?.body, { type: "ts_ok", ts: 0, in_reply_to: "a-1" });
});

Deno.test("a msg_id of 0 is answered", async () => {
  const { clock, received, send } = rig();
  send("lin-tso", { type: "ts", msg_id: 0 });
  await clock.run();
  assertEquals(received[0]?.body, { type: "ts_ok", ts: 0, in_reply_to: 0 });
});

Deno.test("any body gets exactly one reply, and nothing is thrown", async () => {
  const field = fc.option(fc.jsonValue(), { nil: undefined });
  const body = fc.record({
    type: fc.oneof(fc.constantFrom("read", "write", "cas", "ts", "error", "read_ok"), fc.string()),
    key: field,
    value: field,
    from: field,
    to: field,
    create_if_not_exists: field,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(body), fc.constantFrom(...Object.keys(SERVICES)), async (bodies, service) => {
      const { clock, received, send } = rig();
      bodies.forEach((body, msg_id) => send(service, { ...body, msg_id }));
      await clock.run();
      assertEquals(received.map(({ body }) => body.in_reply_to), bodies.map((_, index) => index));
      assert(
        received.every(({ body: { type, code } }) => type.endsWith("_ok") || [10, 12, 20, 22].includes(code as number)),
      );
    }),
  );
});
