/**
 * Search for the highest rate that a system holds.
 *
 * @module
 */

/** A rate that was tried. */
export interface Attempt {
  /** Operations a second that were asked for. */
  rate: number;
  /** True if the system held it. */
  holds: boolean;
}

/** Bounds of a search. */
export interface SearchOptions {
  /** Rate of the first attempt. */
  from: number;
  /** Ratio of two rates that follow each other, above 1, until one holds and the other does not. */
  factor: number;
  /** Attempts between those two, each at their geometric mean. */
  bisections: number;
  /** Rates beyond these are not tried. */
  least: number;
  most: number;
}

/**
 * Tries rates: by a factor up to the first that does not hold, or down to the first that does, then between the two.
 *
 * @returns All attempts, the lowest rate first.
 */
export async function searchLimit<A extends Attempt>(
  attempt: (rate: number) => Promise<A>,
  { from, factor, bisections, least, most }: SearchOptions,
): Promise<A[]> {
  const first = await attempt(from);
  const attempts = [first];
  const step = first.holds ? factor : 1 / factor;
  let last = first;
  while (last.holds === first.holds) {
    const rate = Math.round(last.rate * step);
    if (rate < least || rate > most) break;
    last = await attempt(rate);
    attempts.push(last);
  }
  for (let i = 0; i < bisections && last.holds !== first.holds; i++) {
    const below = limitOf(attempts)!.rate;
    const above = Math.min(...attempts.filter(({ rate }) => rate > below).map(({ rate }) => rate));
    attempts.push(await attempt(Math.round(Math.sqrt(below * above))));
  }
  return attempts.sort((a, b) => a.rate - b.rate);
}

/** Returns the highest rate that holds and has none below it that does not; undefined if there is none. */
export function limitOf<A extends Attempt>(attempts: readonly A[]): A | undefined {
  const sorted = attempts.toSorted((a, b) => a.rate - b.rate);
  const failing = sorted.findIndex(({ holds }) => !holds);
  return (failing === -1 ? sorted : sorted.slice(0, failing)).at(-1);
}
