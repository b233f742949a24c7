/**
 * Outcomes of operations whose request fails.
 *
 * @module
 */

import { RPCError } from "../../protocol.ts";
import type { Outcome } from "./workload.ts";

/**
 * Performs an operation and turns an error reply or a timeout into its outcome: `fail` if the error is definite or
 * the operation is idempotent, else `info`. A timeout is never definite. Other errors are rethrown.
 *
 * Source: Maelstrom's `client.clj`, `with-errors`.
 *
 * @param idempotent True if it makes no difference whether the operation took effect, as with most reads.
 * @param perform Sends the requests and returns the outcome.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RPCError } from "../../protocol.ts";
 * import { withErrors } from "./outcome.ts";
 *
 * const silent = () => Promise.reject(new RPCError("timeout"));
 * assertEquals(await withErrors(false, silent), { type: "info", error: "net-timeout" });
 * assertEquals(await withErrors(true, silent), { type: "fail", error: "net-timeout" });
 * const refused = () => Promise.reject(new RPCError("abort", "no quorum"));
 * assertEquals(await withErrors(false, refused), { type: "fail", error: ["abort", "no quorum"] });
 * ```
 */
export async function withErrors(idempotent: boolean, perform: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await perform();
  } catch (error) {
    if (!(error instanceof RPCError)) throw error;
    return { type: idempotent || error.definite ? "fail" : "info", error: errorValue(error) };
  }
}

/** Returns the value by which a history names an error of a request. */
export function errorValue({ errorName, message }: RPCError): "net-timeout" | [name: string, text: string] {
  return errorName === "timeout" ? "net-timeout" : [errorName, message];
}
