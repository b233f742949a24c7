/**
 * Configurations: the size of a test, as far as it can be made smaller or larger without asking for something else, and how it is
 * written as flags.
 *
 * @module
 */

import { type Arguments, DEFAULTS, flagValues } from "./arguments.ts";
import type { Challenge } from "./challenges.ts";
import { officialTexts, type TestRequest } from "./request.ts";

/** The size of a test. */
export interface Configuration {
  /** Which of the faults. */
  faults: readonly string[];
  nodeCount: number;
  /** How many workers there are, on all nodes together. */
  concurrency: number;
  /** Operations a second, all workers together. */
  rate: number;
  /** Seconds. */
  timeLimitSeconds: number;
  /** The {@linkcode SETTINGS} that are given, by the names of their flags. */
  settings: readonly string[];
}

/** Flags that are no size, but without which a test is simpler: it is then official, or as it is by default. */
export const SETTINGS: readonly string[] = [
  "latency",
  "latency-dist",
  "nemesis-interval",
  "topology",
  "key-count",
  "max-txn-length",
  "max-writes-per-key",
];

/** The configuration of a test that was asked for with these arguments. */
export function configurationOf({ options }: Pick<TestRequest, "options">, { texts }: Arguments): Configuration {
  const { nemesis, nodes, concurrency, rate, timeLimitSeconds } = options;
  const settings = SETTINGS.filter((name) => texts.has(name));
  return { faults: nemesis, nodeCount: nodes.length, concurrency, rate, timeLimitSeconds, settings };
}

/**
 * The arguments of a test in another configuration. What stays the same stays as it was written; what would be the same without a flag
 * has none.
 *
 * @param challenge The challenge whose flags these override, or null.
 * @param args The arguments of the test.
 * @param from The configuration of these arguments.
 * @param to The one to write.
 */
export function reconfigure(
  challenge: Challenge | null,
  args: Arguments,
  from: Configuration,
  to: Configuration,
): Arguments {
  const usual = usualTexts(challenge);
  const texts = new Map(args.texts);
  if (to.nodeCount !== from.nodeCount) { for (const name of ["node", "nodes", "nodes-file"]) texts.delete(name); }
  for (const name of from.settings) if (!to.settings.includes(name)) texts.delete(name);
  const [before, after] = [from, to].map(sizeTexts) as [Record<string, string>, Record<string, string>];
  for (const [name, text] of Object.entries(after)) {
    // The same number of workers is more for each of fewer nodes.
    const same = before[name] === text && (name !== "concurrency" || to.nodeCount === from.nodeCount);
    if (same) continue;
    if (usual.get(name)?.[0] === text) texts.delete(name);
    else texts.set(name, [text]);
  }
  return { ...args, texts, given: flagValues(texts) };
}

/**
 * What is different in another configuration, as one writes it: `--node-count 2 (was 25)`.
 *
 * @param args The arguments of the test in the first configuration.
 */
export function describeChanges(
  challenge: Challenge | null,
  args: Arguments,
  from: Configuration,
  to: Configuration,
): string[] {
  const [before, after] = [from, to].map(sizeTexts) as [Record<string, string>, Record<string, string>];
  const sizes = Object.keys(after).filter((name) => before[name] !== after[name]);
  const usual = usualTexts(challenge);
  const settings = from.settings.filter((name) => !to.settings.includes(name)).flatMap((name) => {
    const [was, is] = [args.texts.get(name)![0], usual.get(name)?.[0]];
    return was === is ? [] : [`${is === undefined ? `no --${name}` : `--${name} ${is}`} (was ${was})`];
  });
  return [...sizes.map((name) => `--${name} ${after[name]} (was ${before[name]})`), ...settings];
}

/** What is written for each flag where it is not given: officially, or by default. */
export function usualTexts(challenge: Challenge | null): Map<string, readonly string[]> {
  return new Map([...DEFAULTS, ...challenge === null ? [] : officialTexts(challenge)]);
}

/** The sizes of a configuration as one writes them, by the names of their flags. */
function sizeTexts({ faults, nodeCount, concurrency, rate, timeLimitSeconds }: Configuration): Record<string, string> {
  const perNode = concurrency / nodeCount;
  return {
    "nemesis": faults.length === 0 ? "none" : faults.join(),
    "node-count": String(nodeCount),
    "concurrency": Number.isInteger(perNode) ? `${perNode}n` : String(concurrency),
    "rate": String(rate),
    "time-limit": String(timeLimitSeconds),
  };
}
