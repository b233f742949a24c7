import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { setImmediate } from "node:timers";
import type { Node } from "../lib/node.ts";
import { RPCError } from "../lib/protocol.ts";
import { startNode } from "../lib/start_node.ts";
import { createFakeHost, init } from "./fake_host.ts";
import { startTestNode } from "./node_rig.ts";

/** Starts a program and makes it ready. `tick` appends the time since the start to `ticks`, ms. */
async function start(program: (node: Node, tick: () => void) => void = () => {}) {
  const host = createFakeHost();
  const begin = host.now();
  const ticks: number[] = [];
  const tick = () => void ticks.push(host.now() - begin);
  const { node } = await startTestNode((node) => program(node, tick), { host });
  return { host, node, ticks, tick };
}

Deno.test("after calls its callback once", async () => {
  const { host, ticks } = await start((node, tick) => void node.after(20, tick));
  await host.advance(100);
  assertEquals([ticks, host.timers], [[20], 0]);
});

Deno.test("after with a delay of 0 does not call its callback at once", async () => {
  const { host, node, ticks, tick } = await start();
  node.after(0, tick);
  assertEquals(ticks, []);
  await host.advance(0);
  assertEquals(ticks, [0]);
});

Deno.test("every calls its callback repeatedly, first after one interval", async () => {
  const { host, ticks } = await start((node, tick) => void node.every(30, tick));
  await host.advance(100);
  assertEquals(ticks, [30, 60, 90]);
});

Deno.test("every waits a whole interval after a late call", async () => {
  const host = createFakeHost();
  const [begin, setTimer] = [host.now(), host.setTimer];
  const late = [50, 0, 7];
  host.setTimer = (delay, callback) => setTimer(delay + (late.shift() ?? 0), callback);
  const ticks: number[] = [];
  startNode((node) => void node.every(30, () => void ticks.push(host.now() - begin)), host).receive(init("n0", ["n0"]));
  await host.advance(200);
  assertEquals(ticks, [80, 110, 147, 177]);
});

Deno.test("after and every can be cancelled before the first call, between calls and in the callback", async () => {
  const cancels: (() => void)[] = [];
  const { host, node, ticks, tick } = await start((node, tick) => {
    node.after(10, tick)();
    node.every(10, tick)();
    const cancelInside = node.every(10, () => {
      tick();
      cancelInside();
    });
    cancels.push(node.after(25, tick), node.every(20, tick));
  });
  await host.advance(20);
  for (const cancel of cancels) cancel();
  const again = node.after(1, tick);
  await host.advance(100);
  again();
  assertEquals([ticks, host.timers], [[10, 20, 21], 0]);
});

Deno.test("timers that are set before the node is ready start when it is ready", async () => {
  const host = createFakeHost();
  const begin = host.now();
  const ticks: number[] = [];
  const handle = startNode((node) => {
    node.every(30, () => void ticks.push(host.now() - begin));
    node.after(5, () => void ticks.push(host.now() - begin));
    node.onInit(() => node.sleep(200));
  }, host);
  await host.advance(100);
  handle.receive(init("n0", ["n0"]));
  await host.advance(299);
  assertEquals(ticks, [305, 330, 360, 390]);
});

Deno.test("every skips calls while the promise of the last one is pending", async () => {
  const { host, ticks } = await start((node, tick) =>
    void node.every(10, async () => {
      tick();
      await node.sleep(25);
      tick();
    })
  );
  await host.advance(70);
  assertEquals(ticks, [10, 35, 40, 65, 70]);
});

/** Two ways in which a callback fails with an error. */
const fails = (error: Error) => [() => {
  throw error;
}, () => Promise.reject(error)];

Deno.test("an RPC that fails in a callback is logged, and the timer continues", async () => {
  for (const fail of fails(new RPCError("timeout", "No reply"))) {
    const { host, ticks } = await start((node, tick) =>
      void node.every(10, () => {
        tick();
        return fail();
      })
    );
    await host.advance(30);
    assertEquals(ticks, [10, 20, 30]);
    assertEquals(host.logged.map(({ level }) => level), ["warn", "warn", "warn"]);
    assertStringIncludes(host.logged[0]!.text, "Timer failed: RPCError: No reply");
    assertStringIncludes(host.logged[0]!.text, "timers_test.ts");
  }
});

Deno.test("any other error of a callback is left to the host, as a rejection that nothing handles", async () => {
  const reasons: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    reasons.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  const error = new TypeError("oh no");
  for (const fail of fails(error)) {
    const { host } = await start((node) => void node.after(10, fail));
    await host.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
    assertEquals(host.logged, []);
  }
  globalThis.removeEventListener("unhandledrejection", onRejection);
  assertEquals(reasons, [error, error]);
});

Deno.test("jitter draws each wait from a range around the interval", async () => {
  const { host, ticks } = await start((node, tick) => void node.every(100, tick, { jitter: 0.2 }));
  await host.advance(10_000);
  const waits = ticks.map((at, i) => at - (ticks[i - 1] ?? 0));
  for (const wait of waits) {
    assertGreaterOrEqual(wait, 80);
    assertLessOrEqual(wait, 120);
  }
  assertGreater(new Set(waits).size, 50);
});

Deno.test("sleep resolves after its delay, and rejects when the signal aborts", async () => {
  const { host, node, ticks, tick } = await start();
  const controller = new AbortController();
  const slept = node.sleep(40, controller.signal).then(tick);
  await host.advance(40);
  await slept;
  const aborted = node.sleep(40, controller.signal);
  controller.abort(new Error("wake up"));
  await assertRejects(() => aborted, Error, "wake up");
  await assertRejects(() => node.sleep(40, controller.signal), Error, "wake up");
  assertEquals([ticks, host.timers], [[40], 0]);
});

Deno.test("timers reject delays, intervals and jitters out of range", async () => {
  const { node } = await start();
  assertThrows(() => node.after(-1, () => {}), RangeError, "expected delay to be 0 ms or more, got -1");
  assertThrows(() => node.after(NaN, () => {}), RangeError, "got NaN");
  assertThrows(() => node.every(0, () => {}), RangeError, "expected interval to be more than 0 ms");
  assertThrows(() => node.every(10, () => {}, { jitter: 2 }), RangeError, "expected jitter to be from 0 to 1, got 2");
  await assertRejects(async () => await node.sleep(-5), RangeError, "got -5");
});
