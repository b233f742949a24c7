import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type KV, linKV, linTSO, lwwKV, seqKV } from "../lib/kv.ts";
import { type Body, RPCError } from "../lib/protocol.ts";
import { type Fate, type ServedNode, type Service, staleStore, startWithService, store } from "./fake_services.ts";

const STORES = { "seq-kv": seqKV, "lin-kv": linKV, "lww-kv": lwwKV };

/** Runs a test with a client of each key-value store. */
async function withEachStore(test: (kv: KV<number>, served: ServedNode) => Promise<void>): Promise<void> {
  for (const [name, open] of Object.entries(STORES)) {
    await startWithService(name as keyof typeof STORES, (node, served) => test(open<number>(node), served));
  }
}

/** Runs a test with a client of lin-kv on the given terms. */
function withLinKV(
  terms: {
    state?: Map<string, unknown>;
    service?: Service;
    fate?: (request: Body, count: number) => Fate;
    delay?: number;
  },
  test: (kv: KV<number>, served: ServedNode) => Promise<void>,
): Promise<void> {
  const service = terms.service ?? store(true, terms.state);
  return startWithService("lin-kv", (node, served) => test(linKV<number>(node), served), { ...terms, service });
}

const codeOf = async (promise: Promise<unknown>) => (await assertRejects(() => promise, RPCError)).code;

Deno.test("write and read", () =>
  withEachStore(async (kv) => {
    assertEquals(await codeOf(kv.read("x")), 20);
    await kv.write("x", 1);
    await kv.write("x", 2);
    assertEquals(await kv.read("x"), 2);
  }));

Deno.test("values and keys are whatever JSON can say", async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (key, value) => {
    const wire = JSON.parse(JSON.stringify(value));
    await startWithService("lin-kv", async (node) => {
      const kv = linKV<unknown, unknown>(node);
      await kv.write(key, value);
      assertEquals(await kv.read(key), wire);
    });
  }));
});

Deno.test("readOr gives the fallback for a missing key, and only for that", async () => {
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

Deno.test("cas creates a missing key if it may", () =>
  withEachStore(async (kv) => {
    await kv.cas("x", 0, 1, { createIfNotExists: true });
    assertEquals(await kv.read("x"), 1);
    assertEquals(await codeOf(kv.cas("x", 0, 2, { createIfNotExists: true })), 22);
  }));

Deno.test("writeIfAbsent sets a value once, even to a value that is there already", () =>
  withEachStore(async (kv) => {
    assert(await kv.writeIfAbsent("x", 1));
    assertFalse(await kv.writeIfAbsent("x", 2));
    assertFalse(await kv.writeIfAbsent("x", 1));
    assertEquals(await kv.read("x"), 1);
  }));

Deno.test("writeIfAbsent does not know after a lost answer, unless it may be repeated", async () => {
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

Deno.test("with retry, reads are tried again after a time-out, writes are not", async () => {
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
    assertEquals(await kv.update("x", (x) => x + 1), 2);
    assertEquals(await kv.read("x"), 2);
    assertEquals(requests, ["write", "read", "cas", "read"]);
  }));

Deno.test("update of a missing key starts from the default, or throws", () =>
  withEachStore(async (kv) => {
    assertEquals(await codeOf(kv.update("x", (x) => x + 1)), 20);
    assertEquals(await kv.update("x", (x) => x + 1, { default: 0 }), 1);
    assertEquals(await kv.update("x", (x) => x + 1, { default: 0 }), 2);
  }));

Deno.test("update leaves things as they are if the function says nothing", () =>
  withEachStore(async (kv, { requests }) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", () => undefined), 1);
    assertEquals(requests, ["write", "read"]);
  }));

Deno.test("update saves the read where the expected value is right, and recovers where it is not", () =>
  withEachStore(async (kv, { passing, requests }) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", (x) => x + 1, { expected: 1 }), 2);
    assertEquals(await passing(kv.update("x", (x) => x + 1, { expected: 1 })), 3);
    assertEquals(await passing(kv.update("y", (y) => y + 1, { expected: 7, default: 0 })), 1);
    assertEquals(requests.slice(1, 5), ["cas", "cas", "read", "cas"]);
  }));

Deno.test("update takes a function that needs time", () =>
  withEachStore(async (kv) => {
    await kv.write("x", 1);
    assertEquals(await kv.update("x", (x) => Promise.resolve(x + 1)), 2);
  }));

Deno.test("update survives a function that changes its argument", () =>
  startWithService("lin-kv", async (node) => {
    const kv = linKV<number[]>(node);
    await kv.write("list", [1]);
    const append = (list: number[]) => {
      list.push(2);
      return list;
    };
    assertEquals(await kv.update("list", append), [1, 2]);
    assertEquals(await kv.read("list"), [1, 2]);
  }));

Deno.test("update passes on what the function throws", () =>
  withEachStore(async (kv) => {
    await kv.write("x", 1);
    await assertRejects(
      () =>
        kv.update("x", () => {
          throw new TypeError("not a number");
        }),
      TypeError,
      "not a number",
    );
  }));

Deno.test("updates of many at once all count", async () => {
  for (const name of ["lin-kv", "seq-kv"] as const) {
    await startWithService(name, async (node, { passing }) => {
      const kv = STORES[name]<number>(node);
      const updates = Array.from({ length: 20 }, () => kv.update("x", (x) => x + 1, { default: 0 }));
      const results = await passing(Promise.all(updates));
      assertEquals(results.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1));
    });
  }
});

Deno.test("update ends when its time is over, and knows that nothing was changed", async () => {
  const state = new Map<string, unknown>([['"x"', 0]]);
  const honest = store(true, state);
  const service: Service = (body, src) => {
    if (body.type === "cas") state.set('"x"', Math.random());
    return honest(body, src);
  };
  await withLinKV({ service }, async (kv, { host, passing, requests }) => {
    const begin = host.now();
    const error = await assertRejects(() => passing(kv.update("x", (x) => x + 1, { timeout: 700 })), RPCError);
    assertEquals([error.code, error.message], [11, 'Cannot update "x" within 700 ms: nothing was changed']);
    assert(host.now() - begin <= 700);
    assert(requests.length > 6);
  });
});

Deno.test("the time of an update, and its signal, cover a function that takes its time", () =>
  withLinKV({ state: new Map([['"x"', 0]]) }, async (kv, { host, passing }) => {
    const begin = host.now();
    const never = () => new Promise<number>(() => {});
    const error = await assertRejects(() => passing(kv.update("x", never, { timeout: 700 })), RPCError);
    assertEquals([error.code, error.message], [11, 'Cannot update "x" within 700 ms: nothing was changed']);
    assertEquals(host.now() - begin, 700);
    const stop = new AbortController();
    const update = kv.update("x", never, { signal: stop.signal });
    host.setTimer(50, () => stop.abort(new Error("enough")));
    await assertRejects(() => passing(update), Error, "enough");
    assertEquals(await passing(kv.update("x", (x) => Promise.resolve(x + 1))), 1);
  }));

Deno.test("the time of an update covers reads that are not answered", () =>
  withLinKV({ fate: () => "request lost" }, async (kv, { host, passing, requests }) => {
    const begin = host.now();
    assertEquals(await codeOf(passing(kv.update("x", (x) => x + 1))), 11);
    assert(host.now() - begin <= 5000, `took ${host.now() - begin} ms`);
    assert(requests.length >= 3);
    assertEquals(host.timers, 0);
  }));

Deno.test("update ends with an indefinite error when a write is not answered", () =>
  withLinKV({ fate: ({ type }) => type === "cas" ? "reply lost" : "delivered" }, async (kv, { passing, requests }) => {
    const error = await assertRejects(
      () => passing(kv.update("x", (x) => x + 1, { default: 0 })),
      RPCError,
      'Cannot update "x" within 5000 ms: it may have taken effect',
    );
    assertFalse(error.definite);
    assertEquals(requests, ["read", "cas"]);
    assertEquals(await kv.read("x"), 1);
  }));

Deno.test("update waits for answers that need long, as far as its time allows", async () => {
  for (const [roundTrip, idempotent] of [[1200, false], [4800, false], [1200, true], [4800, true]] as const) {
    const state = new Map<string, unknown>([['"x"', 1]]);
    await withLinKV({ state, delay: roundTrip }, async (kv, { host, passing }) => {
      const began = host.now();
      assertEquals(await passing(kv.update("x", (x) => x + 1, { timeout: 10_000, idempotent })), 2);
      assertEquals(host.now() - began, 2 * roundTrip);
    });
  }
});

Deno.test("an idempotent update goes on when a write is not answered", async () => {
  const max = (x: number) => x < 7 ? 7 : undefined;
  await withLinKV({ fate: (_request, count) => count === 2 ? "reply lost" : "delivered" }, async (kv, { passing }) => {
    assertEquals(await passing(kv.update("x", max, { default: 0, idempotent: true })), 7);
  });
  await withLinKV({ fate: ({ type }) => type === "cas" ? "request lost" : "delivered" }, async (kv, { passing }) => {
    const error = await assertRejects(() => passing(kv.update("x", max, { default: 0, idempotent: true })), RPCError);
    assertEquals([error.code, error.message], [0, 'Cannot update "x" within 5000 ms: it may have taken effect']);
  });
});

Deno.test("an update sends its requests again as soon as it was told to", () =>
  withLinKV({ fate: (_request, count) => count <= 2 ? "request lost" : "delivered" }, async (kv, { host, passing }) => {
    const begin = host.now();
    assertEquals(await passing(kv.update("x", (x) => x + 1, { default: 0, requestTimeout: 100 })), 1);
    assertEquals(host.now() - begin, 300);
  }));

Deno.test("update ends with the reason of the signal", () =>
  withLinKV({ fate: () => "request lost" }, async (kv, { host }) => {
    const controller = new AbortController();
    const rejected = assertRejects(() => kv.update("x", (x) => x + 1, { signal: controller.signal }), Error, "enough");
    await host.advance(1500);
    controller.abort(new Error("enough"));
    await rejected;
    assertEquals(host.timers, 0);
  }));

Deno.test("update ends with the reason of the signal while it waits, too", () =>
  withLinKV({ state: new Map([['"x"', 1]]) }, async (kv, { host, requests }) => {
    const controller = new AbortController();
    const options = { expected: 0, signal: controller.signal, wait: { backoff: 500, jitter: 0 } };
    const rejected = assertRejects(() => kv.update("x", (x) => x + 1, options), Error, "enough");
    await host.advance(100);
    assertEquals([requests, host.timers], [["cas"], 2]);
    controller.abort(new Error("enough"));
    await rejected;
    assertEquals(host.timers, 0);
  }));

Deno.test("update refuses a time-out that is none", () =>
  withLinKV({}, async (kv) => {
    await assertRejects(
      () => kv.update("x", (x) => x, { timeout: 0 }),
      RangeError,
      "expected timeout to be more than 0 ms",
    );
  }));

Deno.test("readLatest sees what others have written, where read does not", async () => {
  const service = staleStore();
  await startWithService("seq-kv", async (node) => {
    const kv = seqKV<number>(node);
    await kv.write("x", 1);
    for (const value of [2, 3, 4]) {
      service({ type: "write", key: "x", value }, "n1");
      assertEquals(await kv.read("x"), value - 1, "the stand-in must be stale, or this test shows nothing");
      assertEquals(await kv.readLatest("x"), value);
    }
  }, { service });
});

Deno.test("readLatest makes two requests, and throws for a missing key", () =>
  startWithService("seq-kv", async (node, { requests }) => {
    assertEquals(await codeOf(seqKV(node).readLatest("x")), 20);
    assertEquals(requests, ["write", "read"]);
  }));

Deno.test("update on seq-kv gets through although reads are stale", async () => {
  const service = staleStore();
  await startWithService("seq-kv", async (node, { passing }) => {
    const kv = seqKV<number>(node);
    await kv.write("x", 1);
    service({ type: "write", key: "x", value: 10 }, "n1");
    assertEquals(await passing(kv.update("x", (x) => x + 1)), 11);
  }, { service });
});

Deno.test("ts gives each timestamp once, and a lost one is not missed", async () => {
  const fate = (_request: Body, count: number): Fate => count === 2 ? "reply lost" : "delivered";
  await startWithService("lin-tso", async (node, { passing }) => {
    const oracle = linTSO(node);
    assertEquals(await oracle.ts(), 0);
    assertEquals(await passing(oracle.ts({ timeout: 10, retry: {} })), 2);
  }, { fate });
});
