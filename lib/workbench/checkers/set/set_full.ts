/**
 * The verdict on a set: once an element is known to be in it, all later reads must contain it.
 *
 * @module
 */

import { enumerated, show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import { pairs } from "../../history/history.ts";
import { type ClusterShape, nameProcess, nodeOf } from "../cluster_shape.ts";
import { compareValues } from "../compare_values.ts";
import { checkOrUnknown, explainCases, outcome, seconds } from "../explain.ts";
import { identify, type Identity } from "../identify.ts";
import type { Anomaly, Verdict } from "../verdict.ts";
import { type Element, type SetTimeline, trackElements } from "./timeline.ts";

/** Number of elements of each kind that the verdict lists. */
const LISTED = 10_000;
/** Number of stale elements that the verdict describes. */
const WORST = 8;
/** The quantiles of latencies. */
const QUANTILES = [0, 0.5, 0.95, 0.99, 1];

/** An element and its classification. */
interface ClassifiedElement extends Element {
  outcome: "stable" | "lost" | "never-read";
  /** Of a stable element, milliseconds from known to just after the start of the last read without it. */
  stableLatency: number | null;
  /** Of a lost element, milliseconds from known to just after the start of the last read that contains it. */
  lostLatency: number | null;
}

/**
 * Checks a set as Jepsen's `set-full` does. An element is known once its add is acknowledged or a read contains it. It
 * is
 *
 * - *stable* if the last read that contains it began after the last one without it. Its latency is the time from when
 *   it was known until just after the last read without it began;
 * - *lost* if it is known, and a read without it began after it was known and after the last read that contains it;
 * - *never-read* otherwise: the reads do not decide.
 *
 * A lost element makes the set invalid; without a stable element the verdict is unknown. Three findings are additions,
 * each of which makes the set invalid: values that occur twice in one read (Jepsen means to find them, but compares the
 * wrong way round), values that were never added, and elements that were read although every add of them failed.
 *
 * @param history Operations `add` or `broadcast` of an element, and `read`, whose result is the list of all elements.
 * @param shape Used to name nodes in the explanations.
 * @returns Figures: `attempt_count`, `stable_count`, `lost_count`, `never_read_count`, `stale_count` (stable, with a
 *   latency above 0), `duplicated_count`, `unexpected_count`; `lost`, `never_read`, `stale`, `duplicated`,
 *   `unexpected`: up to 10,000 elements of each kind; `worst_stale`: the 8 with the highest latency; `stable_latencies`
 *   and `lost_latencies`: milliseconds at the quantiles 0, 0.5, 0.95, 0.99 and 1, null if there are none.
 */
export function checkSetFull(history: readonly Operation[], shape: ClusterShape = {}): Verdict {
  return checkOrUnknown(() => judge(trackElements(history), history, shape));
}

function judge(timeline: SetTimeline, history: readonly Operation[], shape: ClusterShape): Verdict {
  const elements = timeline.elements.map(classify).sort(byValue);
  const duplicated = timeline.duplicated.toSorted(byValue);
  const unexpected = timeline.unexpected.toSorted(byValue);
  const lost = elements.filter(({ outcome }) => outcome === "lost");
  const stable = elements.filter(({ outcome }) => outcome === "stable");
  const neverRead = elements.filter(({ outcome }) => outcome === "never-read");
  const stale = stable.filter(({ stableLatency }) => stableLatency! > 0);
  const anomalies = [
    ...explainAllLost(lost, history, shape),
    ...explainSurplus(timeline, history, shape),
    ...lost.length > 0 || stable.length > 0 ? [] : explainUndecided(elements, history),
  ];
  const isWrong = anomalies.some(({ type }) => type !== "nothing-decided");
  return {
    valid: isWrong ? false : stable.length === 0 ? "unknown" : true,
    attempt_count: elements.length,
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
    anomalies,
  };
}

function byValue(a: { value: unknown }, b: { value: unknown }): number {
  return compareValues(a.value, b.value);
}

function classify(element: Element): ClassifiedElement {
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

/** Computes quantiles as Jepsen does: each is one of the values. */
function quantiles(latencies: number[]): Record<string, number> | null {
  if (latencies.length === 0) return null;
  const sorted = Float64Array.from(latencies).sort();
  return Object.fromEntries(QUANTILES.map((quantile) => {
    return [quantile, sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]!];
  }));
}

function list(elements: readonly { value: unknown }[]): unknown[] {
  return elements.slice(0, LISTED).map(({ value }) => value);
}

function worstStale(stale: readonly ClassifiedElement[]): object[] {
  const worst = stale.toReversed().sort((a, b) => b.stableLatency! - a.stableLatency!).slice(0, WORST);
  return worst.map(({ value, outcome, stableLatency, lostLatency, known, lastAbsent }) => ({
    element: value,
    outcome,
    stable_latency: stableLatency,
    lost_latency: lostLatency,
    known: withoutValue(known!),
    last_absent: withoutValue(lastAbsent!),
  }));
}

/** The fields of an operation, except its value: that may be the whole set. */
function withoutValue({ index, time, type, process, f }: Operation): object {
  return { index, time, type, process, f };
}

/** Explains what reads have and should not have. */
function explainSurplus(timeline: SetTimeline, history: readonly Operation[], shape: ClusterShape): Anomaly[] {
  return [
    ...explainCases(
      "duplicated",
      timeline.duplicated.toSorted(byValue),
      ({ value, count, read }) =>
        `Element ${show(value)} occurs ${count} times in the read by ${processName(read, shape)} at ${
          seconds(read.time)
        }`,
      ({ value, read }) => ({ operations: [read], values: [value] }),
    ),
    ...explainCases(
      "unexpected",
      timeline.unexpected.toSorted(byValue),
      ({ value, read }) =>
        `Element ${show(value)} is in the read by ${processName(read, shape)} at ${seconds(read.time)}, ` +
        "but no add of it had begun",
      ({ value, read }) => ({ operations: [read], values: [value] }),
    ),
    ...explainCases(
      "failed-add-read",
      readAlthoughFailed(timeline, history).toSorted(byValue),
      ({ value, failed, read }) =>
        `Element ${show(value)} is in the read by ${processName(read, shape)} at ${seconds(read.time)}, ` +
        `but the add of it by ${processName(failed, shape)} ${outcome(failed)}`,
      ({ value, failed, read }) => ({ operations: [failed, read], values: [value] }),
    ),
  ];
}

/** Lists the elements that were read although all adds of them failed, with the completion of one such add. */
function readAlthoughFailed({ elements }: SetTimeline, history: readonly Operation[]) {
  const failures = new Map<Identity, Operation>();
  const possible = new Set<Identity>();
  for (const { invocation: { f, value }, completion } of pairs(history)) {
    if (f !== "add" && f !== "broadcast") continue;
    if (completion?.type === "fail") failures.set(identify(value), completion);
    else possible.add(identify(value));
  }
  if (failures.size === 0) return [];
  return elements.flatMap(({ value, known: read }) => {
    const identity = identify(value);
    const failed = possible.has(identity) ? undefined : failures.get(identity);
    return failed === undefined || read === undefined ? [] : [{ value, failed, read }];
  });
}

/** Says why nothing is known of any element; nothing if the history has no operations of clients. */
function explainUndecided(elements: readonly Element[], history: readonly Operation[]): Anomaly[] {
  if (history.every(({ process }) => process === "nemesis")) return [];
  const reads = pairs(history).filter(({ invocation, completion }) => {
    return invocation.f === "read" && completion?.type === "ok";
  });
  const count = elements.length === 1 ? "the only element" : `any of ${elements.length} elements`;
  const reason = elements.length === 0
    ? "no element was added"
    : reads.length === 0
    ? `no read succeeded, so ${count} can be in the set or not`
    : elements.every(({ known }) => known === undefined)
    ? `no add was acknowledged, and no read contains ${count}`
    : `no read that began after an element was acknowledged shows if the set has ${count}`;
  return explainCases("nothing-decided", [reason], (reason) => `Nothing is decided: ${reason}`);
}

/** Successful reads of each node; of each process, if the nodes are not known. */
type ReadsByReader = ReadonlyMap<string, readonly { invocation: Operation; values: readonly unknown[] }[]>;

function readsByReader(history: readonly Operation[], shape: ClusterShape): ReadsByReader {
  const reads = pairs(history).flatMap(({ invocation, completion }) => {
    if (invocation.f !== "read" || completion?.type !== "ok") return [];
    return [{ invocation, values: (completion.value ?? []) as unknown[] }];
  });
  return Map.groupBy(reads, ({ invocation: { process } }) => nodeOf(process, shape) ?? `process ${process}`);
}

function explainAllLost(
  lost: readonly ClassifiedElement[],
  history: readonly Operation[],
  shape: ClusterShape,
): Anomaly[] {
  if (lost.length === 0) return [];
  const reads = readsByReader(history, shape);
  const lastReads = Array.from(reads, ([name, ofReader]) => {
    return { name, values: new Set(ofReader.at(-1)!.values.map(identify)) };
  });
  const lacking = (value: unknown) => lastReads.filter(({ values }) => !values.has(identify(value)));
  return explainCases(
    "lost",
    lost,
    (element) => explainLost(element, reads, shape),
    ({ value, known, lastAbsent }) => ({
      operations: [known, lastAbsent],
      nodes: lacking(value).map(({ name }) => name),
      values: [value],
    }),
  );
}

function explainLost(
  { value, known, lastPresent, lastAbsent }: ClassifiedElement,
  reads: ReadsByReader,
  shape: ClusterShape,
): string {
  const how = known!.f === "read" ? "first read by" : "acknowledged to";
  const element = `Element ${show(value)} (${how} ${processName(known!, shape)} at ${seconds(known!.time)})`;
  const last = `the last of them by ${processName(lastAbsent!, shape)}, begun at ${seconds(lastAbsent!.time)}`;
  if (lastPresent === undefined) return `${element} is in no read after that, ${last}`;
  const without = readersWithout(value, reads);
  // Those that had it still have it.
  const isKept = Array.from(reads).every(([name, ofReader]) =>
    without.includes(name) || contains(ofReader.at(-1)!.values, value)
  );
  if (without.length > 0 && isKept) {
    return `${element} never reached ${enumerated(without)}: no read there has it, ${last}`;
  }
  return `${element} was last in the read that ${processName(lastPresent, shape)} began at ` +
    `${seconds(lastPresent.time)}, and is in none that began later, ${last}`;
}

/** Those who have read, and never the value. */
function readersWithout(value: unknown, reads: ReadsByReader): string[] {
  const without = Array.from(reads).filter(([_, ofReader]) => !ofReader.some(({ values }) => contains(values, value)));
  return without.map(([name]) => name).sort(compareValues);
}

function contains(values: readonly unknown[], value: unknown): boolean {
  if (typeof value !== "object") return values.includes(value);
  const identity = identify(value);
  return values.some((each) => identify(each) === identity);
}

function processName({ process }: Operation, shape: ClusterShape): string {
  return nameProcess(process, nodeOf(process, shape));
}
