import { assert, assertEquals, assertFalse, assertGreaterOrEqual, assertLessOrEqual, assertRejects } from "@std/assert";
import fc from "fast-check";
import { ERRORS, RPCError } from "../lib/protocol.ts";
import { backoffDelay, isRetriable, type RetryOptions } from "../lib/retry.ts";
import type { RPCOptions } from "../lib/rpc.ts";
import { errorFields, startCaller } from "./rpc_caller.ts";

Deno.test("retry repeats a request after a transient error, with growing waits", async () => {
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
  assertEquals([node.stats.requests, node.stats.retries, host.timers], [4, 3, 0]);
});

Deno.test("retry throws the last error when no attempt is left", async () => {
  const { host, node, call } = await startCaller();
  const { reply } = call({ timeout: 10, retry: { attempts: 3, idempotent: true, jitter: 0 } });
  const rejected = assertRejects(() => reply, RPCError, "within 70 ms");
  await host.advance(10_000);
  await rejected;
  assertEquals([node.stats.requests, node.stats.timeouts], [3, 3]);
});

Deno.test("retry does not repeat a request that may have taken effect, unless it is idempotent", async () => {
  for (const idempotent of [false, true]) {
    const { host, node, call, answer } = await startCaller();
    const { reply, request } = call({ retry: { attempts: 2, idempotent } });
    reply.catch(() => {});
    answer(request, errorFields("crash"));
    await host.advance(500);
    assertEquals(node.stats.requests, idempotent ? 2 : 1);
    const second = call({ timeout: 10, retry: { attempts: 2, idempotent } });
    second.reply.catch(() => {});
    await host.advance(500);
    assertEquals(node.stats.requests, idempotent ? 4 : 2);
  }
});

Deno.test("retry gives each attempt a longer timeout, up to a limit", async () => {
  const cases: [RPCOptions, number[]][] = [
    [{ retry: { attempts: Infinity } }, [0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000]],
    [{ timeout: 10, retry: { attempts: 4, factor: 3 } }, [0, 10, 40, 130]],
    [{ timeout: 10, retry: { attempts: 4, maxTimeout: 15 } }, [0, 10, 25, 40]],
    [{ timeout: 70_000, retry: { attempts: 3 } }, [0, 70_000, 140_000]],
  ];
  for (const [options, expected] of cases) {
    const { host, call } = await startCaller();
    const start = host.now();
    const sentAt: number[] = [];
    const { send } = host;
    host.send = (message) => {
      sentAt.push(host.now() - start);
      send(message);
    };
    call({ ...options, retry: { ...options.retry, idempotent: true } }).reply.catch(() => {});
    for (let i = 0; i < 200; i++) await host.advance(1000);
    assertEquals(sentAt, expected);
  }
});

Deno.test("retry accepts the reply to any attempt, and counts the others as late", async () => {
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
    assertEquals([node.stats.requests, node.stats.lateReplies, node.stats.duplicateReplies], [2, 1, 0]);
    assertEquals(host.timers, 0);
  }
});

Deno.test("retry takes one round trip, however long that is", async () => {
  for (const roundTrip of [1, 999, 1200, 4800, 19_200]) {
    const { host, call, answer } = await startCaller();
    const start = host.now();
    const { send } = host;
    host.send = (message) => {
      send(message);
      host.setTimer(roundTrip, () => answer(message, { answer: 42 }));
    };
    let took = 0;
    const done = call({ retry: { idempotent: true } }).reply.then(() => took = host.now() - start);
    await host.advance(roundTrip);
    await done;
    assertEquals(took, roundTrip);
  }
});

Deno.test("retry counts attempts after errors and after timeouts together", async () => {
  const { host, node, call, answer } = await startCaller();
  const { reply } = call({ timeout: 10, retry: { attempts: 3, backoff: 5, jitter: 0, idempotent: true } });
  const rejected = assertRejects(() => reply, RPCError, "No reply to ask from n1 within 40 ms");
  await host.advance(10);
  answer(host.sent.at(-1)!, errorFields("temporarily-unavailable"));
  await host.advance(1000);
  await rejected;
  assertEquals([node.stats.requests, node.stats.retries, node.stats.timeouts], [3, 2, 2]);
});

Deno.test("retry throws the signal's reason at once during an attempt", async () => {
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

Deno.test("retry throws the signal's reason at once between two attempts", async () => {
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

Deno.test("retry rejects options out of range before anything is sent", async () => {
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

Deno.test("isRetriable is true for transient errors, and for indefinite ones if idempotent", () => {
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
