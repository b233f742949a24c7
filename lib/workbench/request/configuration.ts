/**
 * Configuration of a test: the parts that shrinking changes, and how they are written as flags.
 *
 * @module
 */

import { type Arguments, DEFAULTS, type FlagTexts, flagValues } from "./arguments.ts";
import type { Challenge } from "./challenges.ts";
import { officialTexts, type TestRequest } from "./request.ts";

/** Configuration of a test. */
export interface Configuration {
  /** The faults of the nemesis. */
  faults: readonly string[];
  nodeCount: number;
  /** Number of workers, on all nodes together. */
  concurrency: number;
  /** Operations a second, of all workers together. */
  rate: number;
  timeLimitSeconds: number;
  /** Names of the given flags that can only be removed, such as `"latency"`. */
  settings: readonly string[];
  /** True if nodes have roles: then `n` in the text of `concurrency` counts only those without one. */
  hasRoles?: true;
}

/** Flags that can only be removed: the test then has the official or default value, and is simpler. */
const SETTINGS: readonly string[] = [
  "latency",
  "latency-dist",
  "nemesis-interval",
  "topology",
  "key-count",
  "max-txn-length",
  "max-writes-per-key",
  "services",
  "repeat-adds",
];

/** Flags that name nodes. A number of nodes replaces them. */
const NODE_NAMES: readonly string[] = ["node", "nodes", "nodes-file", "role"];

/** Returns the configuration of a test. */
export function configurationOf({ options }: Pick<TestRequest, "options">, { texts }: Arguments): Configuration {
  const { nemesis, nodes, concurrency, rate, timeLimitSeconds } = options;
  const settings = SETTINGS.filter((name) => texts.has(name));
  const roles: Pick<Configuration, "hasRoles"> = texts.has("role") ? { hasRoles: true } : {};
  return { faults: nemesis, nodeCount: nodes.length, concurrency, rate, timeLimitSeconds, settings, ...roles };
}

/**
 * Returns the arguments of a test in another configuration. Flags that do not change stay as they were written; flags
 * that would have their official or default value are removed.
 *
 * @param challenge The challenge whose flags the arguments override, or null.
 * @param from The configuration of `args`.
 */
export function reconfigure(
  challenge: Challenge | null,
  args: Arguments,
  from: Configuration,
  to: Configuration,
): Arguments {
  const defaults = defaultTexts(challenge);
  const dropped = from.settings.filter((name) => !to.settings.includes(name));
  const replaced = to.nodeCount === from.nodeCount ? [] : NODE_NAMES;
  const texts = new Map([...args.texts].filter(([name]) => !dropped.includes(name) && !replaced.includes(name)));
  const before = sizeTexts(from);
  for (const [name, text] of Object.entries(sizeTexts(to))) {
    // With fewer nodes, the same number of workers is another number per node.
    const isSame = before[name] === text && (name !== "concurrency" || to.nodeCount === from.nodeCount);
    if (isSame) continue;
    if (defaults.get(name)?.[0] === text) texts.delete(name);
    else texts.set(name, [text]);
  }
  return { ...args, texts, given: flagValues(texts) };
}

/**
 * Describes the differences between two configurations of a test: `--node-count 2 (was 25)`.
 *
 * @param args The arguments of the test in the configuration `from`.
 */
export function describeChanges(
  challenge: Challenge | null,
  args: Arguments,
  from: Configuration,
  to: Configuration,
): string[] {
  const [before, after] = [sizeTexts(from), sizeTexts(to)];
  const sizes = Object.keys(after).filter((name) => before[name] !== after[name]);
  const defaults = defaultTexts(challenge);
  const settings = from.settings.filter((name) => !to.settings.includes(name)).flatMap((name) => {
    const [was, is] = [args.texts.get(name)![0], defaults.get(name)?.[0]];
    return was === is ? [] : [`${is === undefined ? `no --${name}` : `--${name} ${is}`} (was ${was})`];
  });
  return [...sizes.map((name) => `--${name} ${after[name]} (was ${before[name]})`), ...settings];
}

/** Returns the texts that count for flags that are not given: the official ones, else the defaults. */
export function defaultTexts(challenge: Challenge | null): FlagTexts {
  return new Map([...DEFAULTS, ...challenge === null ? [] : officialTexts(challenge)]);
}

/** The sizes of a configuration as texts of flags. */
function sizeTexts(configuration: Configuration): Record<string, string> {
  const { faults, nodeCount, concurrency, rate, timeLimitSeconds, hasRoles } = configuration;
  const perNode = hasRoles ? NaN : concurrency / nodeCount;
  return {
    "nemesis": faults.length === 0 ? "none" : faults.join(),
    "node-count": String(nodeCount),
    "concurrency": Number.isInteger(perNode) ? `${perNode}n` : String(concurrency),
    "rate": String(rate),
    "time-limit": String(timeLimitSeconds),
  };
}
