/**
 * Progress of a running test, as figures for a person who waits: totals, and what the last seconds were like.
 *
 * 1. The run counts every operation and message as it happens (`operation`, `message`). That takes constant time.
 * 2. Counts and latencies go into slices of {@linkcode SLICE} ms. The {@linkcode SLICES} slices are used in turn, so
 *    memory does not grow.
 * 3. `read` adds the slices up.
 *
 * All times are those of the test's clock, so in a simulation the figures are of virtual time.
 *
 * @module
 */

import type { TestException } from "../base/test_exception.ts";
import type { Operation } from "../history/operation.ts";

/** Step of a test. */
export type ProgressPhase = "starting" | "running" | "recovering" | "final" | "checking";

/** State of a running test. Plain data. */
export interface Progress extends Figures {
  phase: ProgressPhase;
  /** Milliseconds since the main phase began; before that, since the test was created. */
  elapsed: number;
  /** Length of the main phase, ms. */
  total: number;
  /** Milliseconds until the recovery is over, in the phase `"recovering"`; undefined in others. */
  recoveryLeft?: number;
  /** Names of the active faults, such as `["partition", "kill"]`, in the order of `--nemesis`. */
  faults: readonly string[];
  /** Exceptions so far: one for each type and node, with a count. */
  exceptions: readonly TestException[];
}

/** Figures of a test at one time. */
export interface Figures {
  /** Operations of clients that have succeeded so far. */
  ok: number;
  /** Operations of clients that had no effect. */
  fail: number;
  /** Operations of clients whose outcome is unknown. */
  info: number;
  /** Messages sent so far. */
  messages: number;
  /** Operations a second that were completed in the last 2 s, whatever their outcome. */
  operationsPerSecond: number;
  /** Messages a second that were sent in the last 2 s. */
  messagesPerSecond: number;
  /**
   * 99th percentile of the latency of operations that succeeded in the last 2 s, ms; null if there were none. Exact to
   * 3 %.
   */
  p99: number | null;
}

/** Meter of one test. Its times are in ms and never go back. */
export interface Meter {
  /** Begins the main phase: what came before does not count for the last seconds. */
  begin(now: number): void;
  /** Counts an entry of the history that is by a client. */
  operation(entry: Operation): void;
  /** Counts a message that is sent. */
  message(now: number): void;
  /** Returns the figures. */
  read(now: number): Figures;
}

/** Length of a slice, ms. */
const SLICE = 200;
/** Number of slices. The newest is not full, so the last seconds are those of 9 to 10 slices. */
const SLICES = 10;
/**
 * Latencies are counted in bins, each wider than the one before by the same factor: 16 for a doubling, from
 * 2^{@linkcode LEAST_LOG} ms, 8 µs, to 131 s.
 */
const BINS_PER_DOUBLING = 16;
const LEAST_LOG = -7;
const BINS = 24 * BINS_PER_DOUBLING;

/** State of a meter. */
interface State {
  readonly totals: { ok: number; fail: number; info: number; messages: number };
  /** Time at which each worker's operation was invoked, ms, by the worker's index. */
  readonly invokedAt: Float64Array;
  /** Number of the newest slice: those before it are `newest - 1`, … Slice `n` is kept at index `n % SLICES`. */
  newest: number;
  /** Counts of each slice. */
  readonly operations: Uint32Array;
  readonly messages: Uint32Array;
  /** Operations that succeeded, by slice and then by bin of their latency. */
  readonly latencies: Uint32Array;
  /** Time since which operations and messages count for the last seconds, ms. */
  begunAt: number;
}

/**
 * Creates the meter of a test.
 *
 * @param concurrency Number of workers. Worker `process % concurrency` has the operations of a process.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createMeter } from "./progress.ts";
 *
 * const meter = createMeter(1);
 * meter.begin(0);
 * const entry = { process: 0, f: "read", value: null };
 * for (let ms = 0; ms < 1000; ms += 100) {
 *   meter.operation({ ...entry, type: "invoke", time: ms * 1e6, index: 0 });
 *   meter.operation({ ...entry, type: "ok", time: (ms + 50) * 1e6, index: 0 });
 * }
 * const { ok, operationsPerSecond, p99 } = meter.read(1000);
 * assertEquals([ok, operationsPerSecond, Math.round(p99!)], [10, 10, 50]);
 * ```
 */
export function createMeter(concurrency: number): Meter {
  const state: State = {
    totals: { ok: 0, fail: 0, info: 0, messages: 0 },
    invokedAt: new Float64Array(concurrency),
    newest: 0,
    operations: new Uint32Array(SLICES),
    messages: new Uint32Array(SLICES),
    latencies: new Uint32Array(SLICES * BINS),
    begunAt: 0,
  };
  return {
    begin(now) {
      clear(state);
      state.begunAt = now;
    },
    operation: (entry) => countOperation(state, entry),
    message(now) {
      state.totals.messages++;
      state.messages[sliceAt(state, now)]!++;
    },
    read: (now) => readFigures(state, now),
  };
}

function countOperation(state: State, { type, time, process }: Operation): void {
  const { totals, invokedAt, operations, latencies } = state;
  const now = time / 1e6;
  const worker = process as number % invokedAt.length;
  if (type === "invoke") {
    invokedAt[worker] = now;
    return;
  }
  totals[type]++;
  const slice = sliceAt(state, now);
  operations[slice]!++;
  if (type === "ok") latencies[slice * BINS + binOf(now - invokedAt[worker]!)]!++;
}

/** Returns the index of the slice of a time, and makes it the newest. */
function sliceAt(state: State, now: number): number {
  const slice = Math.floor(now / SLICE);
  if (slice - state.newest >= SLICES) clear(state);
  else for (let each = state.newest + 1; each <= slice; each++) clearSlice(state, each % SLICES);
  if (slice > state.newest) state.newest = slice;
  return state.newest % SLICES;
}

function clear(state: State): void {
  for (let index = 0; index < SLICES; index++) clearSlice(state, index);
}

function clearSlice({ operations, messages, latencies }: State, index: number): void {
  messages[index] = 0;
  if (operations[index] === 0) return;
  operations[index] = 0;
  latencies.fill(0, index * BINS, (index + 1) * BINS);
}

/** The bin of a latency in ms. Latencies out of bounds are in the first and the last one. */
function binOf(latency: number): number {
  const bin = Math.floor((Math.log2(latency) - LEAST_LOG) * BINS_PER_DOUBLING);
  return Math.max(0, Math.min(bin, BINS - 1));
}

/** The latency in the middle of a bin, ms; 0 for the first one. */
function latencyOf(bin: number): number {
  return bin === 0 ? 0 : 2 ** (LEAST_LOG + (bin + 0.5) / BINS_PER_DOUBLING);
}

function readFigures(state: State, now: number): Figures {
  sliceAt(state, now);
  const { totals, newest, operations, messages, begunAt } = state;
  const since = Math.max(begunAt, (newest - SLICES + 1) * SLICE);
  const perSecond = (counts: Uint32Array) => now > since ? sum(counts) / ((now - since) / 1000) : 0;
  return {
    ...totals,
    operationsPerSecond: perSecond(operations),
    messagesPerSecond: perSecond(messages),
    p99: quantile(state, 0.99),
  };
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** The least latency that at least this share of the operations does not exceed; null if there are none. */
function quantile({ latencies }: State, share: number): number | null {
  const byBin = new Uint32Array(BINS);
  latencies.forEach((count, index) => byBin[index % BINS]! += count);
  let left = Math.ceil(share * sum(byBin));
  if (left === 0) return null;
  return latencyOf(byBin.findIndex((count) => (left -= count) <= 0));
}
