/**
 * The checker of sets (broadcast, g-set): once an element is known to be in the set, reads come to have it and go on having it.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { checkOrUnknown, explain, seconds } from "../explain.ts";
import { show } from "../../base/text.ts";
import { compareValues } from "../compare_values.ts";
import { type Element, type SetTimeline, trackElements } from "./timeline.ts";
import type { Anomaly, Validity, Verdict } from "../verdict.ts";

/** How many elements of a kind the verdict lists. */
const LISTED = 10_000;
/** How many of the slowest elements the verdict describes. */
const WORST = 8;
/** The quantiles of latencies. */
const POINTS = [0, 0.5, 0.95, 0.99, 1];

/** What tells which node a process talks to; without it, explanations name the process only. */
export interface ClusterShape {
  /** The names of the nodes: worker i talks to node i modulo their number. */
  nodes?: readonly string[];
  /** How many workers there are: process p is, or has taken the place of, worker p modulo that. */
  concurrency?: number;
}

/** What became of an element. */
interface Fate extends Element {
  outcome: "stable" | "lost" | "never-read";
  /** Milliseconds from known to just after the last read that lacked it began; of stable elements. */
  stableLatency: number | null;
  /** Milliseconds from known to just after the last read that had it began; of lost elements. */
  lostLatency: number | null;
}

/**
 * Checks a set as Jepsen's `set-full` does. An element is known once its addition is acknowledged or a read has it. It is
 *
 * - *stable* if the last read that has it began after the last that lacks it. Its latency is the time from known until just after the last
 *   read that lacks it began;
 * - *lost* if it is known, and a read lacks it that began after it was known and after the last read that has it;
 * - *never-read* otherwise: no read tells.
 *
 * A lost element makes the set invalid; without any stable element the verdict is unknown. Values that occur twice in one read, and values
 * that nobody had added, are reported but change nothing. (Jepsen 0.3.7 means to count the former as invalid, but compares the wrong way
 * round and never finds any.)
 *
 * @param history Operations `add` or `broadcast` of an element, and `read`, each `ok` with the list of all elements as its value.
 * @param shape The nodes and the concurrency of the test, for the explanations.
 * @returns Figures: `attempt_count`, `stable_count`, `lost_count`, `never_read_count`, `stale_count` (stable, with a latency above 0),
 *   `duplicated_count`, `unexpected_count`; `lost`, `never_read`, `stale`, `duplicated`, `unexpected`: up to 64 elements of each kind;
 *   `worst_stale`: the 8 slowest; `stable_latencies` and `lost_latencies`: milliseconds at the quantiles 0, 0.5, 0.95, 0.99 and 1, null
 *   where there are none.
 */
export function checkSetFull(history: readonly Operation[], shape: ClusterShape = {}): Verdict {
  return checkOrUnknown(() => judge(trackElements(history), shape));
}

function judge({ elements, duplicated, unexpected }: SetTimeline, shape: ClusterShape): Verdict {
  const fates = elements.map(fateOf).sort((a, b) => compareValues(a.value, b.value));
  const lost = fates.filter(({ outcome }) => outcome === "lost");
  const stable = fates.filter(({ outcome }) => outcome === "stable");
  const neverRead = fates.filter(({ outcome }) => outcome === "never-read");
  const stale = stable.filter(({ stableLatency }) => stableLatency! > 0);
  const valid: Validity = lost.length > 0 ? false : stable.length === 0 ? "unknown" : true;
  duplicated.sort((a, b) => compareValues(a.value, b.value));
  unexpected.sort((a, b) => compareValues(a.value, b.value));
  return {
    valid,
    attempt_count: fates.length,
    stable_count: stable.length,
    lost_count: lost.length,
    lost: list(lost),
    never_read_count: neverRead.length,
    never_read: list(neverRead),
    stale_count: stale.length,
    stale: list(stale),
    worst_stale: worstStale(stale),
    stable_latencies: quantiles(stable.map(({ stableLatency }) => stableLatency!)),
    lost_latencies: quantiles(lost.map(({ lostLatency }) => lostLatency!)),
    duplicated_count: duplicated.length,
    duplicated: duplicated.slice(0, LISTED).map(({ value, count }) => ({ element: value, count })),
    unexpected_count: unexpected.length,
    unexpected: list(unexpected),
    anomalies: anomalies(lost, duplicated, unexpected, shape),
  };
}

function fateOf(element: Element): Fate {
  const { known, lastPresent, lastAbsent } = element;
  const present = lastPresent?.index ?? -1;
  const absent = lastAbsent?.index ?? -1;
  if (present > absent) {
    return { ...element, outcome: "stable", stableLatency: latency(known!, lastAbsent), lostLatency: null };
  }
  if (known !== undefined && lastAbsent !== undefined && known.index < absent) {
    return { ...element, outcome: "lost", stableLatency: null, lostLatency: latency(known, lastPresent) };
  }
  return { ...element, outcome: "never-read", stableLatency: null, lostLatency: null };
}

/** Whole milliseconds from when an element was known until just after a read began. */
function latency(known: Operation, read: Operation | undefined): number {
  return read === undefined ? 0 : Math.floor(Math.max(read.time + 1 - known.time, 0) / 1e6);
}

/** Jepsen's way of taking quantiles: always one of the values. */
function quantiles(latencies: number[]): Record<string, number> | null {
  if (latencies.length === 0) return null;
  const sorted = Float64Array.from(latencies).sort();
  return Object.fromEntries(POINTS.map((point) => {
    return [point, sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * point))]!];
  }));
}

function list(elements: readonly { value: unknown }[]): unknown[] {
  return elements.slice(0, LISTED).map(({ value }) => value);
}

function worstStale(stale: readonly Fate[]): object[] {
  const worst = stale.toReversed().sort((a, b) => b.stableLatency! - a.stableLatency!).slice(0, WORST);
  return worst.map(({ value, outcome, stableLatency, lostLatency, known, lastAbsent }) => ({
    element: value,
    outcome,
    stable_latency: stableLatency,
    lost_latency: lostLatency,
    known: summary(known!),
    last_absent: summary(lastAbsent!),
  }));
}

/** An operation without its value, which may be the whole set. */
function summary({ index, time, type, process, f }: Operation): object {
  return { index, time, type, process, f };
}

function anomalies(
  lost: readonly Fate[],
  duplicated: SetTimeline["duplicated"],
  unexpected: SetTimeline["unexpected"],
  shape: ClusterShape,
): Anomaly[] {
  const found: Anomaly[] = [];
  if (lost.length > 0) found.push(explain("lost", lost, (fate) => explainLost(fate, shape)));
  if (duplicated.length > 0) {
    found.push(explain("duplicated", duplicated, ({ value, count, read }) => {
      return `Element ${show(value)} was ${count} times in the read of ${who(read, shape)} at ${seconds(read.time)}`;
    }));
  }
  if (unexpected.length > 0) {
    found.push(explain("unexpected", unexpected, ({ value, read }) => {
      const where = `the read of ${who(read, shape)} at ${seconds(read.time)}`;
      return `Element ${show(value)} was in ${where}, but nobody had added it by then`;
    }));
  }
  return found;
}

function explainLost({ value, known, lastPresent, lastAbsent }: Fate, shape: ClusterShape): string {
  const how = known!.f === "read" ? "first seen by" : "acknowledged to";
  const element = `Element ${show(value)}, ${how} ${who(known!, shape)} at ${seconds(known!.time)}`;
  const last = `the last of them by ${who(lastAbsent!, shape)} at ${seconds(lastAbsent!.time)}`;
  if (lastPresent === undefined) return `${element}, was missing from every read, ${last}`;
  const seen = `last seen by the read that ${who(lastPresent, shape)} began at ${seconds(lastPresent.time)}`;
  return `${element}, was missing from every read begun after ${seconds(lastPresent.time)}, ${last}: ${seen}`;
}

function who({ process }: Operation, { nodes = [], concurrency }: ClusterShape): string {
  const worker = (process as number) % (concurrency ?? Infinity);
  const node = concurrency === undefined ? undefined : nodes[worker % nodes.length];
  return `process ${process}${node === undefined ? "" : ` on ${node}`}`;
}
