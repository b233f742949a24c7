/**
 * Adds that clients repeat (`--repeat-adds`), for the workloads of sets: adding an element a second time must change
 * nothing. Maelstrom never does that: <https://github.com/jepsen-io/maelstrom/issues/95>.
 *
 * @module
 */

import { identify, type Identity } from "../checkers/identify.ts";
import { checkSetFull } from "../checkers/set/mod.ts";
import type { Verdict } from "../checkers/verdict.ts";
import type { Operation } from "../history/operation.ts";
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

/**
 * Checks a set whose elements may have been added more than once. If one was, an element that occurs twice in a read
 * makes the set invalid: nodes had a chance to show that they remember what they have.
 */
export function checkSet(history: readonly Operation[], options: TestOptions): Verdict {
  const verdict = checkSetFull(history, options);
  return verdict.duplicated_count as number > 0 && hasRepeatedAdd(history) ? { ...verdict, valid: false } : verdict;
}

function hasRepeatedAdd(history: readonly Operation[]): boolean {
  const added = new Set<Identity>();
  return history.some(({ type, f, value, process }) => {
    if (type !== "invoke" || f === "read" || process === "nemesis") return false;
    const element = identify(value);
    return added.size === added.add(element).size;
  });
}
