/** No message stops a node or loses another one: neither one that is nested too deep nor one with a huge number. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { MAX_REQUEST_DEPTH } from "../lib/json.ts";
import type { Program } from "../lib/node.ts";
import { type Body, RPCError } from "../lib/protocol.ts";
import { startNode } from "../lib/start_node.ts";
import { createFakeHost, init, request } from "./fake_host.ts";
import { nested } from "./nested.ts";
import { startTestNode } from "./node_rig.ts";

const echo: Program = (node) => node.on("echo", ({ echo }) => ({ echo }));
const TOO_DEEP = {
  type: "error",
  code: 12,
  text: "Malformed echo: expected at most 500 nested objects and arrays, got more",
};

/** Depths at which JSON.stringify, a replacer or nothing but the limit fails. */
const DEPTHS = [MAX_REQUEST_DEPTH, 1000, 3000, 5000, 7000, 100_000];

Deno.test("a request that is too deep is answered with error 12, and the next ones are handled", async () => {
  const { host, handle } = await startTestNode(echo);
  const deepest = nested(MAX_REQUEST_DEPTH - 1);
  handle.receive(request({ type: "echo", msg_id: 1, echo: deepest }));
  for (const [i, depth] of DEPTHS.entries()) {
    handle.receive(request({ type: "echo", msg_id: 2 + i, echo: nested(depth) }));
    handle.receive(request({ type: "echo", echo: nested(depth) }));
  }
  handle.receive(request({ type: "echo", msg_id: 9, echo: 1e999 }));
  handle.receive(request({ type: "echo", msg_id: 10, echo: "hi" }));
  await handle.idle();
  assertEquals(host.take().map(({ body }) => body), [
    { type: "echo_ok", echo: deepest, in_reply_to: 1 },
    ...DEPTHS.map((_, i) => ({ ...TOO_DEEP, in_reply_to: 2 + i })),
    {
      type: "error",
      code: 12,
      text: "Malformed echo: expected numbers below 1.8e308, got a larger one",
      in_reply_to: 9,
    },
    { type: "echo_ok", echo: "hi", in_reply_to: 10 },
  ]);
  const warnings = host.logged.filter(({ level }) => level === "warn").map(({ text }) => text);
  assertEquals(warnings.length, DEPTHS.length);
  for (const text of warnings) assertStringIncludes(text, TOO_DEEP.text);
});

Deno.test("what other nodes send may be twice as deep, because it wraps what clients have sent", async () => {
  const { host, handle } = await startTestNode(echo);
  for (const depth of [MAX_REQUEST_DEPTH, 2 * MAX_REQUEST_DEPTH - 1, 2 * MAX_REQUEST_DEPTH]) {
    handle.receive(request({ type: "echo", msg_id: depth, echo: nested(depth) }, "n1"));
  }
  await handle.idle();
  assertEquals(host.take().map(({ body }) => body.type), ["echo_ok", "echo_ok", "error"]);
});

Deno.test("a message that is too deep and waits for init costs neither init's only answer nor the others", async () => {
  const host = createFakeHost();
  const handle = startNode(echo, host);
  for (const [msg_id, echo] of [[2, "first"], [3, nested(100_000)], [4, "last"]]) {
    handle.receive(request({ type: "echo", msg_id: msg_id as number, echo }));
  }
  handle.receive(init("n0", ["n0"]));
  await handle.idle();
  assertEquals(host.take().map(({ body }) => body), [
    { type: "init_ok", in_reply_to: 1 },
    { type: "echo_ok", echo: "first", in_reply_to: 2 },
    { ...TOO_DEEP, in_reply_to: 3 },
    { type: "echo_ok", echo: "last", in_reply_to: 4 },
  ]);
});

Deno.test("an init that is too deep is answered with error 12, and the next one counts", async () => {
  const host = createFakeHost();
  const handle = startNode(echo, host);
  for (const fields of [{ node_id: nested(100_000) }, { node_id: "n0", node_ids: nested(100_000) }]) {
    handle.receive(request({ type: "init", msg_id: 1, ...fields }));
  }
  handle.receive(init("n0", ["n0"], 2));
  await handle.idle();
  assertEquals(host.take().map(({ body }) => [body.type, body.code]), [["error", 12], ["error", 12], [
    "init_ok",
    undefined,
  ]]);
});

Deno.test("an RPC whose reply is too deep throws an indefinite error, and a stray reply does no harm", async () => {
  const { host, handle, node } = await startTestNode(echo);
  const read = node.rpc("lin-kv", { type: "read", key: "x" });
  const { msg_id } = host.take()[0]!.body;
  const reply = (in_reply_to: number): Body => ({ type: "read_ok", value: nested(100_000), in_reply_to });
  handle.receive(request(reply(msg_id!), "lin-kv"));
  const error = await assertRejects(() => read, RPCError, "Malformed reply: expected at most 1000 nested");
  assertEquals([error.code, error.definite], [13, false]);
  for (const id of [msg_id!, 12345]) handle.receive(request(reply(id), "lin-kv"));
  handle.receive(request({ type: "echo", msg_id: 1, echo: "hi" }));
  await handle.idle();
  assertEquals(host.take().map(({ body }) => body.type), ["echo_ok"]);
});

Deno.test("a reply that JSON cannot express is error 13, and its node continues", async () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const { host, handle } = await startTestNode((node) => {
    node.on("circle", () => circle);
    node.on("later", () => Promise.resolve(circle));
    node.on("thrown", () => {
      throw nested(100_000);
    });
    node.on("logged", () => {
      throw circle;
    });
  });
  for (const [i, type] of ["circle", "later", "thrown", "logged"].entries()) {
    handle.receive(request({ type, msg_id: i }));
  }
  await handle.idle();
  const replies = host.take().map(({ body }) => [body.in_reply_to, body.code]).sort();
  assertEquals(replies, [[0, 13], [1, 13], [2, 13], [3, 13]]);
});
