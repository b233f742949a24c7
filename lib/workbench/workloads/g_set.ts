/**
 * Workload g-set: a set that only grows, the simplest state-based CRDT.
 *
 * Source: Maelstrom's `workload/g_set.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkSetFull } from "../checkers/set/mod.ts";
import { arrayOf, type RPC } from "../world/rpc_schema.ts";
import { mix, perWorker, repeat, sequence } from "./generator.ts";
import { adds } from "./repeated_adds.ts";
import type { Workload } from "./workload.ts";

const ADD: RPC = {
  type: "add",
  doc: "Adds an element to the set.",
  request: Type.Object({
    element: Type.Unknown({ description: "the element: each is added once, unless `--repeat-adds` is given" }),
  }),
  reply: Type.Object({}),
};

const READ: RPC = {
  type: "read",
  doc: "Asks for the elements of the set that the node knows.",
  request: Type.Object({}),
  reply: Type.Object({ value: arrayOf(Type.Unknown(), { description: "the elements, in any order" }) }),
};

/** Workload g-set. As in Maelstrom, every error makes an operation info: the client throws it. */
export const gSetWorkload: Workload = {
  name: "g-set",
  doc: "A set to which clients add elements and which they read. An element whose add was acknowledged, or " +
    "that a client has read, must eventually appear at every node, and stay.",
  rpcs: [ADD, READ],
  reusable: false,
  client: (connection, node) => ({
    async invoke({ f, value }) {
      if (f === "add") {
        await connection.rpc(node, ADD, { element: value });
        return { type: "ok" };
      }
      const { value: elements } = await connection.rpc(node, READ, {});
      return { type: "ok", value: elements ?? [] };
    },
  }),
  generator: (options, random) => mix(random, [adds("add", options, random), repeat(() => ({ f: "read" }))]),
  final: { generator: ({ concurrency }) => perWorker(concurrency, () => sequence([{ f: "read", final: true }])) },
  check: checkSetFull,
};
