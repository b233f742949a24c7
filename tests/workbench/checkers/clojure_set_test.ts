import { assertEquals } from "@std/assert";
import { firstInClojureSet } from "../../../lib/workbench/checkers/clojure_set.ts";

/** Orders values as a Clojure set does. */
function inOrder(values: number[]): number[] {
  const order: number[] = [];
  while (values.length > 0) {
    const first = firstInClojureSet(values);
    order.push(first);
    values = values.filter((value) => value !== first);
  }
  return order;
}

Deno.test("firstInClojureSet orders integers as Clojure does", () => {
  // As Clojure prints (set (range 10)).
  assertEquals(inOrder([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), [0, 7, 1, 4, 6, 3, 2, 9, 5, 8]);
  assertEquals(inOrder([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]), [0, 7, 1, 4, 6, 3, 2, 9, 5, 8]);
});

Deno.test("firstInClojureSet returns the first value given if there is only one, or if not all are integers", () => {
  assertEquals(firstInClojureSet(["a"]), "a");
  assertEquals(firstInClojureSet([2, "a", 0]), 2);
  assertEquals(firstInClojureSet([2.5, 0]), 2.5);
});
