/**
 * Traffic between nodes in a simulation, and the load of the busiest node.
 *
 * @module
 */

import type { AnyNode } from "../../lib/node.ts";
import { isClient } from "../../lib/workbench/world/network/network.ts";
import type { Operation } from "../../lib/workbench/history/operation.ts";
import type { Store } from "../../lib/workbench/run/store/store.ts";
import { challengeOf } from "./rows.ts";
import { type Simulated, simulateRow } from "./simulate_row.ts";

/** Traffic between nodes, services included, in the main phase of a test. */
export interface Traffic {
  valid: unknown;
  /** Messages an operation. */
  perOperation: number;
  /** Messages a second. */
  perSecond: number;
  /** Messages a second that the busiest node sends and receives. */
  busiest: number;
  /** Kilobytes a second that the busiest node sends and receives, as lines of JSON. */
  kilobytes: number;
  /**
   * Share of one core that the busiest node's program uses, without reading and writing messages; 1 is a whole core.
   */
  share: number;
  /** Operations that write, a second. */
  writes: number;
  /** Median stable latency of broadcasts, ms; null for other workloads. */
  median: number | null;
  /** Highest stable latency of broadcasts, ms; null for other workloads. */
  max: number | null;
}

/** Functions that write. */
const WRITES: readonly string[] = ["broadcast", "add", "send", "txn"];

/**
 * Simulates a test and counts its traffic. The final reads do not count: with many nodes they would outnumber
 * everything else.
 *
 * @param seconds Length of the main phase.
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

/** The real clock: while a simulation runs, `performance.now` is not available. */
const now = performance.now.bind(performance);

/**
 * Measures the real time that each node spends in handlers and timers during the first seconds, ms. After its first
 * `await`, a handler or a timer does not count.
 */
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

/** Store that only counts, and only until the main phase is over. */
interface Counter extends Store {
  /** Messages sent between servers. */
  messages: number;
  operations: number;
  /** Operations that write; `writes <= operations`. */
  writes: number;
  /** Messages sent and received, by node. */
  loads: Map<string, { messages: number; bytes: number }>;
}

function countingStore(seconds: number): Counter {
  const isInMainPhase = ({ time }: { time: number }) => time <= seconds * 1e9;
  const loads: Counter["loads"] = new Map();
  return {
    messages: 0,
    operations: 0,
    writes: 0,
    loads,
    path: "",
    message(entry) {
      const { src, dest } = entry.message;
      if (!isInMainPhase(entry) || isClient(src) || isClient(dest)) return;
      if (entry.type === "send") this.messages++;
      const node = entry.type === "send" ? src : dest;
      const load = loads.get(node) ?? { messages: 0, bytes: 0 };
      loads.set(node, load);
      load.messages++;
      load.bytes += JSON.stringify(entry.message).length + 1;
    },
    history(history: readonly Operation[]) {
      for (const operation of history) {
        if (operation.type !== "invoke" || operation.process === "nemesis" || !isInMainPhase(operation)) continue;
        this.operations++;
        if (WRITES.includes(operation.f)) this.writes++;
      }
    },
    results() {},
    problem: () => undefined,
    close() {},
  };
}

/** Reads the latency of messages, ms, from the official command of a row. */
export function latencyOf(row: Simulated): number {
  return Number(/--latency (\d+)/.exec(challengeOf(row).flags)?.[1] ?? 0);
}
