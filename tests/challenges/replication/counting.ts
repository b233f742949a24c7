/**
 * A program that counts replicated entries and notices those that come twice, out of order or before their causes.
 *
 * @module
 */

import type { AnyNode } from "../../../lib/node.ts";
import type { Body } from "../../../lib/protocol.ts";
import { replicate, type ReplicationOptions } from "../../../challenges/replication/mod.ts";
import type { SimulatedWorld } from "../../../lib/workbench/engines/simulate.ts";
import { askAll } from "../../worlds.ts";

/** An entry: its author, its number among the author's, and the counts that the author had applied before it. */
export interface Entry {
  from: string;
  number: number;
  after: Record<string, number>;
}

/** Options that tests vary. */
export type Style = Pick<
  ReplicationOptions<Entry, Record<string, number>>,
  "topology" | "period" | "keep" | "ackDelay"
>;

/** A mesh without rounds. */
export const MESH: Style = { topology: "mesh", period: 0 };
/** A hub topology with ten rounds a second. */
export const HUB: Style = { topology: "hub", period: 100 };
/** The styles that all tests run with, by name. */
export const STYLES = { mesh: MESH, "mesh with a period": { ...MESH, period: 100 }, hub: HUB };

/** A test's view of nodes from outside. */
export interface Watch {
  /** Called with an entry that a node knows to be fully replicated. */
  onFullyReplicated(node: string, entry: Entry): void;
  /** The counts of each node. */
  counts: Map<string, Record<string, number>>;
}

/** Counts entries by their authors. Answers `add`, and `state` with the counts and what was wrong. */
export function counting(style: Style, watch?: Watch): (node: AnyNode) => void {
  return (node: AnyNode) => {
    const counts: Record<string, number> = {};
    node.onInit(() => void watch?.counts.set(node.id, counts));
    const faults: string[] = [];
    const { append } = replicate<Entry, Record<string, number>>(node, {
      ...style,
      isEntry: () => true,
      isSnapshot: () => true,
      apply({ from, number, after }) {
        if (number !== (counts[from] ?? 0) + 1) faults.push(`${number} of ${from} after ${counts[from] ?? 0}`);
        counts[from] = number;
        // Messages that come together may come in any order.
        queueMicrotask(() => {
          for (const other in after) {
            const count = counts[other] ?? 0;
            if (after[other]! > count) faults.push(`${number} of ${from} before ${after[other]} of ${other}`);
          }
        });
      },
      snapshot: () => counts,
      restore(others) {
        for (const from in others) counts[from] = Math.max(counts[from] ?? 0, others[from]!);
      },
      onFullyReplicated: watch && ((entry) => watch.onFullyReplicated(node.id, entry)),
    });
    node.on("add", () => {
      const from = `${node.id}.${node.incarnation}`;
      const entry = { from, number: (counts[from] ?? 0) + 1, after: { ...counts } };
      counts[from] = entry.number;
      append(entry);
      return {};
    });
    node.on("state", () => ({ counts, faults }));
  };
}

/** Reply to `state`. */
export interface State {
  counts: Record<string, number>;
  faults: string[];
}

/** Asks all nodes for their states. */
export async function states(world: SimulatedWorld): Promise<State[]> {
  return await askAll(world, { type: "state" }) as unknown as State[];
}

/** Counts without the zeroes and in a fixed order, to compare them. */
export function text({ counts }: State): string {
  return JSON.stringify(Object.entries(counts).sort());
}

/** Returns a function that tells if all nodes have the same counts. */
export function allEqual(world: SimulatedWorld): () => Promise<boolean> {
  return async () => new Set((await states(world)).map(text)).size === 1;
}

/** Number of entries in a state. */
export function total({ counts }: State): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Returns a function that adds an entry at a node. */
export function adding(world: SimulatedWorld): (node: string) => Promise<void> {
  const client = world.client();
  return async (node) => void await client.rpc(node, { type: "add" });
}

/** A message of replication. */
export type Sent = Body & {
  from: string;
  seq: number;
  ack?: unknown[];
  question?: true;
  entries?: Record<string, [number, unknown[]]>;
};
