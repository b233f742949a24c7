import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type KV, linKV, linTSO, lwwKV, seqKV } from "../lib/kv.ts";
import { type Body, RPCError } from "../lib/protocol.ts";
import {
  createStaleStore,
  createStore,
  type Fate,
  type Service,
  type ServiceOptions,
  type ServiceUser,
  startWithService,
} from "./fake_services.ts";

/** Options of updates that must not take effect twice: the network of these tests delivers no message twice. */
const ONCE = { twice: "if-duplicated" } as const;

const STORES = { "seq-kv": seqKV, "lin-kv": linKV, "lww-kv": lwwKV };

/** Runs a test with a client of each key-value store. */
async function withEachStore(test: (kv: KV<number>, user: ServiceUser) => Promise<void>): Promise<void> {
  for (const [name, createClient] of Object.entries(STORES)) {
    await startWithService(name as keyof typeof STORES, (node, user) => test(createClient<number>(node), user));
  }
}

/** Runs a test with a client of lin-kv. `state`: the service's values by serialized key. */
function withLinKV(
  { state, ...options }: ServiceOptions & { state?: Map<string, unknown> },
  test: (kv: KV<number>, user: ServiceUser) => Promise<void>,
): Promise<void> {
  const service = createStore(true, state);
  return startWithService("lin-kv", (node, user) => test(linKV<number>(node), user), { service, ...options });
}

const codeOf = async (promise: Promise<unknown>) => (await assertRejects(() => promise, RPCError)).code;

Deno.test("read returns the last value written", () =>
  withEachStore(async (kv) => {
    assertEquals(await codeOf(kv.read("x")), 20);
    await kv.write("x", 1);
    await kv.write("x", 2);
    assertEquals(await kv.read("x"), 2);
  }));

Deno.test("keys and values can be any JSON", async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (key, value) => {
    const wire = JSON.parse(JSON.stringify(value));
    await startWithService("lin-kv", async (node) => {
      const kv = linKV<unknown, unknown>(node);
      await kv.write(key, value);
      assertEquals(await kv.read(key), wire);
    });
  }));
});

Deno.test("readOr returns the fallback for a missing key, and throws other errors", async () => {
  await withEachStore(async (kv) => {
    assertEquals(await kv.readOr("x", 0), 0);
    assertEquals(await kv.readOr("x", null), null);
    await kv.write("x", 1);
    assertEquals(await kv.readOr("x", 0), 1);
  });
  await withLinKV({ fate: () => "reply lost" }, async (kv, { passing }) => {
    assertEquals(await codeOf(passing(kv.readOr("x", 0))), 0);
  });
});

Deno.test("cas sets the value only if it is the expected one", () =>
  withEachStore(async (kv) => {
    assertEquals(await codeOf(kv.cas("x", 0, 1)), 20);
    await kv.write("x", 0);
    await kv.cas("x", 0, 1);
    assertEquals(await codeOf(kv.cas("x", 0, 2)), 22);
    assertEquals(await kv.read("x"), 1);
  }));

Deno.test("cas creates a missing key with createIfNotExists", () =>
  withEachStore(async (kv) => {
    await kv.cas("x", 0, 1, { createIfNotExists: true });
    assertEquals(await kv.read("x"), 1);
    assertEquals(await codeOf(kv.cas("x", 0, 2, { createIfNotExists: true })), 22);
  }));

Deno.test("writeIfAbsent returns true once, and then false, also for an equal value", () =>
  withEachStore(async (kv) => {
    assert(await kv.writeIfAbsent("x", 1));
    assertFalse(await kv.writeIfAbsent("x", 2));
    assertFalse(await kv.writeIfAbsent("x", 1));
    assertEquals(await kv.read("x"), 1);
  }));

Deno.test("writeIfAbsent throws after a lost reply, unless it is idempotent", async () => {
  const fate = (_request: Body, count: number): Fate => count === 1 ? "reply lost" : "delivered";
  await withLinKV({ fate }, async (kv, { passing }) => {
    assertEquals(await codeOf(passing(kv.writeIfAbsent("x", 1, { retry: {} }))), 0);
  });
  await withLinKV({ fate }, async (kv, { passing }) => {
    assert(await passing(kv.writeIfAbsent("x", 1, { retry: { idempotent: true } })));
    assertFalse(await passing(kv.writeIfAbsent("x", 2, { retry: { idempotent: true } })));
    assertEquals(await kv.read("x"), 1);
  });
});

Deno.test("retry repeats reads after a timeout, but not writes", async () => {
  const fate = (_request: Body, count: number): Fate => count === 1 ? "request lost" : "delivered";
  await withLinKV({ fate, state: new Map([['"x"', 5]]) }, async (kv, { passing, requests }) => {
    assertEquals(await passing(kv.read("x", { timeout: 10, retry: {} })), 5);
    assertEquals(requests, ["read", "read"]);
  });
  for (
    const attempt of [
      (kv: KV<number>) => kv.write("x", 1, { retry: {} }),
      (kv: KV<number>) => kv.cas("x", 0, 1, { retry: {} }),
    ]
  ) {
    await withLinKV({ fate }, async (kv, { passing, requests }) => {
      assertEquals(await codeOf(passing(attempt(kv))), 0);
      assertEquals(requests.length, 1);
    });
  }
});

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

Deno.test("readLatest sees writes of other nodes that read does not see", async () => {
  const service = createStaleStore();
  await startWithService("seq-kv", async (node) => {
    const kv = seqKV<number>(node);
    await kv.write("x", 1);
    for (const value of [2, 3, 4]) {
      service({ type: "write", key: "x", value }, "n1");
      assertEquals(await kv.read("x"), value - 1, "the service must be stale, or this test shows nothing");
      assertEquals(await kv.readLatest("x"), value);
    }
  }, { service });
});

Deno.test("readLatest sends two requests, and throws for a missing key", () =>
  startWithService("seq-kv", async (node, { requests }) => {
    assertEquals(await codeOf(seqKV(node).readLatest("x")), 20);
    assertEquals(requests, ["write", "read"]);
  }));

Deno.test("update on seq-kv succeeds in spite of stale reads", async () => {
  const service = createStaleStore();
  await startWithService("seq-kv", async (node, { passing }) => {
    const kv = seqKV<number>(node);
    await kv.write("x", 1);
    service({ type: "write", key: "x", value: 10 }, "n1");
    assertEquals(await passing(kv.update("x", (x) => x + 1, ONCE)), 11);
  }, { service });
});

Deno.test("ts returns each timestamp once, and a retry skips a lost one", async () => {
  const fate = (_request: Body, count: number): Fate => count === 2 ? "reply lost" : "delivered";
  await startWithService("lin-tso", async (node, { passing }) => {
    const oracle = linTSO(node);
    assertEquals(await oracle.ts(), 0);
    assertEquals(await passing(oracle.ts({ timeout: 10, retry: {} })), 2);
  }, { fate });
});

Deno.test("a reply that is not the service's own is error 13: it says nothing about what the request did", async () => {
  const requests: [string, (kv: KV<number>) => Promise<unknown>, ...Body[]][] = [
    ["read_ok", (kv) => kv.read("x"), { type: "read_ok" }],
    ["read_ok", (kv) => kv.readOr("x", 0), { type: "read_ok" }],
    ["write_ok", (kv) => kv.write("x", 1)],
    ["cas_ok", (kv) => kv.cas("x", 0, 1)],
    ["cas_ok", (kv) => kv.writeIfAbsent("x", 1)],
  ];
  for (const [type, request, ...more] of requests) {
    for (const reply of [{ type: "", value: 7 }, { type: "other_ok", value: 7 }, ...more]) {
      await startWithService("lin-kv", async (node) => {
        const error = await assertRejects(() => request(linKV<number>(node)), RPCError, "Malformed reply to ");
        assertEquals([error.code, error.definite], [13, false], type);
      }, { service: () => reply });
    }
  }
});

Deno.test("a timestamp that is no integer is error 13", async () => {
  for (const reply of [{ type: "ts_ok", ts: "1" }, { type: "ts_ok" }, { type: "read_ok", ts: 1 }]) {
    await startWithService("lin-tso", async (node) => {
      await assertRejects(() => linTSO(node).ts(), RPCError, "Malformed reply to ts from lin-tso: expected t");
    }, { service: () => reply });
  }
});
