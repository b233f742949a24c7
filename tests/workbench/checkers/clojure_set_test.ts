import { assertEquals } from "@std/assert";
import { firstInClojureSet } from "../../../lib/workbench/checkers/clojure_set.ts";

/** The values in the order of a set: the first, then the first of the rest … */
function inOrder(values: number[]): number[] {
  const order: number[] = [];
  while (values.length > 0) {
    const first = firstInClojureSet(values);
    order.push(first);
    values = values.filter((value) => value !== first);
  }
  return order;
}

Deno.test("integers come in the order in which Clojure has them", () => {
  // What Clojure prints for (set (range 10)).
  assertEquals(inOrder([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), [0, 7, 1, 4, 6, 3, 2, 9, 5, 8]);
  assertEquals(inOrder([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]), [0, 7, 1, 4, 6, 3, 2, 9, 5, 8]);
});

Deno.test("of one value it is the first, and of what is not all integers the first that is given", () => {
  assertEquals(firstInClojureSet(["a"]), "a");
  assertEquals(firstInClojureSet([2, "a", 0]), 2);
  assertEquals(firstInClojureSet([2.5, 0]), 2.5);
});
