/**
 * Clients of key-value stores for tests.
 *
 * @module
 */

import { assertRejects } from "@std/assert";
import { type KV, linKV, lwwKV, seqKV } from "../lib/kv.ts";
import { RPCError } from "../lib/protocol.ts";
import { createStore, type ServiceOptions, type ServiceUser, startWithService } from "./fake_services.ts";

/** Options of updates that must not take effect twice: the network of these tests delivers no message twice. */
export const ONCE = { twice: "if-duplicated" } as const;

/** Clients by the names of their services. */
export const STORES = { "seq-kv": seqKV, "lin-kv": linKV, "lww-kv": lwwKV };

/** Runs a test with a client of each key-value store. */
export async function withEachStore(test: (kv: KV<number>, user: ServiceUser) => Promise<void>): Promise<void> {
  for (const [name, createClient] of Object.entries(STORES)) {
    await startWithService(name as keyof typeof STORES, (node, user) => test(createClient<number>(node), user));
  }
}

/** Runs a test with a client of lin-kv. `state`: the service's values by serialized key. */
export function withLinKV(
  { state, ...options }: ServiceOptions & { state?: Map<string, unknown> },
  test: (kv: KV<number>, user: ServiceUser) => Promise<void>,
): Promise<void> {
  const service = createStore(true, state);
  return startWithService("lin-kv", (node, user) => test(linKV<number>(node), user), { service, ...options });
}

/** Returns the code of the error that a promise rejects with. */
export const codeOf = async (promise: Promise<unknown>): Promise<number> =>
  (await assertRejects(() => promise, RPCError)).code;
