/**
 * Workload broadcast: a value sent to one node must reach all nodes.
 *
 * Source: Maelstrom's `workload/broadcast.clj`.
 *
 * @module
 */

import Type from "typebox";
import { identify, type Identity } from "../checkers/identify.ts";
import { checkSetFull } from "../checkers/set/mod.ts";
import { arrayOf, mapOf, type RPC } from "../world/rpc_schema.ts";
import { mix, perWorker, repeat, sequence } from "./generator.ts";
import { withErrors } from "./outcome.ts";
import { adds } from "./repeated_adds.ts";
import { haveAll, lackingElements } from "./set_convergence.ts";
import { TOPOLOGIES } from "./topology.ts";
import type { Workload } from "./workload.ts";

const TOPOLOGY: RPC = {
  type: "topology",
  doc:
    "Tells each node which neighbours it might use. Sent once, before all other requests. A node need not follow it.",
  request: Type.Object({
    topology: mapOf(Type.Array(Type.String()), { description: "a map from each node to its neighbours" }),
  }),
  reply: Type.Object({}),
};

const BROADCAST: RPC = {
  type: "broadcast",
  doc: "Sends the node a value, which must reach all nodes. The reply promises that the value will not be lost.",
  request: Type.Object({
    message: Type.Unknown({ description: "the value: each is sent once, unless `--repeat-adds` is given" }),
  }),
  reply: Type.Object({}),
};

const READ: RPC = {
  type: "read",
  doc: "Asks for all values that the node knows.",
  request: Type.Object({}),
  reply: Type.Object({ messages: arrayOf(Type.Unknown(), { description: "the values, in any order" }) }),
};

/** Workload broadcast. */
export const broadcastWorkload: Workload = {
  name: "broadcast",
  doc: "Nodes pass values on until all nodes know all of them. Clients send values to single nodes and read the " +
    "values that nodes know. A value that was acknowledged or that a client has read must eventually appear at " +
    "every node, and stay.",
  rpcs: [TOPOLOGY, BROADCAST, READ],
  reusable: false,
  client: (connection, node, options) => ({
    async setup() {
      await connection.rpc(node, TOPOLOGY, { topology: TOPOLOGIES[options.topology]!(options.nodes) });
    },
    invoke: ({ f, value }) =>
      withErrors(f === "read", async () => {
        if (f === "broadcast") {
          await connection.rpc(node, BROADCAST, { message: value });
          return { type: "ok" };
        }
        const { messages } = await connection.rpc(node, READ, {});
        return { type: "ok", value: messages ?? [] };
      }),
  }),
  generator: (options, random) => mix(random, [adds("broadcast", options, random), repeat(() => ({ f: "read" }))]),
  final: {
    generator: ({ concurrency }) => perWorker(concurrency, () => sequence([{ f: "read", final: true }])),
  },
  convergence(history) {
    const known = new Set<Identity>();
    for (const { type, f, value } of history) {
      if (type !== "ok") continue;
      if (f === "broadcast") known.add(identify(value));
      if (f === "read") {
        for (const message of value as unknown[]) known.add(identify(message));
      }
    }
    return {
      async look(connection, node) {
        const { messages } = await connection.rpc(node, READ, {});
        return new Set((messages as unknown[] ?? []).map(identify));
      },
      isComplete: (seen) => haveAll(seen as Set<Identity>[], known),
      lacking: (seen) => lackingElements(seen as Map<string, Set<Identity>>, known, "values"),
    };
  },
  check: checkSetFull,
};
