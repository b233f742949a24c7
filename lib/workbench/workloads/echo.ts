/**
 * Workload echo: a node returns what it receives.
 *
 * Source: Maelstrom's `workload/echo.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkEcho } from "../checkers/echo.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { repeat } from "./generator.ts";
import { withErrors } from "./outcome.ts";
import type { Workload } from "./workload.ts";

const ECHO: RPC = {
  type: "echo",
  doc: "Asks the node to return the same value.",
  request: Type.Object({ echo: Type.Unknown({ description: "any value" }) }),
  reply: Type.Object({ echo: Type.Unknown({ description: "the same value" }) }),
};

/** Workload echo. */
export const echoWorkload: Workload = {
  name: "echo",
  doc: "The simplest workload: clients send a value to a node and expect the same value in the reply.",
  rpcs: [ECHO],
  reusable: false,
  client: (connection, node) => ({
    invoke: ({ value }) =>
      withErrors(false, async () => ({ type: "ok", value: await connection.rpc(node, ECHO, { echo: value }) })),
  }),
  generator: (_options, random) => repeat(() => ({ f: "echo", value: `Please echo ${random.integer(128)}` })),
  check: checkEcho,
};
