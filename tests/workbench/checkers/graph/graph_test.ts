import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  buildGraph,
  components,
  createEdges,
  cyclicParts,
  type Graph,
  link,
  pathFinder,
  relabel,
} from "../../../../lib/workbench/checkers/graph/graph.ts";

type Edge = [from: number, to: number, kinds: number];

function graphOf(size: number, list: readonly Edge[]): Graph {
  const edges = createEdges();
  for (const [from, to, kinds] of list) link(edges, from, to, kinds);
  return buildGraph(size, edges);
}

function edgesOf({ size, starts, targets, kinds }: Graph): Edge[] {
  return Array.from({ length: size }, (_, from) =>
    Array.from(
      targets.subarray(starts[from], starts[from + 1]),
      (to, at): Edge => [from, to, kinds[starts[from]! + at]!],
    )).flat();
}

Deno.test("edges between the same vertices become one with all their kinds, and none leads from a vertex to itself", () => {
  const graph = graphOf(4, [[2, 0, 1], [0, 1, 1], [0, 0, 1], [0, 2, 2], [0, 1, 4], [2, 0, 1]]);
  assertEquals(edgesOf(graph), [[0, 1, 5], [0, 2, 2], [2, 0, 1]]);
  assertEquals(edgesOf(relabel(graph, (kinds) => kinds & 6)), [[0, 1, 4], [0, 2, 2]]);
  assertEquals(edgesOf(graphOf(0, [])), []);
});

Deno.test("a path is the shortest, along some kinds of edges, and no longer than wanted", () => {
  const finder = pathFinder(graphOf(5, [[0, 1, 1], [1, 2, 1], [2, 3, 2], [0, 4, 4], [4, 3, 2]]));
  assertEquals(finder.find(0, 3, 7, Infinity), { vertices: [0, 4, 3], kinds: [4, 2] });
  assertEquals(finder.find(0, 3, 7, 2), { vertices: [0, 4, 3], kinds: [4, 2] });
  assertEquals(finder.find(0, 3, 7, 1), undefined);
  assertEquals(finder.find(0, 3, 3, Infinity), { vertices: [0, 1, 2, 3], kinds: [1, 1, 2] });
  assertEquals(finder.find(0, 3, 3, 2), undefined);
  assertEquals(finder.find(3, 0, 7, Infinity), undefined);
});

Deno.test("components are those vertices that lead to each other, and come after those they lead to", () => {
  const edge = fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 }), fc.constantFrom(1, 2));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 20 }), fc.constantFrom(1, 2, 3), (edges, along) => {
      const leads = Array.from({ length: 8 }, (_, from) => {
        const reached = new Set([from]);
        for (const vertex of reached) {
          for (const [start, to, kind] of edges) if (start === vertex && (kind & along) !== 0) reached.add(to);
        }
        return reached;
      });
      const { of, count } = components(graphOf(8, edges), along);
      assertEquals(count, new Set(of).size);
      for (let one = 0; one < 8; one++) {
        for (let other = 0; other < 8; other++) {
          assertEquals(of[one] === of[other], leads[one]!.has(other) && leads[other]!.has(one));
          if (leads[one]!.has(other)) assertEquals(of[other]! <= of[one]!, true);
        }
      }
    }),
    { numRuns: 1000, seed: 31 },
  );
});

Deno.test("the parts that have cycles are graphs of their own", () => {
  const parts = cyclicParts(graphOf(6, [[0, 4, 1], [4, 2, 2], [2, 4, 4], [4, 3, 1], [5, 1, 1], [1, 5, 1], [3, 3, 1]]));
  assertEquals(parts.map(({ vertices, graph }) => [vertices, edgesOf(graph)]), [
    [[1, 5], [[0, 1, 1], [1, 0, 1]]],
    [[2, 4], [[0, 1, 4], [1, 0, 2]]],
  ]);
});
