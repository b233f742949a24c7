import { assertEquals } from "@std/assert";
import { createPathFinder, findPath } from "../../../../lib/workbench/checkers/graph/path_finder.ts";
import { graphOf } from "./graphs.ts";

Deno.test("findPath finds a shortest path along the given kinds of edges, within the limit", () => {
  const finder = createPathFinder(graphOf(5, [[0, 1, 1], [1, 2, 1], [2, 3, 2], [0, 4, 4], [4, 3, 2]]));
  assertEquals(findPath(finder, 0, 3, 7, Infinity), { vertices: [0, 4, 3], kinds: [4, 2] });
  assertEquals(findPath(finder, 0, 3, 7, 2), { vertices: [0, 4, 3], kinds: [4, 2] });
  assertEquals(findPath(finder, 0, 3, 7, 1), undefined);
  assertEquals(findPath(finder, 0, 3, 3, Infinity), { vertices: [0, 1, 2, 3], kinds: [1, 1, 2] });
  assertEquals(findPath(finder, 0, 3, 3, 2), undefined);
  assertEquals(findPath(finder, 3, 0, 7, Infinity), undefined);
});
