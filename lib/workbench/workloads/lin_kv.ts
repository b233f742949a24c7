/**
 * Workload lin-kv: a linearizable key-value store.
 *
 * Source: Maelstrom's `workload/lin_kv.clj` and Jepsen's `tests/linearizable_register.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkLinKV } from "../checkers/linearizable/mod.ts";
import type { Random } from "../world/random.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { independentKeys, mix, repeat } from "./generator.ts";
import { withErrors } from "./outcome.ts";
import type { OperationGenerator, Workload } from "./workload.ts";

const READ: RPC = {
  type: "read",
  doc: "Asks for the value of a key. If the key was never written, the reply is error 20, key-does-not-exist.",
  request: Type.Object({ key: Type.Unknown() }),
  reply: Type.Object({ value: Type.Unknown() }),
};

const WRITE: RPC = {
  type: "write",
  doc: "Sets a key to a value, even if it was never written.",
  request: Type.Object({ key: Type.Unknown(), value: Type.Unknown() }),
  reply: Type.Object({}),
};

const CAS: RPC = {
  type: "cas",
  doc:
    "Compare-and-set: sets a key to a value if its present value is the expected one. Otherwise the reply is error " +
    "22, precondition-failed. If the key was never written, it is error 20, key-does-not-exist.",
  request: Type.Object({
    key: Type.Unknown(),
    from: Type.Unknown({ description: "the expected value" }),
    to: Type.Unknown({ description: "the value to set" }),
  }),
  reply: Type.Object({}),
};

/** Maximum number of processes that use one key, as in Jepsen. */
const PROCESS_LIMIT = 20;

/** Workload lin-kv. */
export const linKVWorkload: Workload = {
  name: "lin-kv",
  doc: "A linearizable key-value store: every operation appears to take effect at one moment between its request and " +
    "its reply. Clients read, write, and compare-and-set. Each key is checked separately.",
  rpcs: [READ, WRITE, CAS],
  reusable: true,
  client(connection, node, { latency }) {
    const timeout = Math.max(10 * latency.mean, 1000);
    return {
      invoke: ({ f, value }) =>
        withErrors(f === "read", async () => {
          const [key, argument] = value as [number, unknown];
          if (f === "read") {
            const reply = await connection.rpc(node, READ, { key }, timeout);
            return { type: "ok", value: [key, reply.value] };
          }
          if (f === "write") await connection.rpc(node, WRITE, { key, value: argument }, timeout);
          else {
            const [from, to] = argument as [number, number];
            await connection.rpc(node, CAS, { key, from, to }, timeout);
          }
          return { type: "ok" };
        }),
    };
  },
  generator: ({ nodes, concurrency }, random) =>
    independentKeys({
      concurrency,
      groupSize: 2 * nodes.length,
      processLimit: PROCESS_LIMIT,
      create: ({ size, position }) =>
        registerOperations(random, size === 2 * nodes.length ? nodes.length : 0, position),
    }),
  check: (history, { nodes, concurrency }) => checkLinKV(history, { nodes, concurrency }),
};

/**
 * Creates the generator of operations on one key: the first workers of the group read, the others write and
 * compare-and-set. If the workers do not fill a group, there are no such readers, and half of all operations are
 * reads.
 */
function registerOperations(random: Random, readers: number, position: (worker: number) => number): OperationGenerator {
  const read = repeat(() => ({ f: "read" }));
  const write = repeat(() => ({ f: "write", value: random.integer(5) }));
  const cas = repeat(() => ({ f: "cas", value: [random.integer(5), random.integer(5)] }));
  const changes = mix(random, [write, cas, cas]);
  const others = readers > 0 ? changes : mix(random, [read, changes]);
  return { next: (worker, process) => (position(worker) < readers ? read : others).next(worker, process) };
}
