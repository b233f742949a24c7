import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type KV, linKV, linTSO, seqKV } from "../lib/kv.ts";
import { type Body, RPCError } from "../lib/protocol.ts";
import { createStaleStore, type Fate, startWithService } from "./fake_services.ts";
import { codeOf, ONCE, withEachStore, withLinKV } from "./kv_rig.ts";

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
