import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { buildGraph, createEdges, link } from "../../../../lib/workbench/checkers/graph/graph.ts";
import { type Edge, findEdgesOnCycles } from "../../../../lib/workbench/checkers/graph/edges_on_cycles.ts";

/** Graphs of 40 vertices: paths use edges of kind 1; those of kind 2 are tried. */
const GRAPHS = fc.record({
  along: fc.array(fc.tuple(fc.nat({ max: 39 }), fc.nat({ max: 39 })), { maxLength: 60 }),
  tried: fc.array(fc.tuple(fc.nat({ max: 39 }), fc.nat({ max: 39 })), { maxLength: 80, size: "max" }),
});

Deno.test("findEdgesOnCycles finds the edges that a path closes to a cycle, one by one and in batches", () => {
  let many = 0;
  fc.assert(
    fc.property(GRAPHS, ({ along, tried }) => {
      const edges = createEdges();
      for (const [from, to] of along) link(edges, from, to, 1);
      for (const [from, to] of tried) link(edges, from, to, 2);
      const graph = buildGraph(40, edges);
      const candidates = tried.filter(([from, to]) => from !== to).map(([from, to]): Edge => ({ from, to, kind: 2 }));
      const leadsBack = ({ from, to }: Edge) => {
        const reached = new Set([to]);
        for (const vertex of reached) along.forEach(([start, end]) => start === vertex && reached.add(end));
        return reached.has(from);
      };
      const expected = candidates.filter(leadsBack);
      assertEquals(findEdgesOnCycles(graph, candidates, 1, Infinity), expected);
      assertEquals(findEdgesOnCycles(graph, candidates, 1, 2), expected.slice(0, 2));
      const one = findEdgesOnCycles(graph, candidates, 1, Infinity, 0);
      assertEquals(one.length, Math.min(expected.length, 1));
      assert(one.every(leadsBack));
      if (expected.length > 0 && candidates.length > 60 && !leadsBack(candidates[0]!)) many++;
    }),
    { numRuns: 1000, seed: 41 },
  );
  assertGreater(many, 20);
});
