/**
 * Traffic: what goes between the nodes in a simulation, and who has to bear it.
 *
 * @module
 */

import type { AnyNode } from "../lib/node.ts";
import { isClient } from "../lib/workbench/world/network/network.ts";
import type { Operation } from "../lib/workbench/history/operation.ts";
import type { Store } from "../lib/workbench/run/store/store.ts";
import { challengeOf } from "./measure/rows.ts";
import { type Simulated, simulateRow } from "./measure/simulate_row.ts";

/** What went between the nodes, services included, in the main phase of a test. */
export interface Traffic {
  valid: unknown;
  /** Messages an operation, and a second. */
  perOperation: number;
  perSecond: number;
  /** Messages that the busiest node sends and receives, a second, and thousands of bytes, as lines of JSON. */
  busiest: number;
  kilobytes: number;
  /** The share of one core that the program of the busiest node takes, without reading and writing messages. */
  share: number;
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
  const watch = stopwatch(seconds);
  const { valid, result } = await simulateRow(row, seed, counter, watch.follow);
  const stable = result.stable_latencies as Record<string, number> | undefined;
  return {
    valid,
    perOperation: counter.messages / counter.operations,
    perSecond: counter.messages / seconds,
    busiest: greatest(counter.loads, ({ messages }) => messages) / seconds,
    kilobytes: greatest(counter.loads, ({ bytes }) => bytes) / 1000 / seconds,
    share: greatest(watch.busy, (ms) => ms) / 1000 / seconds,
    writes: counter.writes / seconds,
    median: stable?.["0.5"] ?? null,
    max: stable?.["1"] ?? null,
  };
}

function greatest<T>(values: ReadonlyMap<unknown, T>, figure: (value: T) => number): number {
  return Math.max(0, ...Array.from(values.values(), figure));
}

/** The real clock: a simulation takes it from everybody while it runs. */
const now = performance.now.bind(performance);

/** Measures how long nodes compute in handlers and timers of their programs, by their nodes, in the first seconds; ms of real time. */
function stopwatch(seconds: number): { busy: Map<AnyNode, number>; follow(node: AnyNode): void } {
  const busy = new Map<AnyNode, number>();
  return {
    busy,
    follow(node) {
      const end = node.now() + 1000 * seconds;
      const timed = <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A): R => {
        const before = now();
        try {
          return fn(...args);
        } finally {
          if (node.now() <= end) busy.set(node, (busy.get(node) ?? 0) + now() - before);
        }
      };
      const { on, after, every } = node;
      node.on = (type, handler, options) => on.call(node, type, timed(handler), options);
      node.after = (ms, fn) => after.call(node, ms, timed(fn));
      node.every = (ms, fn, options) => every.call(node, ms, timed(fn), options);
    },
  };
}

/** A store that keeps nothing but counts, of what happens before the main phase is over. */
interface Counter extends Store {
  messages: number;
  operations: number;
  writes: number;
  /** Sent and received, by each node. */
  loads: Map<string, { messages: number; bytes: number }>;
}

function countingStore(seconds: number): Counter {
  const isDuring = ({ time }: { time: number }) => time <= seconds * 1e9;
  const loads: Counter["loads"] = new Map();
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
      const load = loads.get(node) ?? { messages: 0, bytes: 0 };
      loads.set(node, load);
      load.messages++;
      load.bytes += JSON.stringify(entry.message).length + 1;
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
