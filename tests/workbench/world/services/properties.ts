/**
 * Properties of the services, for the simulated ones and for those of a cluster.
 *
 * @module
 */

import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Body, RPCError } from "../../../../lib/protocol.ts";
import type { Reply } from "../../../../lib/workbench/world/services/service.ts";
import { cas, type Model, performOnModel, READ, REQUESTS, SEED, write } from "./reference.ts";

/** A service, simulated or real. */
export type AnyService = (client: string, request: Body) => Reply | Promise<Reply>;

/** Creates a service without data. A simulated one draws from the seed. */
export type Create = (seed: string) => AnyService;

/** Size of a test: the number of random cases, and the most requests in each. */
export interface Size {
  runs: number;
  requests: number;
}

/** Properties by name. Each throws if it does not hold. */
export type Properties = Record<string, (create: Create, size: Size) => Promise<void>>;

/** Properties of lin-kv. */
export const LIN_KV: Properties = {
  "every request is performed on the newest state: the replies are those of a map": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(requestsFor(size), SEED, async (requests, seed) => {
        const service = create(seed);
        const model: Model = new Map();
        for (const { client, request } of requests) {
          assertEquals(await service(client, request), performOnModel(model, request));
        }
      }),
    ),
  "keys are compared by value": async (create) => {
    const service = create("dune");
    await service("n0", write("number", 1));
    await service("n0", write("text", "1"));
    await service("n0", write("object", { a: 1, b: 2 }));
    const read = async (key: unknown) => (await service("n1", { type: "read", key })).value;
    assertEquals([await read(1), await read("1"), await read({ b: 2, a: 1 })], ["number", "text", "object"]);
    for (const key of ["__proto__", "constructor", "toString", "", "é🦕\n", "a/b.*>"]) {
      assertEquals((await service("n1", { type: "read", key })).code, 20);
      await service("n1", write(key, key));
      assertEquals(await read(key), key);
    }
  },
  "values are compared by value": async (create) => {
    const service = create("dune");
    await service("n0", write({ a: [1, { c: null }], b: 2 }));
    assertEquals(await service("n0", cas({ b: 2, a: [1, { c: null }] }, 3)), { type: "cas_ok" });
  },
  "a value of null is not the same as no value": async (create) => {
    const service = create("dune");
    assertEquals((await service("n0", cas(null, 1))).code, 20);
    await service("n0", write(null));
    assertEquals(await service("n0", READ), { type: "read_ok", value: null });
  },
  ...refusal("increment"),
};

/** Steps of a test of order: the writer counts up, or a reader reads. */
function stepsFor({ requests }: Size): fc.Arbitrary<string[]> {
  return fc.array(fc.constantFrom("write", "n1", "n2"), { maxLength: requests, size: "max" });
}

function requestsFor({ requests }: Size): typeof REQUESTS {
  return REQUESTS.map((all) => all.slice(0, requests));
}

const CLIENT = fc.constantFrom("n0", "n1", "n2");

/** Properties of seq-kv. */
export const SEQ_KV: Properties = {
  "no client goes back in time, even if it reads rarely": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(stepsFor(size), SEED, async (steps, seed) => {
        const service = create(seed);
        const last = new Map<string, number>();
        let value = 0;
        for (const step of steps) {
          if (step === "write") await service("n0", write(++value));
          else {
            const read = await readX(service, step);
            assertGreaterOrEqual(read, last.get(step) ?? 0);
            last.set(step, read);
          }
        }
      }),
    ),
  "no client goes back in time over two keys": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(stepsFor(size), SEED, async (steps, seed) => {
        const service = create(seed);
        let value = 0;
        for (const step of steps) {
          if (step === "write") {
            await service("n0", write(++value, "x"));
            await service("n0", write(value, "y"));
          } else {
            const y = (await service(step, { type: "read", key: "y" })).value as number ?? 0;
            assertGreaterOrEqual(await readX(service, step), y);
          }
        }
      }),
    ),
  "a client sees its own writes": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(fc.array(CLIENT, { maxLength: size.requests }), SEED, async (clients, seed) => {
        const service = create(seed);
        let value = 0;
        for (const client of clients) {
          await service(client, write(++value));
          assertEquals(await readX(service, client), value);
        }
      }),
    ),
  "a write of a new value lets a client see the newest state of all keys": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(fc.integer({ min: 1, max: size.requests }), SEED, async (writes, seed) => {
        const service = create(seed);
        for (let value = 1; value <= writes; value++) await service("n0", write(value));
        await service("n1", write("n1 was here", "y"));
        assertEquals(await readX(service, "n1"), writes);
      }),
    ),
  ...refusal("increment"),
};

/** Properties of lww-kv. */
export const LWW_KV: Properties = {
  "after the last write, all reads converge to one of the written values": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(requestsFor(size), SEED, async (requests, seed) => {
        const service = create(seed);
        for (const { client, request } of requests) await service(client, request);
        await settle(service);
        const replies = new Set<string>();
        for (let i = 0; i < 50; i++) replies.add(JSON.stringify(await service("n0", READ)));
        assertEquals(replies.size, 1);
        const { type, value } = JSON.parse([...replies][0]!);
        const changes = requests.map(({ request }) => request).filter(({ key, type }) =>
          key === "x" && type !== "read"
        );
        const written = changes.map((request) => JSON.stringify(request.value ?? request.to ?? null));
        if (type === "read_ok") assert(written.includes(JSON.stringify(value)));
        else assert(changes.every(({ type }) => type === "cas"));
      }),
    ),
  "cas sets a value or returns it in its error, and never creates a key": async (create) => {
    const service = create("dune");
    const missing = { type: "error", code: 20, text: "key does not exist" };
    assertEquals(await service("n0", cas(null, 1, { create_if_not_exists: true })), missing);
    await service("n0", write(1));
    await settle(service);
    assertEquals(await service("n0", cas(2, 3)), { type: "error", code: 22, text: "current value 1 is not 2" });
    assertEquals(await service("n0", cas(1, 3)), { type: "cas_ok" });
    await settle(service);
    assertEquals(await service("n0", READ), { type: "read_ok", value: 3 });
  },
  ...refusal("ts"),
};

/** Properties of lin-tso. */
export const LIN_TSO: Properties = {
  "timestamps grow, for all clients together": (create, size) =>
    forAll(
      size,
      fc.asyncProperty(fc.array(CLIENT, { maxLength: size.requests }), async (clients) => {
        const service = create("dune");
        let last = -1;
        for (const client of clients) {
          const { type, ts } = await service(client, { type: "ts" });
          assertEquals(type, "ts_ok");
          assertGreater(ts as number, last);
          last = ts as number;
        }
      }),
    ),
  "a request of another type is refused with error 10": async (create) => {
    const service = create("dune");
    const error = await assertRejects(
      async () => await service("n0", READ),
      RPCError,
      'Cannot handle "read": expected ts',
    );
    assertEquals(error.code, 10);
  },
};

/** Reads x as a client; 0 if it does not exist. */
export async function readX(service: AnyService, client: string): Promise<number> {
  return (await service(client, READ)).value as number ?? 0;
}

/** Size of the tests of simulated services. */
export const SIMULATED: Size = { runs: 100, requests: 150 };

/** Declares a test for each property of a simulated service. */
export function testSimulated(properties: Properties, create: Create): void {
  for (const [name, property] of Object.entries(properties)) Deno.test(name, () => property(create, SIMULATED));
}

async function forAll<T>({ runs: numRuns }: Size, property: fc.IAsyncPropertyWithHooks<T>): Promise<void> {
  await fc.assert(property, { numRuns });
}

/** Lets the two replicas of the simulated lww-kv meet. */
async function settle(service: AnyService): Promise<void> {
  for (let i = 0; i < 200; i++) await service("n0", READ);
}

function refusal(type: string): Properties {
  return {
    "a request that is refused changes nothing": async (create) => {
      const service = create("dune");
      const refused = await assertRejects(async () => await service("n0", { type, key: "x" }), RPCError, type);
      assertEquals(refused.code, 10);
      assertEquals((await service("n0", READ)).code, 20);
    },
  };
}
