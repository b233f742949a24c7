// @ts-types="../types/assert.d.ts"
import { assert, assertEquals, assertFalse, assertGreaterOrEqual, assertLessOrEqual, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Node, type NodeHandle, startNode } from "../lib/node.ts";
import { ERRORS, type Message, RPCError } from "../lib/protocol.ts";
import { backoffDelay, isRetriable, type RetryOptions, type RPCOptions } from "../lib/rpc.ts";
import { type FakeHost, fakeHost, init } from "./fake_host.ts";

interface Caller {
  host: FakeHost;
  node: Node;
  handle: NodeHandle;
  /** Calls n1, and returns the promise and the request as it went out. */
  call(options?: RPCOptions): { reply: Promise<Record<string, unknown>>; request: Message };
  /** Lets n1 answer a request. */
  answer(request: Message, fields?: Record<string, unknown>): void;
}

async function startCaller(): Promise<Caller> {
  const host = fakeHost();
  let node!: Node;
  const handle = startNode((started) => void (node = started), host);
  handle.receive(init("n0", ["n0", "n1"]));
  await host.settle();
  return {
    host,
    node,
    handle,
    call(options) {
      const reply = node.rpc("n1", { type: "ask", question: 6 }, options);
      return { reply, request: host.sent.at(-1)! };
    },
    answer({ src, dest, body }, fields) {
      handle.receive({ src: dest, dest: src, body: { type: "ask_ok", in_reply_to: body.msg_id, ...fields } });
    },
  };
}

const errorFields = (name: keyof typeof ERRORS) => ({ type: "error", code: ERRORS[name].code, text: "as it happens" });

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

Deno.test("rpc gives every reply to its own call, in whatever order they come", async () => {
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

Deno.test("rpc leaves the caller's body as it is", async () => {
  const { node } = await startCaller();
  const body = Object.freeze({ type: "ask" });
  node.rpc("n1", body).catch(() => {});
  assertEquals(body, { type: "ask" });
});

Deno.test("rpc throws the error that is the reply", async () => {
  const { call, answer } = await startCaller();
  const { reply, request } = call();
  answer(request, errorFields("precondition-failed"));
  const error = await assertRejects(() => reply, RPCError, "as it happens");
  assertEquals([error.code, error.definite], [22, true]);
});

Deno.test("rpc takes an error without a proper code for a crash", async () => {
  const { call, answer } = await startCaller();
  const { reply, request } = call();
  answer(request, { type: "error", code: "no number" });
  assertEquals((await assertRejects(() => reply, RPCError)).code, 13);
});

Deno.test("rpc waits 1000 ms for the reply by default", async () => {
  const { node, host, call } = await startCaller();
  const { reply } = call();
  const rejected = assertRejects(() => reply, RPCError, "No reply to ask from n1 within 1000 ms");
  await host.advance(999);
  assertEquals([node.stats.timeouts, host.timers], [0, 1]);
  await host.advance(1);
  assertEquals((await rejected).code, 0);
  assertEquals([node.stats.timeouts, host.timers], [1, 0]);
});

Deno.test("rpc waits for ever if it is told to", async () => {
  const { host, call, answer } = await startCaller();
  const { reply, request } = call({ timeout: Infinity });
  assertEquals(host.timers, 0);
  await host.advance(1e9);
  answer(request, { answer: 42 });
  assertEquals((await reply).answer, 42);
});

Deno.test("rpc refuses a time-out that is none", async () => {
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

Deno.test("rpc throws the reason of the signal, and releases everything", async () => {
  const { host, node, call, answer } = await startCaller();
  const controller = new AbortController();
  const { reply, request } = call({ signal: controller.signal });
  const reason = new Error("changed my mind");
  controller.abort(reason);
  assertEquals(await assertRejects(() => reply), reason);
  assertEquals(host.timers, 0);
  answer(request);
  assertEquals(node.stats.lateReplies, 1);
});

Deno.test("rpc sends nothing when the signal has aborted already", async () => {
  const { host, node } = await startCaller();
  const reason = new Error("too late");
  assertEquals(
    await assertRejects(() => node.rpc("n1", { type: "ask" }, { signal: AbortSignal.abort(reason) })),
    reason,
  );
  assertEquals([host.sent.length, host.timers], [1, 0]);
});

Deno.test("rpc takes its listener off a signal that lives on", async () => {
  const { call, answer, host } = await startCaller();
  let listeners = 0;
  const signal = new AbortController().signal;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const [answered, unanswered] = [call({ signal }), call({ signal })];
  assertEquals(listeners, 2);
  answer(answered.request);
  await answered.reply;
  const rejected = assertRejects(() => unanswered.reply, RPCError);
  await host.advance(1000);
  await rejected;
  assertEquals(listeners, 0);
});

Deno.test("rpc releases everything when the request cannot be sent", async () => {
  const { host, node } = await startCaller();
  await assertRejects(() => node.rpc("n1", { type: "ask", big: 1n }), TypeError);
  assertEquals([host.timers, node.stats.timeouts], [0, 0]);
});

Deno.test("rpc tells late replies from duplicate ones, and logs both at debug level", async () => {
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

Deno.test("a late reply is known as one after thousands of other calls were given up", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply, request } = call({ timeout: 1 });
  const others = Array.from({ length: 20_000 }, () => node.rpc("n1", { type: "ask" }, { timeout: 2 }));
  const all = Promise.allSettled([reply, ...others]);
  await host.advance(2);
  await all;
  answer(request);
  assertEquals([node.stats.lateReplies, node.stats.duplicateReplies], [1, 0]);
});

Deno.test("whoever sends a reply with the id of a request answers it, as with Maelstrom's own clients", async () => {
  const { handle, call } = await startCaller();
  const { reply, request } = call();
  // Asked was n1, which has passed the question on.
  handle.receive({ src: "n2", dest: "n0", body: { type: "ask_ok", in_reply_to: request.body.msg_id } });
  assertEquals((await reply).type, "ask_ok");
});

Deno.test("rpc counts a late error reply, and does not throw it", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply, request } = call({ timeout: 5 });
  const rejected = assertRejects(() => reply, RPCError, "within 5 ms");
  await host.advance(5);
  await rejected;
  answer(request, errorFields("crash"));
  assertEquals(node.stats.lateReplies, 1);
});

Deno.test("a million time-outs leave nothing behind", async () => {
  const { host, node, handle } = await startCaller();
  host.send = () => {};
  let rejected = 0;
  for (let batch = 0; batch < 100; batch++) {
    for (let i = 0; i < 10_000; i++) node.rpc("n1", { type: "ask" }).catch(() => rejected++);
    host.advanceAtOnce(1000);
    await host.settle();
  }
  assertEquals([rejected, node.stats.timeouts, node.stats.calls], [1e6, 1e6, 1e6]);
  assertEquals(host.timers, 0);
  handle.stop();
  await host.settle();
  assertEquals(rejected, 1e6, "stopping must find no call to reject");
});

Deno.test("calls that wait when the node is stopped are rejected, and later ones too", async () => {
  const { host, node, call, handle } = await startCaller();
  const { reply } = call();
  handle.stop();
  assertEquals((await assertRejects(() => reply, RPCError, "stopped")).definite, false);
  await assertRejects(() => node.rpc("n1", { type: "ask" }), RPCError, "stopped");
  assertEquals([host.timers, host.sent.length], [0, 2]);
});

Deno.test("a node that was started again does not take an old reply for a new one", () => {
  const ids = new Set<number>();
  for (const seed of [0.1, 0.5, 0.9]) {
    const host = fakeHost();
    host.getRandomValues = (array) => (array.fill(seed * 2 ** 32), array);
    const handle = startNode((node) => node.onInit(() => void node.rpc("n1", { type: "ask" }).catch(() => {})), host);
    handle.receive(init("n0", ["n0"]));
    ids.add(host.sent[0]!.body.msg_id!);
    handle.stop();
  }
  assertEquals(ids.size, 3);
});

Deno.test("retry repeats a call after an error that passes, with growing waits", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply } = call({ retry: { attempts: 4, backoff: 100, factor: 3, jitter: 0 } });
  const sentAt: number[] = [];
  for (const name of ["temporarily-unavailable", "abort", "txn-conflict"] as const) {
    sentAt.push(host.now());
    const [request] = host.take().slice(-1);
    answer(request!, errorFields(name));
    for (const before = host.sent.length; host.sent.length === before; await host.advance(1));
  }
  sentAt.push(host.now());
  answer(host.sent.at(-1)!, { answer: 42 });
  assertEquals((await reply).answer, 42);
  assertEquals(sentAt.map((at) => at - sentAt[0]!), [0, 100, 400, 1300]);
  assertEquals([node.stats.calls, node.stats.retries, host.timers], [4, 3, 0]);
});

Deno.test("retry ends after so many attempts, with the last error", async () => {
  const { host, node, call } = await startCaller();
  const { reply } = call({ timeout: 10, retry: { attempts: 3, idempotent: true, jitter: 0 } });
  const rejected = assertRejects(() => reply, RPCError, "within 70 ms");
  await host.advance(10_000);
  await rejected;
  assertEquals([node.stats.calls, node.stats.timeouts], [3, 3]);
});

Deno.test("retry leaves a call alone that may have taken effect, unless it is idempotent", async () => {
  for (const idempotent of [false, true]) {
    const { host, node, call, answer } = await startCaller();
    const { reply, request } = call({ retry: { attempts: 2, idempotent } });
    reply.catch(() => {});
    answer(request, errorFields("crash"));
    await host.advance(500);
    assertEquals(node.stats.calls, idempotent ? 2 : 1);
    const second = call({ timeout: 10, retry: { attempts: 2, idempotent } });
    second.reply.catch(() => {});
    await host.advance(500);
    assertEquals(node.stats.calls, idempotent ? 4 : 2);
  }
});

Deno.test("retry gives each attempt more time than the one before, up to a limit", async () => {
  const cases: [RPCOptions, number[]][] = [
    [{ retry: { attempts: Infinity } }, [0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000]],
    [{ timeout: 10, retry: { attempts: 4, factor: 3 } }, [0, 10, 40, 130]],
    [{ timeout: 10, retry: { attempts: 4, maxTimeout: 15 } }, [0, 10, 25, 40]],
    [{ timeout: 70_000, retry: { attempts: 3 } }, [0, 70_000, 140_000]],
  ];
  for (const [options, expected] of cases) {
    const { host, call } = await startCaller();
    const began = host.now();
    const sentAt: number[] = [];
    const { send } = host;
    host.send = (message) => (sentAt.push(host.now() - began), send(message));
    call({ ...options, retry: { ...options.retry, idempotent: true } }).reply.catch(() => {});
    for (let i = 0; i < 200; i++) await host.advance(1000);
    assertEquals(sentAt, expected);
  }
});

Deno.test("retry takes the reply to any attempt, and counts others as late", async () => {
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const { host, node, call, answer } = await startCaller();
    const { reply } = call({ timeout: 10, retry: { idempotent: true } });
    await host.advance(11);
    const requests = host.sent.slice(-2);
    assert(requests[0]!.body.msg_id !== requests[1]!.body.msg_id);
    answer(requests[first]!, { answer: "first" });
    answer(requests[second]!, { answer: "second" });
    assertEquals((await reply).answer, "first");
    await host.advance(100);
    assertEquals([node.stats.calls, node.stats.lateReplies, node.stats.duplicateReplies], [2, 1, 0]);
    assertEquals(host.timers, 0);
  }
});

Deno.test("retry comes back after one round trip, however long that is", async () => {
  for (const roundTrip of [1, 999, 1200, 4800, 19_200]) {
    const { host, call, answer } = await startCaller();
    const began = host.now();
    const { send } = host;
    host.send = (message) => {
      send(message);
      host.setTimer(roundTrip, () => answer(message, { answer: 42 }));
    };
    let took = 0;
    const done = call({ retry: { idempotent: true } }).reply.then(() => took = host.now() - began);
    await host.advance(roundTrip);
    await done;
    assertEquals(took, roundTrip);
  }
});

Deno.test("retry counts attempts together, whether there was an error or none", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply } = call({ timeout: 10, retry: { attempts: 3, backoff: 5, jitter: 0, idempotent: true } });
  const rejected = assertRejects(() => reply, RPCError, "No reply to ask from n1 within 40 ms");
  await host.advance(10);
  answer(host.sent.at(-1)!, errorFields("temporarily-unavailable"));
  await host.advance(1000);
  await rejected;
  assertEquals([node.stats.calls, node.stats.retries, node.stats.timeouts], [3, 2, 2]);
});

Deno.test("retry ends at once when the signal aborts, even while it waits", async () => {
  const { host, call } = await startCaller();
  const controller = new AbortController();
  const { reply } = call({
    timeout: 10,
    signal: controller.signal,
    retry: { attempts: Infinity, idempotent: true },
  });
  const rejected = assertRejects(() => reply, Error, "enough");
  await host.advance(500);
  assertEquals(host.timers, 1);
  controller.abort(new Error("enough"));
  await rejected;
  assertEquals(host.timers, 0);
});

Deno.test("retry ends at once when the signal aborts between two attempts", async () => {
  const { host, call, answer } = await startCaller();
  const controller = new AbortController();
  const { reply, request } = call({ signal: controller.signal, retry: { backoff: 1000 } });
  const rejected = assertRejects(() => reply, Error, "enough");
  answer(request, errorFields("abort"));
  await host.advance(100);
  assertEquals(host.timers, 1);
  controller.abort(new Error("enough"));
  await rejected;
  assertEquals(host.timers, 0);
});

Deno.test("retry refuses options that make no sense, before anything is sent", async () => {
  const { host, node } = await startCaller();
  const sent = host.sent.length;
  const bad: [RetryOptions, string][] = [
    [{ attempts: 0 }, "expected attempts to be a whole number, 1 or more, got 0"],
    [{ attempts: -3 }, "got -3"],
    [{ attempts: NaN }, "got NaN"],
    [{ attempts: 2.5 }, "got 2.5"],
    [{ backoff: -1 }, "expected backoff to be 0 ms or more, got -1"],
    [{ factor: 0.5 }, "expected factor to be 1 or more, got 0.5"],
    [{ factor: NaN }, "expected factor"],
    [{ maxBackoff: -1 }, "expected maxBackoff to be 0 ms or more, got -1"],
    [{ maxTimeout: 0 }, "expected maxTimeout to be more than 0 ms, got 0"],
    [{ jitter: 1.1 }, "expected jitter to be from 0 to 1, got 1.1"],
    [{ jitter: NaN }, "expected jitter"],
  ];
  for (const [retry, problem] of bad) {
    await assertRejects(() => node.rpc("n1", { type: "ask" }, { retry }), RangeError, problem);
  }
  assertEquals([host.sent.length, host.timers], [sent, 0]);
});

Deno.test("isRetriable: definite errors that pass always, indefinite ones if idempotent, all others never", () => {
  const retriable = Object.values(ERRORS).filter(({ name }) => isRetriable(new RPCError(name), false));
  assertEquals(retriable.map(({ code }) => code), [11, 14, 30]);
  const idempotent = Object.values(ERRORS).filter(({ name }) => isRetriable(new RPCError(name), true));
  assertEquals(idempotent.map(({ code }) => code), [0, 11, 13, 14, 30]);
  assert(isRetriable(new RPCError(1042), true));
  assertFalse(isRetriable(new RPCError(1042), false));
  assertFalse(isRetriable(new TypeError("a mistake"), true));
});

Deno.test("backoffDelay stays between its bounds", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), share, share, (n, jitter, drawn) => {
    const delay = backoffDelay(n, { backoff: 10, factor: 2, maxBackoff: 500, jitter }, () => drawn);
    const full = Math.min(10 * 2 ** (n - 1), 500);
    assertGreaterOrEqual(delay, full * (1 - jitter) - 1e-9);
    assertLessOrEqual(delay, full);
  }));
});
