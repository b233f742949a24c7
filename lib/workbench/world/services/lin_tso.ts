/**
 * lin-tso: a linearizable timestamp oracle. Timestamps are 0, 1, 2, …
 *
 * Source: Maelstrom's `service.clj`, `Linearizable` around `PersistentTSO`.
 *
 * @module
 */

import { RPCError } from "../../../protocol.ts";
import type { Service } from "./service.ts";

/**
 * Creates a lin-tso whose first timestamp is 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLinTSO } from "./lin_tso.ts";
 *
 * const linTSO = createLinTSO();
 * assertEquals(linTSO("n0", { type: "ts" }), { type: "ts_ok", ts: 0 });
 * assertEquals(linTSO("n1", { type: "ts" }), { type: "ts_ok", ts: 1 });
 * ```
 */
export function createLinTSO(): Service {
  let next = 0;
  return (_client, { type }) => {
    if (type !== "ts") throw new RPCError("not-supported", `Cannot handle ${JSON.stringify(type)}: expected ts`);
    return { type: "ts_ok", ts: next++ };
  };
}
