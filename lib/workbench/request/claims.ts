/**
 * Claims that `grade` gives points for. They follow from the table of challenges:
 *
 * 1. The official test without faults is valid.
 * 2. It is valid under each fault that the official test has, or that the grader adds, one at a time.
 * 3. Without faults, each figure is below its limit.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../base/errors.ts";
import type { TargetLimit } from "../run/results.ts";
import { type Challenge, CHALLENGE_NAMES, CHALLENGES } from "./challenges.ts";
import { officialTexts } from "./request.ts";

/** One test of a challenge, which is run with each seed. Several claims can rest on it. */
export interface ClaimTest {
  /** Name, such as `3c/partition`; seeds are derived from it. */
  id: string;
  challenge: Challenge;
  /** Flags that differ from those of the official test. */
  flags: readonly string[];
  claims: readonly Claim[];
}

/** Claim that a program fulfils if all runs of its test do. */
export interface Claim {
  /** Name, such as `3c/partition` or `3d/msgs_per_op`. */
  id: string;
  /** Fault under which the runs must be valid; null without faults. */
  fault: string | null;
  /** Limit that a figure of valid runs must stay below; null if validity is enough. */
  limit: TargetLimit | null;
}

/**
 * Lists the tests of a challenge, each with its claims.
 *
 * @param moreFaults Faults besides those of the official test.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findChallenge } from "./challenges.ts";
 * import { claimTests } from "./claims.ts";
 *
 * const ids = claimTests(findChallenge("3c")!, ["loss"]).map(({ id, flags }) => [id, ...flags]);
 * assertEquals(ids, [
 *   ["3c/valid", "--nemesis", "none"],
 *   ["3c/partition"],
 *   ["3c/loss", "--nemesis", "loss"],
 * ]);
 * ```
 */
export function claimTests(challenge: Challenge, moreFaults: readonly string[] = []): ClaimTest[] {
  const official = officialTexts(challenge).get("nemesis")?.[0]?.split(",") ?? [];
  const faults = [...new Set([...official, ...moreFaults])];
  const limits = challenge.limits.map((limit) => ({ id: `${challenge.id}/${limit.name}`, fault: null, limit }));
  const valid = { id: `${challenge.id}/valid`, fault: null, limit: null };
  const flags = (fault: string) => official.join() === fault ? [] : ["--nemesis", fault];
  return [
    { id: valid.id, challenge, flags: official.length === 0 ? [] : flags("none"), claims: [valid, ...limits] },
    ...faults.map((fault) => {
      const id = `${challenge.id}/${fault}`;
      return { id, challenge, flags: flags(fault), claims: [{ id, fault, limit: null }] };
    }),
  ];
}

/** Number of a challenge with all its parts, such as `"3"`. */
function groupOf({ id }: Challenge): string {
  return /^\d+/.exec(id)![0];
}

/**
 * Finds the challenges that words name: `3c` is one part, `3` and `broadcast` are all parts.
 *
 * @throws {UsageError} A word names no challenge.
 */
export function challengesNamed(words: readonly string[]): Challenge[] {
  const known = [...new Set([...CHALLENGES.map(groupOf), ...CHALLENGE_NAMES])];
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot use --challenge ${unknown}: ${expectedOneOf(unknown, known)}`);
  }
  return CHALLENGES.filter((challenge) => namesOf(challenge).some((name) => words.includes(name)));
}

/** Finds the challenges that one word names, as {@linkcode challengesNamed}; none if it names no challenge. */
export function partsNamed(word: string): Challenge[] {
  return CHALLENGES.filter((challenge) => namesOf(challenge).includes(word));
}

/** The words that name challenges: parts such as `3a`, names such as `broadcast`, and groups such as `3`. */
export const PART_NAMES: readonly string[] = [...new Set(CHALLENGES.flatMap(namesOf))];

function namesOf(challenge: Challenge): string[] {
  return [challenge.id, challenge.name, groupOf(challenge)];
}
