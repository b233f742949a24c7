/**
 * What becomes of an operation whose request is answered with an error, or not at all.
 *
 * @module
 */

import { RPCError } from "../../protocol.ts";
import type { Outcome } from "./workload.ts";

/**
 * Performs an operation. An error reply makes it fail where the error is definite or the operation does not change anything, and
 * leaves it open (info) otherwise; so does a time-out, which is never definite. Any other error is passed on.
 *
 * Source: Maelstrom's `client.clj`, `with-errors`.
 *
 * @param idempotent Whether an operation that may or may not have happened is as good as one that has not.
 * @param perform Sends the requests and returns what came of them.
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
    return {
      type: idempotent || error.definite ? "fail" : "info",
      error: error.errorName === "timeout" ? "net-timeout" : [error.errorName, error.message],
    };
  }
}
