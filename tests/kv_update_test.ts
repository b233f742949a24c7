import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { linKV } from "../lib/kv.ts";
import { RPCError } from "../lib/protocol.ts";
import { createStore, type Service, startWithService } from "./fake_services.ts";
import { codeOf, ONCE, STORES, withEachStore, withLinKV } from "./kv_rig.ts";

Deno.test("update applies a function to the value", () =>
  withEachStore(async (kv, { requests }) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", (x) => x + 1, ONCE), 2);
    assertEquals(await kv.read("x"), 2);
    assertEquals(requests, ["write", "read", "cas", "read"]);
  }));

Deno.test("update of a missing key starts from the default, or throws", () =>
  withEachStore(async (kv) => {
    assertEquals(await codeOf(kv.update("x", (x) => x + 1, ONCE)), 20);
    assertEquals(await kv.update("x", (x) => x + 1, { default: 0, ...ONCE }), 1);
    assertEquals(await kv.update("x", (x) => x + 1, { default: 0, ...ONCE }), 2);
  }));

Deno.test("update changes nothing if the function returns undefined", () =>
  withEachStore(async (kv, { requests }) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", () => undefined, ONCE), 1);
    assertEquals(requests, ["write", "read"]);
  }));

Deno.test("update needs no read if the expected value is right, and recovers if it is wrong", () =>
  withEachStore(async (kv, { passing, requests }) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", (x) => x + 1, { expected: 1, ...ONCE }), 2);
    assertEquals(await passing(kv.update("x", (x) => x + 1, { expected: 1, ...ONCE })), 3);
    assertEquals(await passing(kv.update("y", (y) => y + 1, { expected: 7, default: 0, ...ONCE })), 1);
    assertEquals(requests.slice(1, 5), ["cas", "cas", "read", "cas"]);
  }));

Deno.test("update accepts an asynchronous function", () =>
  withEachStore(async (kv) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", (x) => Promise.resolve(x + 1), ONCE), 2);
  }));

Deno.test("update works with a function that changes its argument", () =>
  startWithService("lin-kv", async (node) => {
    const kv = linKV<number[]>(node);
    await kv.write("list", [1]);
    const append = (list: number[]) => {
      list.push(2);
      return list;
    };
    assertEquals(await kv.update("list", append, ONCE), [1, 2]);
    assertEquals(await kv.read("list"), [1, 2]);
  }));

Deno.test("update throws what the function throws", () =>
  withEachStore(async (kv) => {
    await kv.write("x", 1);
    await assertRejects(
      () =>
        kv.update("x", () => {
          throw new TypeError("not a number");
        }, ONCE),
      TypeError,
      "not a number",
    );
  }));

Deno.test("concurrent updates all take effect", async () => {
  for (const name of ["lin-kv", "seq-kv"] as const) {
    await startWithService(name, async (node, { passing }) => {
      const kv = STORES[name]<number>(node);
      const updates = Array.from({ length: 20 }, () => kv.update("x", (x) => x + 1, { default: 0, ...ONCE }));
      const results = await passing(Promise.all(updates));
      assertEquals(results.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1));
    });
  }
});

Deno.test("update throws a definite error at its time limit if nothing was changed", async () => {
  const state = new Map<string, unknown>([['"x"', 0]]);
  const honest = createStore(true, state);
  const service: Service = (body, src) => {
    if (body.type === "cas") state.set('"x"', Math.random());
    return honest(body, src);
  };
  await withLinKV({ service }, async (kv, { host, passing, requests }) => {
    const start = host.now();
    const error = await assertRejects(() => passing(kv.update("x", (x) => x + 1, { timeout: 700, ...ONCE })), RPCError);
    assertEquals([error.code, error.message], [11, 'Cannot update "x" within 700 ms: nothing was changed']);
    assert(host.now() - start <= 700);
    assert(requests.length > 6);
  });
});

Deno.test("the time limit and the signal of an update also end a function that takes too long", () =>
  withLinKV({ state: new Map([['"x"', 0]]) }, async (kv, { host, passing }) => {
    const start = host.now();
    const never = () => new Promise<number>(() => {});
    const error = await assertRejects(() => passing(kv.update("x", never, { timeout: 700, ...ONCE })), RPCError);
    assertEquals([error.code, error.message], [11, 'Cannot update "x" within 700 ms: nothing was changed']);
    assertEquals(host.now() - start, 700);
    const stop = new AbortController();
    const update = kv.update("x", never, { signal: stop.signal, ...ONCE });
    host.setTimer(50, () => stop.abort(new Error("enough")));
    await assertRejects(() => passing(update), Error, "enough");
    assertEquals(await passing(kv.update("x", (x) => Promise.resolve(x + 1), ONCE)), 1);
  }));

Deno.test("the time limit of an update includes reads without a reply", () =>
  withLinKV({ fate: () => "request lost" }, async (kv, { host, passing, requests }) => {
    const start = host.now();
    assertEquals(await codeOf(passing(kv.update("x", (x) => x + 1, ONCE))), 11);
    assert(host.now() - start <= 5000, `took ${host.now() - start} ms`);
    assert(requests.length >= 3);
    assertEquals(host.timers, 0);
  }));

Deno.test("update throws an indefinite error if a write gets no reply", () =>
  withLinKV({ fate: ({ type }) => type === "cas" ? "reply lost" : "delivered" }, async (kv, { passing, requests }) => {
    const error = await assertRejects(
      () => passing(kv.update("x", (x) => x + 1, { default: 0, ...ONCE })),
      RPCError,
      'Cannot update "x" within 5000 ms: it may have taken effect',
    );
    assertFalse(error.definite);
    assertEquals(requests, ["read", "cas"]);
    assertEquals(await kv.read("x"), 1);
  }));

Deno.test("update waits for slow replies up to its time limit", async () => {
  for (
    const [roundTrip, twice] of [[1200, "if-duplicated"], [4800, "if-duplicated"], [1200, "harmless"], [
      4800,
      "harmless",
    ]] as const
  ) {
    const state = new Map<string, unknown>([['"x"', 1]]);
    await withLinKV({ state, delay: roundTrip }, async (kv, { host, passing }) => {
      const start = host.now();
      assertEquals(await passing(kv.update("x", (x) => x + 1, { timeout: 10_000, twice })), 2);
      assertEquals(host.now() - start, 2 * roundTrip);
    });
  }
});

Deno.test("an indefinite error of a write ends an update, unless it is harmless twice", async () => {
  for (const [twice, expected] of [["if-duplicated", 13], ["harmless", 2]] as const) {
    const honest = createStore(true, new Map([['"x"', 1]]));
    let failures = 1;
    const service: Service = (body, src) =>
      body.type === "cas" && failures-- > 0 ? { type: "error", code: 13, text: "who knows" } : honest(body, src);
    await withLinKV({ service }, async (kv, { passing }) => {
      const update = passing(kv.update("x", (x) => x + 1, { twice }));
      assertEquals(await (expected === 13 ? codeOf(update) : update), expected);
    });
  }
});

Deno.test("an update that is harmless twice continues after a write without a reply", async () => {
  const max = (x: number) => x < 7 ? 7 : undefined;
  await withLinKV({ fate: (_request, count) => count === 2 ? "reply lost" : "delivered" }, async (kv, { passing }) => {
    assertEquals(await passing(kv.update("x", max, { default: 0, twice: "harmless" })), 7);
  });
  await withLinKV({ fate: ({ type }) => type === "cas" ? "request lost" : "delivered" }, async (kv, { passing }) => {
    const error = await assertRejects(() => passing(kv.update("x", max, { default: 0, twice: "harmless" })), RPCError);
    assertEquals([error.code, error.message], [0, 'Cannot update "x" within 5000 ms: it may have taken effect']);
  });
});

Deno.test("requestTimeout is the time after which an update repeats a request", () =>
  withLinKV({ fate: (_request, count) => count <= 2 ? "request lost" : "delivered" }, async (kv, { host, passing }) => {
    const start = host.now();
    assertEquals(await passing(kv.update("x", (x) => x + 1, { default: 0, requestTimeout: 100, ...ONCE })), 1);
    assertEquals(host.now() - start, 300);
  }));

Deno.test("update throws the signal's reason", () =>
  withLinKV({ fate: () => "request lost" }, async (kv, { host }) => {
    const controller = new AbortController();
    const rejected = assertRejects(
      () => kv.update("x", (x) => x + 1, { signal: controller.signal, ...ONCE }),
      Error,
      "enough",
    );
    await host.advance(1500);
    controller.abort(new Error("enough"));
    await rejected;
    assertEquals(host.timers, 0);
  }));

Deno.test("update throws the signal's reason between two attempts, too", () =>
  withLinKV({ state: new Map([['"x"', 1]]) }, async (kv, { host, requests }) => {
    const controller = new AbortController();
    const options = { expected: 0, signal: controller.signal, wait: { backoff: 500, jitter: 0 }, ...ONCE };
    const rejected = assertRejects(() => kv.update("x", (x) => x + 1, options), Error, "enough");
    await host.advance(100);
    assertEquals([requests, host.timers], [["cas"], 2]);
    controller.abort(new Error("enough"));
    await rejected;
    assertEquals(host.timers, 0);
  }));

Deno.test("update rejects a timeout that is not positive", () =>
  withLinKV({}, async (kv) => {
    await assertRejects(
      () => kv.update("x", (x) => x, { timeout: 0, ...ONCE }),
      RangeError,
      "expected timeout to be more than 0 ms",
    );
  }));

Deno.test("update demands to know if it may take effect twice, also of programs that are not type-checked", () =>
  withLinKV({}, async (kv, { requests }) => {
    const update = kv.update as (key: string, fn: (x: number) => number, options?: object) => Promise<number>;
    for (const options of [undefined, {}, { default: 0 }, { twice: true }, { idempotent: true }]) {
      await assertRejects(
        () => update("x", (x) => x + 1, options),
        TypeError,
        'expected option twice to be "harmless"',
      );
    }
    assertEquals(requests, []);
  }));
