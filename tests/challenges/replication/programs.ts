/**
 * The programs on replication, each with something to write and the state that all nodes must agree on.
 *
 * @module
 */

import { BROADCAST_PROFILES, broadcastEfficient } from "../../../challenges/broadcast_efficient.ts";
import { gCounter } from "../../../challenges/g_counter.ts";
import { kafka } from "../../../challenges/kafka.ts";
import { txn } from "../../../challenges/txn.ts";
import type { AnyNode } from "../../../lib/node.ts";
import type { Body } from "../../../lib/protocol.ts";

/** A program, a request that writes, and one that reads what was written. */
export interface ReplicatedProgram {
  name: string;
  program: (node: AnyNode) => void;
  write: Body;
  read: Body;
  /** The state in the reply to a read. */
  stateOf(reply: Body): unknown;
}

const VALUES = {
  write: { type: "broadcast", message: 7 },
  read: { type: "read" },
  stateOf: ({ messages }: Body) => (messages as number[]).toSorted(),
};

/** All programs that use replication. */
export const PROGRAMS: readonly ReplicatedProgram[] = [
  { name: "broadcast (mesh)", program: (node) => broadcastEfficient(node, BROADCAST_PROFILES.fast), ...VALUES },
  { name: "broadcast (hub)", program: (node) => broadcastEfficient(node, BROADCAST_PROFILES.efficient), ...VALUES },
  {
    name: "g-counter",
    program: (node) => gCounter(node),
    write: { type: "add", delta: 7 },
    read: { type: "read" },
    stateOf: ({ value }) => value,
  },
  {
    name: "kafka",
    program: (node) => kafka(node),
    write: { type: "send", key: "k", msg: 7 },
    read: { type: "poll", offsets: { k: 0 } },
    stateOf: ({ msgs }) => msgs,
  },
  {
    name: "txn",
    program: (node) => txn(node),
    write: { type: "txn", txn: [["w", 8, 1]] },
    read: { type: "txn", txn: [["r", 8, null]] },
    stateOf: ({ txn }) => txn,
  },
];
