/**
 * Traffic: what goes between the nodes in a simulation, and who has to bear it.
 *
 * @module
 */

import { isClient } from "../lib/workbench/network.ts";
import type { Operation } from "../lib/workbench/operation.ts";
import type { Store } from "../lib/workbench/store.ts";
import { challengeOf } from "./measure/rows.ts";
import { type Simulated, simulateRow } from "./measure/simulate_row.ts";

/** What went between the nodes, services included, in the main phase of a test. */
export interface Traffic {
  valid: unknown;
  /** Messages an operation, and a second. */
  perOperation: number;
  perSecond: number;
  /** Messages that the busiest node sends and receives, a second. */
  busiest: number;
  /** Operations that write, a second. */
  writes: number;
  /** Stable latencies of broadcasts, ms: the median and the greatest; null for other workloads. */
  median: number | null;
  max: number | null;
}

/** The operations that write. */
const WRITES: readonly string[] = ["broadcast", "add", "send", "txn"];

/**
 * Simulates a test, and counts. The final reads do not count: where there are many nodes, they would be more than all that is measured.
 *
 * @param seconds How long the main phase is.
 */
export async function simulateTraffic(
  { id, flags = [], args }: Simulated,
  seconds: number,
  seed: string,
): Promise<Traffic> {
  const row = { id, flags: [...flags, "--time-limit", String(seconds)], args };
  const counter = countingStore(seconds);
  const { valid, result } = await simulateRow(row, seed, counter);
  const stable = result.stable_latencies as Record<string, number> | undefined;
  return {
    valid,
    perOperation: counter.messages / counter.operations,
    perSecond: counter.messages / seconds,
    busiest: Math.max(0, ...counter.loads.values()) / seconds,
    writes: counter.writes / seconds,
    median: stable?.["0.5"] ?? null,
    max: stable?.["1"] ?? null,
  };
}

/** A store that keeps nothing but counts, of what happens before the main phase is over. */
interface Counter extends Store {
  messages: number;
  operations: number;
  writes: number;
  /** Sent and received, by each node. */
  loads: Map<string, number>;
}

function countingStore(seconds: number): Counter {
  const isDuring = ({ time }: { time: number }) => time <= seconds * 1e9;
  const loads = new Map<string, number>();
  return {
    messages: 0,
    operations: 0,
    writes: 0,
    loads,
    path: "",
    nodeLog: (node) => node,
    message(entry) {
      const { src, dest } = entry.message;
      if (!isDuring(entry) || isClient(src) || isClient(dest)) return;
      if (entry.type === "send") this.messages++;
      const node = entry.type === "send" ? src : dest;
      loads.set(node, (loads.get(node) ?? 0) + 1);
    },
    history(history: readonly Operation[]) {
      for (const operation of history) {
        if (operation.type !== "invoke" || operation.process === "nemesis" || !isDuring(operation)) continue;
        this.operations++;
        if (WRITES.includes(operation.f)) this.writes++;
      }
    },
    results() {},
    problem: () => undefined,
    close() {},
  };
}

/** The latency of a row's messages, ms, as its official command has it. */
export function latencyOf(row: Simulated): number {
  return Number(/--latency (\d+)/.exec(challengeOf(row).flags)?.[1] ?? 0);
}
