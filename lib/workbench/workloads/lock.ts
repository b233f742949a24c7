/**
 * Workload lock: a lock that one client holds at a time.
 *
 * Source: <https://github.com/jepsen-io/maelstrom/pull/36>, which proposes the messages. There a client waits for the
 * lock as long as the test lasts. Here it waits as long as for any reply, and then withdraws.
 *
 * @module
 */

import Type from "typebox";
import { checkLock, isNotHeld } from "../checkers/lock.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { perWorker } from "./generator.ts";
import { withErrors } from "./outcome.ts";
import type { OperationGenerator, Workload } from "./workload.ts";

const LOCK: RPC = {
  type: "lock",
  doc: "Asks for the lock. The node may answer as soon as the client holds it, or at once with an error if another " +
    "client does, such as error 11, temporarily-unavailable.",
  request: Type.Object({}),
  reply: Type.Object({}),
};

const UNLOCK: RPC = {
  type: "unlock",
  doc: "Releases the lock, or withdraws a request for it that was not answered in time. If the client neither holds " +
    "the lock nor waits for it, the reply may be error 20 or 22, key-does-not-exist or precondition-failed. A " +
    "client's requests must take effect in their order: a late unlock must not release a lock that the client got " +
    "afterwards.",
  request: Type.Object({}),
  reply: Type.Object({}),
};

/** Workload lock. Clients are reused, because a client's name says who holds the lock. */
export const lockWorkload: Workload = {
  name: "lock",
  doc: "A lock for the whole cluster. Each client, named by the `src` of its messages, asks for it, and releases it " +
    "when it has it. At any time at most one client may hold it. Maelstrom does not have this workload.",
  rpcs: [LOCK, UNLOCK],
  reusable: true,
  client: (connection, node) => ({
    invoke: ({ f }) =>
      withErrors(false, async () => {
        await connection.rpc(node, f === "lock" ? LOCK : UNLOCK, {});
        return { type: "ok" };
      }),
  }),
  generator: ({ concurrency }) => perWorker(concurrency, locksAndUnlocks),
  check: checkLock,
};

/** Creates the generator of one worker: it locks and unlocks in turn, and unlocks again until that is certain. */
function locksAndUnlocks(): OperationGenerator {
  let f = "lock";
  return {
    next: () => ({ f }),
    update(operation) {
      const { type } = operation;
      if (type === "invoke") return;
      if (f === "lock") f = type === "fail" ? "lock" : "unlock";
      else if (type === "ok" || isNotHeld(operation)) f = "lock";
    },
  };
}
