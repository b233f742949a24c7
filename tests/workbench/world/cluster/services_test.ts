import { assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import fc from "fast-check";
import { connect } from "@nats-io/transport-node";
import { serveNats } from "../../../../lib/cluster/nats.ts";
import { type Message, RPCError } from "../../../../lib/protocol.ts";
import { createEtcd, type Etcd, type EtcdState, type EtcdStore } from "../../../../lib/cluster/etcd.ts";
import { createEtcdLinKV } from "../../../../lib/workbench/world/cluster/services/lin_kv.ts";
import { createEtcdLinTSO } from "../../../../lib/workbench/world/cluster/services/lin_tso.ts";
import { type Bucket, createBucketKV } from "../../../../lib/workbench/world/cluster/services/lww_kv.ts";
import { openBucket } from "../../../../lib/workbench/world/cluster/services/main.ts";
import { serviceProgram } from "../../../../lib/workbench/world/cluster/services/mod.ts";
import { createEtcdSeqKV } from "../../../../lib/workbench/world/cluster/services/seq_kv.ts";
import { freePort } from "../../../../lib/workbench/world/cluster/servers/ports.ts";
import { testWithServers } from "../../../servers.ts";
import {
  type Create,
  LIN_KV,
  LIN_TSO,
  LWW_KV,
  type Properties,
  readX,
  SEQ_KV,
  SIMULATED,
  type Size,
} from "../services/properties.ts";
import { READ, REQUESTS, SEED, write } from "../services/reference.ts";

/** Size of the tests with real servers, which write to a disk. */
const REAL: Size = { runs: 3, requests: 30 };

/** Declares one test of all properties of a service on etcd: a server for each would take long to start. */
function testOnEtcd(name: string, properties: Properties, create: (etcd: Etcd, prefix: string) => ReturnType<Create>) {
  testWithServers(name, ["etcd"], async ({ start }) => {
    const { url } = await start("etcd");
    for (const property of Object.values(properties)) {
      await property(() => create(createEtcd([url]), `test/${crypto.randomUUID()}/`), REAL);
    }
  });
}

testOnEtcd("lin-kv on etcd has the properties of the simulated one", LIN_KV, createEtcdLinKV);
testOnEtcd("seq-kv on etcd has the properties of the simulated one", SEQ_KV, createEtcdSeqKV);
testOnEtcd("lin-tso on etcd has the properties of the simulated one", LIN_TSO, createEtcdLinTSO);
testOnEtcd("lin-kv with more clients than one at once: of the same cas, one succeeds", {
  async race(create) {
    const service = create("");
    for (let round = 0; round < 20; round++) {
      await service("n0", write(round));
      const requests = Array.from(
        { length: 8 },
        () => service("n1", { type: "cas", key: "x", from: round, to: "done" }),
      );
      const replies = await Promise.all(requests);
      assertEquals(replies.filter(({ type }) => type === "cas_ok").length, 1);
    }
  },
}, createEtcdLinKV);

testWithServers("lww-kv on a bucket has the properties of the simulated one", ["nats-server"], async ({ start }) => {
  const { url } = await start("nats-server");
  const bucket = await openBucket([url], "test");
  try {
    for (const property of Object.values(LWW_KV)) await property(() => createBucketKV(keysBelow(bucket)), REAL);
  } finally {
    await bucket.close();
  }
});

testWithServers("without NATS, a request to lww-kv fails with error 0", ["nats-server"], async ({ start }) => {
  const server = await start("nats-server");
  const bucket = await openBucket([server.url], "test");
  const service = createBucketKV(bucket);
  try {
    await server.act("kill");
    const requests = [READ, write(1)].map((request) =>
      assertRejects(() => service("n0", request), RPCError, "JetStream does not answer: timeout")
    );
    for (const { code } of await Promise.all(requests)) assertEquals(code, 0);
    await server.act("start");
    await untilServed(() => service("n0", write(2)));
    assertEquals(await readX(service, "n0"), 2);
  } finally {
    await bucket.close();
  }
});

/** The bucket with keys that no other part of it has. */
function keysBelow(bucket: Bucket): Bucket {
  const prefix = `${crypto.randomUUID()}.`;
  return {
    get: (key) => bucket.get(prefix + key),
    put: (key, value) => bucket.put(prefix + key, value),
    update: (key, value, revision) => bucket.update(prefix + key, value, revision),
  };
}

/** An etcd in memory, whose serializable reads are from any state so far. */
function createStaleEtcd(random: () => number): EtcdStore {
  const states: Map<string, string>[] = [new Map()];
  const write = (key: string, value: string) => states.push(new Map(states.at(-1)!).set(key, value)) - 1;
  const stateAt = (revision: number, key: string): EtcdState => ({ value: states[revision]!.get(key), revision });
  return {
    read: (key, isSerializable) =>
      Promise.resolve(stateAt(isSerializable ? Math.floor(random() * states.length) : states.length - 1, key)),
    write: (key, value) => Promise.resolve(write(key, value)),
    swap({ key, from, to, createIfNotExists }) {
      const state = stateAt(states.length - 1, key);
      const isDone = state.value === from || (state.value === undefined && createIfNotExists);
      return Promise.resolve(isDone ? { isDone, value: undefined, revision: write(key, to) } : { isDone, ...state });
    },
    removeAll: () => Promise.resolve(),
  };
}

/** Creates a repeatable source of numbers from 0 to 1. */
function drawsFrom(seed: string): () => number {
  let state = [...seed].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0), 7) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const [name, property] of Object.entries(SEQ_KV)) {
  Deno.test(`seq-kv on a member of etcd that lags: ${name}`, () =>
    property((seed) => createEtcdSeqKV(createStaleEtcd(drawsFrom(seed)), "t/"), SIMULATED));
}

Deno.test("seq-kv performs a client's requests in order, also if they are sent at once", async () => {
  await fc.assert(fc.asyncProperty(SEED, fc.integer({ min: 1, max: 30 }), async (seed, count) => {
    const service = createEtcdSeqKV(createStaleEtcd(drawsFrom(seed)), "t/");
    const reads: Promise<number>[] = [];
    for (let value = 1; value <= count; value++) {
      void service("n0", write(value));
      reads.push(readX(service, "n0"));
    }
    assertEquals(await Promise.all(reads), Array.from({ length: count }, (_, i) => i + 1));
  }));
});

Deno.test("seq-kv goes on after a request that failed", async () => {
  const etcd = createStaleEtcd(Math.random);
  let isBroken = true;
  const service = createEtcdSeqKV({
    ...etcd,
    write: (key, value) => isBroken ? Promise.reject(new RPCError("timeout", "etcd is slow")) : etcd.write(key, value),
  }, "t/");
  await assertRejects(() => service("n0", write(1)), RPCError, "etcd is slow");
  isBroken = false;
  await service("n0", write(2));
  assertGreaterOrEqual(await readX(service, "n0"), 2);
});

Deno.test("lww-kv tries again if another write comes between its read and its write", async () => {
  let [stored, revision, races] = ["1", 1, 3];
  const bucket: Bucket = {
    get: () => Promise.resolve({ value: stored, revision }),
    put: () => Promise.resolve(),
    update(_key, value, expected) {
      if (races-- > 0) revision++;
      const isNewest = expected === revision;
      if (isNewest) stored = value;
      return Promise.resolve(isNewest);
    },
  };
  assertEquals(await createBucketKV(bucket)("n0", { type: "cas", key: "x", from: 1, to: 2 }), { type: "cas_ok" });
  assertEquals([stored, races], ["2", -1]);
});

testWithServers(
  "without etcd, a request fails with error 11; of several addresses, one that answers is asked",
  ["etcd"],
  async (servers) => {
    const { url } = await servers.start("etcd");
    const away = `http://127.0.0.1:${freePort()}`;
    const without = createEtcdLinKV(createEtcd([away]), "t/");
    const error = await assertRejects(() => without("n0", READ), RPCError, `etcd at ${away} does not answer: `);
    assertEquals(error.code, 11);
    assertEquals((await createEtcdLinKV(createEtcd([away, url]), "t/")("n0", READ)).code, 20);
  },
);

testWithServers("removeAll() removes the keys with a prefix, and no others", ["etcd"], async ({ start }) => {
  const etcd = createEtcd([(await start("etcd")).url]);
  for (const key of ["a/1", "a/2", "b/1", "a"]) await etcd.write(key, key);
  await etcd.removeAll("a/");
  const values = await Promise.all(["a/1", "a/2", "b/1", "a"].map(async (key) => (await etcd.read(key, false)).value));
  assertEquals(values, [undefined, undefined, "b/1", "a"]);
});

testWithServers(
  "a service on NATS answers with replies and errors of the protocol",
  ["nats-server"],
  async ({ start }) => {
    const { url } = await start("nats-server");
    const connection = await connect({ servers: url });
    const ending = new AbortController();
    const program = serviceProgram(createEtcdLinKV(createStaleEtcd(Math.random), "t/"));
    const options = { servers: url, cluster: "test", id: "lin-kv", nodes: ["lin-kv"], signal: ending.signal };
    const ended = serveNats(program, { ...options, log: () => {} });
    try {
      const replies = connection.subscribe("test.n0", { max: 4 });
      await untilServed(() => connection.request("test.lin-kv.status", "", { timeout: 1000 }));
      for (
        const [index, body] of [write(1), READ, { type: "cas", key: "x", from: 2, to: 3 }, { type: "add" }].entries()
      ) {
        connection.publish(
          "test.lin-kv",
          JSON.stringify({ src: "n0", dest: "lin-kv", body: { ...body, msg_id: index } }),
        );
      }
      const bodies: unknown[] = [];
      for await (const reply of replies) bodies.push(reply.json<Message>().body);
      const byRequest = bodies.sort((a, b) =>
        (a as Message["body"]).in_reply_to! - (b as Message["body"]).in_reply_to!
      );
      assertEquals(byRequest.slice(0, 3), [
        { type: "write_ok", in_reply_to: 0 },
        { type: "read_ok", value: 1, in_reply_to: 1 },
        { type: "error", code: 22, text: "current value 1 is not 2", in_reply_to: 2 },
      ]);
      assertEquals((byRequest[3] as Message["body"]).code, 10);
    } finally {
      ending.abort();
      await ended;
      await connection.close();
    }
  },
);

/** Repeats a request until something answers it. */
async function untilServed(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return void await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

Deno.test("requests at random to a lww-kv in memory are answered as by a map", async () => {
  await fc.assert(fc.asyncProperty(REQUESTS, async (requests) => {
    const entries = new Map<string, { value: string; revision: number }>();
    const put = (key: string, value: string) =>
      void entries.set(key, { value, revision: (entries.get(key)?.revision ?? 0) + 1 });
    const service = createBucketKV({
      get: (key) => Promise.resolve(entries.get(key)),
      put: (key, value) => Promise.resolve(put(key, value)),
      update: (key, value, revision) => {
        assertEquals(entries.get(key)?.revision, revision);
        put(key, value);
        return Promise.resolve(true);
      },
    });
    const model = createEtcdLinKV(createStaleEtcd(() => 0), "t/");
    for (const { client, request } of requests) {
      const plain = { ...request, create_if_not_exists: false };
      assertEquals(await service(client, request), await model(client, plain));
    }
  }));
});
