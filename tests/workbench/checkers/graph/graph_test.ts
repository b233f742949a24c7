import { assertEquals } from "@std/assert";
import { relabel } from "../../../../lib/workbench/checkers/graph/graph.ts";
import { edgesOf, graphOf } from "./graphs.ts";

Deno.test("buildGraph merges edges between the same vertices, and drops edges from a vertex to itself", () => {
  const graph = graphOf(4, [[2, 0, 1], [0, 1, 1], [0, 0, 1], [0, 2, 2], [0, 1, 4], [2, 0, 1]]);
  assertEquals(edgesOf(graph), [[0, 1, 5], [0, 2, 2], [2, 0, 1]]);
  assertEquals(edgesOf(relabel(graph, (kinds) => kinds & 6)), [[0, 1, 4], [0, 2, 2]]);
  assertEquals(edgesOf(graphOf(0, [])), []);
});
