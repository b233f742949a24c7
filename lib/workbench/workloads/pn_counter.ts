/**
 * Workload pn-counter: a counter that grows and shrinks.
 *
 * Source: Maelstrom's `workload/pn_counter.clj`.
 *
 * @module
 */

import Type from "typebox";
import { getOrInsert } from "../base/get_or_insert.ts";
import { checkCounter } from "../checkers/counter.ts";
import { integer, type RPC } from "../world/rpc_schema.ts";
import { mix, perWorker, repeat, sequence } from "./generator.ts";
import type { Workload } from "./workload.ts";

const ADD: RPC = {
  type: "add",
  doc: "Adds to the counter.",
  request: Type.Object({ delta: integer({ description: "number to add; negative only in a pn-counter" }) }),
  reply: Type.Object({}),
};

const READ: RPC = {
  type: "read",
  doc: "Asks for the value of the counter that the node knows.",
  request: Type.Object({}),
  reply: Type.Object({ value: integer({ description: "the sum of the deltas" }) }),
};

/** Workload pn-counter. As in Maelstrom, every error makes an operation info: the client throws it. */
export const pnCounterWorkload: Workload = {
  name: "pn-counter",
  doc: "A counter to which clients add and from which they subtract. After 10 s without faults, every node must read " +
    "the sum of all acknowledged additions; additions of unknown outcome may be part of it or not.",
  rpcs: [ADD, READ],
  reusable: false,
  client: (connection, node) => ({
    async invoke({ f, value }) {
      if (f === "add") {
        await connection.rpc(node, ADD, { delta: value });
        return { type: "ok" };
      }
      const reply = await connection.rpc(node, READ, {});
      return { type: "ok", value: reply.value };
    },
  }),
  generator: (_options, random) =>
    mix(random, [repeat(() => ({ f: "add", value: random.integer(10) - 5 })), repeat(() => ({ f: "read" }))]),
  final: { generator: ({ concurrency }) => perWorker(concurrency, () => sequence([{ f: "read", final: true }])) },
  convergence(history) {
    const read = { index: 0, time: 0, type: "ok", process: 0, f: "read", final: true } as const;
    const cache = new Map<unknown, boolean>();
    const isSum = (value: unknown) =>
      getOrInsert(cache, value, () => checkCounter([...history, { ...read, value }]).valid !== false);
    return {
      look: async (connection, node) => (await connection.rpc(node, READ, {})).value,
      isComplete: (seen) => new Set(seen).size === 1 && isSum(seen[0]),
      lacking(seen) {
        const answers = [...Map.groupBy(seen, ([, value]) => value)].map(([value, nodes]) => {
          const problem = isSum(value) ? "" : ", which is not a sum of the adds,";
          return `${value}${problem} on ${nodes.map(([node]) => node).join(", ")}`;
        });
        return answers.length === 0 ? [] : [`the counter was ${answers.join(" and ")}`];
      },
    };
  },
  check: checkCounter,
};
