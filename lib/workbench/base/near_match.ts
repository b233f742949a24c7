/**
 * "Did you mean …?": the word that a person most likely meant.
 *
 * @module
 */

/**
 * The candidate nearest to a word: one that it abbreviates, or else the one reached with the fewest slips of typing (a letter too many, one
 * missing, one wrong, two swapped), if there are few of them for its length.
 *
 * @param word What was written.
 * @param candidates What could have been meant.
 * @returns The nearest candidate, or undefined where none is near.
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
  let fewest = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const slips = slipsBetween(wanted, candidate.toLowerCase());
    // With as many slips as letters, anything would be near.
    if (slips < fewest && slips < wanted.length) [nearest, fewest] = [candidate, slips];
  }
  return nearest;
}

/** The optimal string alignment distance: Damerau's four slips, none on top of another. */
function slipsBetween(from: string, to: string): number {
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
