import { assertEquals, assertThrows } from "@std/assert";
import { startNode } from "../lib/start_node.ts";
import { RPCError } from "../lib/protocol.ts";
import { createFakeHost, init, request } from "./fake_host.ts";
import { startTestNode } from "./node_rig.ts";

Deno.test("init sets the ids, runs the hooks in order, and is then answered", async () => {
  const host = createFakeHost();
  const seen: unknown[] = [];
  const handle = startNode((node) => {
    node.onInit(async () => {
      await Promise.resolve();
      seen.push([node.id, node.nodeIds, node.peers]);
    });
    node.onInit(() => void seen.push("second"));
  }, host);
  handle.receive(init("n1", ["n0", "n1", "n2"], 5));
  assertEquals(host.sent, []);
  await handle.idle();
  assertEquals(seen, [["n1", ["n0", "n1", "n2"], ["n0", "n2"]], "second"]);
  assertEquals(host.sent, [{ src: "n1", dest: "c0", body: { type: "init_ok", in_reply_to: 5 } }]);
});

Deno.test("startNode() refuses an async program, and does not leave its rejection unhandled", () => {
  const start = () =>
    startNode(async () => {
      await Promise.resolve();
      throw new Error("too late");
    }, createFakeHost());
  assertThrows(start, TypeError, "Cannot start the program: it is async, and init does not wait for it; expected");
});

Deno.test("reading the ids or sending before init throws", () => {
  startNode((node) => {
    assertThrows(() => node.id, Error, "Cannot read id: the node does not know it before init");
    assertThrows(() => node.peers, Error, "peers");
    assertThrows(() => node.nodeIds, Error, "nodeIds");
    assertThrows(() => node.send("n1", { type: "gossip" }), Error, "before init");
  }, createFakeHost());
});

Deno.test("messages that arrive before the node is ready wait, in order; replies do not wait", async () => {
  const host = createFakeHost();
  const seen: unknown[] = [];
  const handle = startNode((node) => {
    node.on("note", ({ n }) => void seen.push(n));
    node.onInit(async () => {
      seen.push((await node.rpc("seq-kv", { type: "read" })).value);
    });
  }, host);
  handle.receive(request({ type: "note", n: 1 }));
  handle.receive(init("n0", ["n0"]));
  handle.receive(request({ type: "note", n: 2 }));
  await host.settle();
  assertEquals(seen, []);
  handle.receive(request({ type: "read_ok", in_reply_to: host.sent[0]!.body.msg_id, value: "hook" }, "seq-kv"));
  await host.settle();
  handle.receive(request({ type: "note", n: 3 }));
  assertEquals(seen, ["hook", 1, 2, 3]);
  assertEquals(host.sent.map(({ body }) => body.type), ["read", "init_ok"]);
});

Deno.test("a second init is answered and changes nothing", async () => {
  let hooks = 0;
  const { host, handle, node } = await startTestNode((node) => node.onInit(() => void hooks++));
  handle.receive(init("n5", ["n5"], 8));
  await handle.idle();
  assertEquals(host.take(), [{ src: "n0", dest: "c0", body: { type: "init_ok", in_reply_to: 8 } }]);
  assertEquals([node.id, node.peers, hooks], ["n0", ["n1", "n2"], 1]);
});

Deno.test("a malformed init gets error 12, and a valid one may follow", async () => {
  const host = createFakeHost();
  const handle = startNode(() => {}, host);
  const fields = [
    [{ node_ids: ["n0"] }, "Malformed init: expected node_id to be a string, got nothing"],
    [{ node_id: "n0", node_ids: "n0" }, 'Malformed init: expected node_ids to be an array of strings, got "n0"'],
    [{ node_id: "n0", node_ids: [0] }, "Malformed init: expected node_ids to be an array of strings, got [0]"],
    [{ node_id: "n0", node_ids: ["n1"] }, 'Malformed init: expected node_ids to include "n0"'],
  ] as const;
  for (const [wrong, text] of fields) {
    handle.receive(request({ type: "init", msg_id: 1, ...wrong }));
    assertEquals(host.take()[0]?.body, { type: "error", code: 12, text, in_reply_to: 1 });
  }
  handle.receive(init("n0", ["n0"]));
  await handle.idle();
  assertEquals(host.take()[0]?.body.type, "init_ok");
});

Deno.test("init is answered with the error of a hook that fails, and the next init runs the hooks again", async () => {
  const host = createFakeHost();
  let attempts = 0;
  const handle = startNode((node) => {
    node.onInit(() => {
      if (++attempts === 1) throw new RPCError("temporarily-unavailable", "seq-kv is unreachable");
    });
    node.on("echo", () => ({}));
  }, host);
  handle.receive(init("n0", ["n0"]));
  handle.receive(request({ type: "echo", msg_id: 2 }));
  await handle.idle();
  assertEquals(host.take().map(({ body }) => [body.type, body.code]), [["error", 11]]);
  handle.receive(init("n0", ["n0"], 3));
  await handle.idle();
  assertEquals(host.take().map(({ body }) => body.type), ["init_ok", "echo_ok"]);
});

Deno.test("onInit throws after init", async () => {
  const { node } = await startTestNode();
  assertThrows(() => node.onInit(() => {}), TypeError, "init has been received already");
});
