/**
 * Adds that clients repeat (`--repeat-adds`), for the workloads of sets: adding an element a second time must change
 * nothing. Maelstrom never does that: <https://github.com/jepsen-io/maelstrom/issues/95>.
 *
 * @module
 */

import type { Random } from "../world/random.ts";
import type { OperationGenerator, TestOptions } from "./workload.ts";

/**
 * Creates a generator of adds: of 0, 1, 2 and so on, and, as often as the options say, of an earlier value.
 *
 * @param f Name of the function that adds.
 */
export function adds(f: string, { repeatAdds = 0 }: TestOptions, random: Random): OperationGenerator {
  let count = 0;
  return {
    next() {
      // Without repetitions nothing is drawn, so that tests of a seed stay as they are.
      const isRepeated = repeatAdds > 0 && count > 0 && random.float() < repeatAdds;
      return { f, value: isRepeated ? random.integer(count) : count++ };
    },
  };
}
