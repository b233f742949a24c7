/**
 * Points of claims: those that a teacher has written for `--points`, else 1.
 *
 * Each is written as `NAME=POINTS`. A name is that of a claim (`3d/msgs_per_op`), of a part (`3d`), or of a challenge
 * (`3`, `broadcast`); the points are those of each claim that it names. A claim has the points of the narrowest name.
 *
 * @module
 */

import { expectedOneOf, reasonOf, UsageError } from "../../base/errors.ts";
import { type Challenge, CHALLENGES } from "../../request/challenges.ts";
import { PART_NAMES, partsNamed } from "../../request/claims.ts";
import type { Files } from "../../request/files.ts";
import type { Flag } from "../../request/flag.ts";
import { FLAGS } from "../../request/flags.ts";
import { serversHitBy } from "../../run/nemesis/server_faults.ts";

/** Returns the points of a claim, by its name. */
export type PointsOf = (claim: string) => number;

/** Points by name. */
type Weights = ReadonlyMap<string, number>;

const EXPECTED = "expected NAME=POINTS, such as 3c=2,3d/msgs_per_op=5, or a file with one a line";

/**
 * Parses the value of `--points`: a comma-separated list, or the path of a file with one a line, where text after `#`
 * is a comment.
 *
 * @param text Undefined if the flag is not given: each claim has one point.
 * @throws {UsageError} The text is bad, names no claim, or the file cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parsePoints } from "./points.ts";
 *
 * const pointsOf = parsePoints("3=2, 3d=3, 3d/msgs_per_op=7.5", { readTextFile: () => "" });
 * assertEquals(["1/valid", "3a/valid", "3d/valid", "3d/msgs_per_op"].map(pointsOf), [1, 2, 3, 7.5]);
 * ```
 */
export function parsePoints(text: string | undefined, files: Pick<Files, "readTextFile">): PointsOf {
  const weights = text === undefined ? new Map<string, number>() : parseWeights(text, files);
  return (claim) => {
    const part = claim.split("/")[0]!;
    const wider = [...weights].findLast(([name]) => partsNamed(name).some(({ id }) => id === part));
    return weights.get(claim) ?? weights.get(part) ?? wider?.[1] ?? 1;
  };
}

function parseWeights(text: string, files: Pick<Files, "readTextFile">): Weights {
  const isFile = !text.includes("=");
  const lines = isFile ? readText(text, files).split("\n") : text.split(",");
  const weights = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const entry = line.replace(/#.*/, "").trim();
    if (entry === "") continue;
    const place = isFile ? ` in line ${index + 1} of ${text}` : "";
    const [, name, points] = /^(\S+)\s*=\s*(\d{1,6}(?:\.\d{1,2})?)$/.exec(entry) ?? [];
    if (name === undefined) throw new UsageError(`Cannot use --points ${JSON.stringify(entry)}${place}: ${EXPECTED}`);
    checkName(name, place);
    weights.set(name, Number(points));
  }
  if (weights.size === 0) throw new UsageError(`Cannot use --points ${text}: it has no points; ${EXPECTED}`);
  return weights;
}

function readText(path: string, { readTextFile }: Pick<Files, "readTextFile">): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read --points ${path}: ${reasonOf(error as Error)}; ${EXPECTED}`);
  }
}

/** Checks that a name is one of a claim, also of one that this grading does not have: a course has one file. */
function checkName(name: string, place: string): void {
  if (partsNamed(name).length > 0) return;
  const [part, claim] = name.split("/") as [string, string?];
  const challenge = CHALLENGES.find(({ id }) => id === part);
  const [wrong, known] = challenge === undefined ? [part, PART_NAMES] : [claim ?? "", claimsOf(challenge)];
  if (challenge !== undefined && known.includes(wrong)) return;
  throw new UsageError(`Cannot use --points ${name}${place}: ${expectedOneOf(wrong, known)}`);
}

/** Names of the claims that a challenge can have. */
function claimsOf({ limits }: Challenge): string[] {
  const faults = (FLAGS as readonly Flag[]).find(({ name }) => name === "nemesis")!.allowed!;
  const possible = faults.filter((fault) => fault !== "none" && serversHitBy(fault) === undefined);
  return ["valid", ...limits.map(({ name }) => name), ...possible];
}
