/**
 * lin-kv: a linearizable key-value store. Every request is performed on the newest state.
 *
 * Source: Maelstrom's `service.clj`, `Linearizable` around `PersistentKV`.
 *
 * @module
 */

import { parseKeyValueRequest, performRequest } from "./key_value.ts";
import type { Service } from "./service.ts";

/**
 * Creates a lin-kv without keys.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLinKV } from "./lin_kv.ts";
 *
 * const linKV = createLinKV();
 * assertEquals(linKV("n0", { type: "read", key: "x" }), { type: "error", code: 20, text: "key does not exist" });
 * assertEquals(linKV("n0", { type: "write", key: "x", value: 1 }), { type: "write_ok" });
 * assertEquals(linKV("n1", { type: "cas", key: "x", from: 1, to: 2 }), { type: "cas_ok" });
 * assertEquals(linKV("n0", { type: "read", key: "x" }), { type: "read_ok", value: 2 });
 * ```
 */
export function createLinKV(): Service {
  const values = new Map<string, unknown>();
  return (_client, body) => {
    const request = parseKeyValueRequest(body);
    const { reply, value } = performRequest(request, values.get(request.key));
    if (value !== undefined) values.set(request.key, value);
    return reply;
  };
}
