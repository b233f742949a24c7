/**
 * Workload echo: a node says back what it is told.
 *
 * Source: Maelstrom's `workload/echo.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkEcho } from "../checkers/echo.ts";
import { repeat } from "./generator.ts";
import type { Workload } from "./workload.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { withErrors } from "./outcome.ts";

const ECHO: RPC = {
  type: "echo",
  doc: "Asks the node to say back what it is told.",
  request: Type.Object({ echo: Type.Unknown({ description: "anything at all" }) }),
  reply: Type.Object({ echo: Type.Unknown({ description: "the same" }) }),
};

/** Workload echo. */
export const echo: Workload = {
  name: "echo",
  doc: "The simplest of all: clients send a node something, and expect to get the same back.",
  rpcs: [ECHO],
  reusable: false,
  client: (connection, node) => ({
    invoke: ({ value }) =>
      withErrors(false, async () => ({ type: "ok", value: await connection.rpc(node, ECHO, { echo: value }) })),
  }),
  generator: (_options, random) => repeat(() => ({ f: "echo", value: `Please echo ${random.integer(128)}` })),
  check: checkEcho,
};
