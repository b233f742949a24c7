/**
 * Suggestions for a mistyped word: "did you mean …?"
 *
 * @module
 */

/**
 * Finds the word that was probably meant: one that begins with it, else the one with the fewest typing errors (a letter
 * too many, missing or wrong, two letters swapped), if these are few for its length.
 *
 * @returns One of the candidates; undefined if none is near.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nearMatch } from "./near_match.ts";
 *
 * assertEquals(nearMatch("brodcast", ["broadcast", "echo"]), "broadcast");
 * assertEquals(nearMatch("uniq", ["broadcast", "unique-ids"]), "unique-ids");
 * assertEquals(nearMatch("paxos", ["broadcast", "echo"]), undefined);
 * ```
 */
export function nearMatch(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const abbreviated = candidates.filter((candidate) => candidate.toLowerCase().startsWith(wanted));
  if (wanted.length >= 3 && abbreviated.length > 0) return abbreviated[0];
  let nearest: string | undefined;
  // Errors of the nearest word so far; at first, the allowed number (one for every three letters) plus one.
  let fewest = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceBetween(wanted, candidate.toLowerCase());
    // With as many errors as letters, every word would be near.
    if (distance < fewest && distance < wanted.length) [nearest, fewest] = [candidate, distance];
  }
  return nearest;
}

/** Computes the optimal string alignment distance (restricted Damerau-Levenshtein). */
function distanceBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const wrong = from[i - 1] === to[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + wrong);
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length]!;
}
