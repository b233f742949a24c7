/**
 * Workload unique-ids: nodes generate unique ids.
 *
 * Source: Maelstrom's `workload/unique_ids.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkUniqueIds } from "../checkers/unique_ids.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { repeat } from "./generator.ts";
import { withErrors } from "./outcome.ts";
import type { Workload } from "./workload.ts";

const GENERATE: RPC = {
  type: "generate",
  doc: "Asks the node for a new id.",
  request: Type.Object({}),
  reply: Type.Object({
    id: Type.Unknown({ description: "of any type, and different from every other id of the cluster" }),
  }),
};

/** Workload unique-ids. */
export const uniqueIdsWorkload: Workload = {
  name: "unique-ids",
  doc: "Clients ask nodes for ids. No id may be returned twice by any nodes, whatever happens to the network.",
  rpcs: [GENERATE],
  reusable: true,
  client: (connection, node) => ({
    invoke: () =>
      withErrors(false, async () => {
        const { id } = await connection.rpc(node, GENERATE, {});
        return { type: "ok", value: id };
      }),
  }),
  generator: () => repeat(() => ({ f: "generate" })),
  check: checkUniqueIds,
};
