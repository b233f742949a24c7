import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { startNode } from "../lib/start_node.ts";
import { RPCError } from "../lib/protocol.ts";
import { createFakeHost, init } from "./fake_host.ts";
import { errorFields, startCaller } from "./rpc_caller.ts";

Deno.test("rpc sends a request and returns the body of the reply", async () => {
  const { host, call, answer } = await startCaller();
  const { reply, request } = call();
  const { msg_id, ...fields } = request.body;
  assert(Number.isSafeInteger(msg_id));
  assertEquals({ ...request, body: fields }, { src: "n0", dest: "n1", body: { type: "ask", question: 6 } as never });
  answer(request, { answer: 42 });
  assertEquals(await reply, { type: "ask_ok", in_reply_to: msg_id, answer: 42 });
  assertEquals(host.timers, 0);
});

Deno.test("rpc matches replies to requests in any order", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 30 }).chain((n) =>
      fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n })
    ),
    async (order) => {
      const { node, host, call, answer } = await startCaller();
      const calls = order.map(() => call());
      for (const i of order) answer(calls[i]!.request, { answer: i });
      const replies = await Promise.all(calls.map(({ reply }) => reply));
      assertEquals(replies.map(({ answer }) => answer), [...order].sort((a, b) => a - b));
      assertEquals(new Set(calls.map(({ request }) => request.body.msg_id)).size, order.length);
      assertEquals(host.timers, 0);
      assertEquals(node.stats.duplicateReplies, 0);
    },
  ));
});

Deno.test("rpc does not change the caller's body", async () => {
  const { node } = await startCaller();
  const body = Object.freeze({ type: "ask" });
  node.rpc("n1", body).catch(() => {});
  assertEquals(body, { type: "ask" });
});

Deno.test("rpc throws an error reply", async () => {
  const { call, answer } = await startCaller();
  const { reply, request } = call();
  answer(request, errorFields("precondition-failed"));
  const error = await assertRejects(() => reply, RPCError, "refused");
  assertEquals([error.code, error.definite], [22, true]);
});

Deno.test("rpc treats an error reply without a valid code as a crash", async () => {
  const { call, answer } = await startCaller();
  const { reply, request } = call();
  answer(request, { type: "error", code: "no number" });
  assertEquals((await assertRejects(() => reply, RPCError)).code, 13);
});

Deno.test("rpc times out after 1000 ms by default", async () => {
  const { node, host, call } = await startCaller();
  const { reply } = call();
  const rejected = assertRejects(() => reply, RPCError, "No reply to ask from n1 within 1000 ms");
  await host.advance(999);
  assertEquals([node.stats.timeouts, host.timers], [0, 1]);
  await host.advance(1);
  assertEquals((await rejected).code, 0);
  assertEquals([node.stats.timeouts, host.timers], [1, 0]);
});

Deno.test("rpc waits forever with an infinite timeout", async () => {
  const { host, call, answer } = await startCaller();
  const { reply, request } = call({ timeout: Infinity });
  assertEquals(host.timers, 0);
  await host.advance(1e9);
  answer(request, { answer: 42 });
  assertEquals((await reply).answer, 42);
});

Deno.test("rpc rejects a timeout that is not positive", async () => {
  const { host, node } = await startCaller();
  for (const timeout of [0, -1, NaN]) {
    await assertRejects(
      () => node.rpc("n1", { type: "ask" }, { timeout }),
      RangeError,
      "expected timeout to be more than 0 ms",
    );
  }
  assertEquals(host.sent.length, 1);
});

Deno.test("rpc throws the signal's reason and clears its timer", async () => {
  const { host, node, call, answer } = await startCaller();
  const controller = new AbortController();
  const { reply, request } = call({ signal: controller.signal });
  const reason = new Error("cancelled");
  controller.abort(reason);
  assertEquals(await assertRejects(() => reply), reason);
  assertEquals(host.timers, 0);
  answer(request);
  assertEquals(node.stats.lateReplies, 1);
});

Deno.test("rpc sends nothing if the signal has aborted already", async () => {
  const { host, node } = await startCaller();
  const reason = new Error("too late");
  assertEquals(
    await assertRejects(() => node.rpc("n1", { type: "ask" }, { signal: AbortSignal.abort(reason) })),
    reason,
  );
  assertEquals([host.sent.length, host.timers], [1, 0]);
});

Deno.test("rpc removes its listener from a signal that is used on", async () => {
  const { call, answer, host } = await startCaller();
  let listeners = 0;
  const signal = new AbortController().signal;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  const [answered, unanswered] = [call({ signal }), call({ signal })];
  assertEquals(listeners, 2);
  answer(answered.request);
  await answered.reply;
  const rejected = assertRejects(() => unanswered.reply, RPCError);
  await host.advance(1000);
  await rejected;
  assertEquals(listeners, 0);
});

Deno.test("rpc clears its timer if the request cannot be sent", async () => {
  const { host, node } = await startCaller();
  await assertRejects(() => node.rpc("n1", { type: "ask", big: 1n }), TypeError);
  assertEquals([host.timers, node.stats.timeouts], [0, 0]);
});

Deno.test("rpc counts late and duplicate replies apart, and logs both at debug level", async () => {
  const { host, node, call, answer } = await startCaller();
  const [late, duplicate] = [call(), call()];
  answer(duplicate.request);
  const rejected = assertRejects(() => late.reply, RPCError);
  await host.advance(1000);
  await rejected;
  answer(late.request);
  answer(duplicate.request);
  assertEquals([node.stats.lateReplies, node.stats.duplicateReplies], [1, 1]);
  answer(late.request);
  assertEquals([node.stats.lateReplies, node.stats.duplicateReplies], [1, 2]);
  assertEquals(host.logged.map(({ level }) => level), ["debug", "debug", "debug"]);
  assertEquals(host.logged.map(({ text }) => text.split(":")[0]), [
    "Got a late reply",
    "Got a duplicate reply",
    "Got a duplicate reply",
  ]);
  assertEquals(host.sent.length, 3);
});

Deno.test("a late reply counts as late even after thousands of other timeouts", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply, request } = call({ timeout: 1 });
  const others = Array.from({ length: 20_000 }, () => node.rpc("n1", { type: "ask" }, { timeout: 2 }));
  const all = Promise.allSettled([reply, ...others]);
  await host.advance(2);
  await all;
  answer(request);
  assertEquals([node.stats.lateReplies, node.stats.duplicateReplies], [1, 0]);
});

Deno.test("a reply may come from another node than the recipient, as with Maelstrom's own clients", async () => {
  const { handle, call } = await startCaller();
  const { reply, request } = call();
  // n1, the recipient, has forwarded the request.
  handle.receive({ src: "n2", dest: "n0", body: { type: "ask_ok", in_reply_to: request.body.msg_id } });
  assertEquals((await reply).type, "ask_ok");
});

Deno.test("a reply settles an RPC only if it is from the service that was asked, or a node if one was", async () => {
  const { host, handle, node, call, answer } = await startCaller();
  const ofNode = call();
  const ofService = { reply: node.rpc("lin-kv", { type: "ask" }), request: host.sent.at(-1)! };
  for (
    const [{ request }, src] of [[ofNode, "c9"], [ofNode, "lin-kv"], [ofService, "c9"], [ofService, "n1"]] as const
  ) {
    handle.receive({ src, dest: "n0", body: { type: "forged", in_reply_to: request.body.msg_id } });
  }
  answer(ofNode.request);
  answer(ofService.request);
  assertEquals([(await ofNode.reply).type, (await ofService.reply).type], ["ask_ok", "ask_ok"]);
  assertEquals(host.logged.map(({ level }) => level), ["warn", "warn", "warn", "warn"]);
  assertStringIncludes(host.logged[0]!.text, "Ignored a reply from c9 to a request for n1: ");
});

Deno.test("a reply that does not match the schema of its RPC is error 13, which a retry may get over", async () => {
  const { host, call, answer } = await startCaller();
  const schema = ({ answer }: Record<string, unknown>) => answer === 42 || "expected answer to be 42";
  const { reply, request } = call({ schema });
  answer(request, { answer: 41 });
  const error = await assertRejects(() => reply, RPCError, "Malformed reply to ask from n1: expected answer to be 42");
  assertEquals([error.code, error.definite], [13, false]);
  const repeated = call({ schema, retry: { idempotent: true } });
  answer(repeated.request, { answer: 41 });
  await host.advance(100);
  answer(host.sent.at(-1)!, { answer: 42 });
  assertEquals((await repeated.reply).answer, 42);
});

Deno.test("rpc counts a late error reply and does not throw it", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply, request } = call({ timeout: 5 });
  const rejected = assertRejects(() => reply, RPCError, "within 5 ms");
  await host.advance(5);
  await rejected;
  answer(request, errorFields("crash"));
  assertEquals(node.stats.lateReplies, 1);
});

Deno.test("a million timeouts leave no timer and no pending RPC behind", async () => {
  const { host, node, handle } = await startCaller();
  host.send = () => {};
  let rejected = 0;
  for (let batch = 0; batch < 100; batch++) {
    for (let i = 0; i < 10_000; i++) node.rpc("n1", { type: "ask" }).catch(() => rejected++);
    host.advanceAtOnce(1000);
    await host.settle();
  }
  assertEquals([rejected, node.stats.timeouts, node.stats.requests], [1e6, 1e6, 1e6]);
  assertEquals(host.timers, 0);
  handle.stop();
  await host.settle();
  assertEquals(rejected, 1e6, "stop() must find no pending RPC");
});

Deno.test("stopping the node rejects pending RPCs and later ones", async () => {
  const { host, node, call, handle } = await startCaller();
  const { reply } = call();
  handle.stop();
  assertEquals((await assertRejects(() => reply, RPCError, "stopped")).definite, false);
  await assertRejects(() => node.rpc("n1", { type: "ask" }), RPCError, "stopped");
  assertEquals([host.timers, host.sent.length], [0, 2]);
});

Deno.test("a restarted node uses other ids than before", () => {
  const ids = new Set<number>();
  for (const seed of [0.1, 0.5, 0.9]) {
    const host = createFakeHost();
    host.getRandomValues = (array) => (array.fill(seed * 2 ** 32), array);
    const handle = startNode((node) => node.onInit(() => void node.rpc("n1", { type: "ask" }).catch(() => {})), host);
    handle.receive(init("n0", ["n0"]));
    ids.add(host.sent[0]!.body.msg_id!);
    handle.stop();
  }
  assertEquals(ids.size, 3);
});
