import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { cyclicComponents, findComponents } from "../../../../lib/workbench/checkers/graph/components.ts";
import { edgesOf, graphOf } from "./graphs.ts";

Deno.test("vertices share a component if they lead to each other, and one that leads to another is higher", () => {
  const edge = fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 }), fc.constantFrom(1, 2));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 20 }), fc.constantFrom(1, 2, 3), (edges, along) => {
      const leads = Array.from({ length: 8 }, (_, from) => {
        const reached = new Set([from]);
        for (const vertex of reached) {
          for (const [start, to, kind] of edges) {
            if (start === vertex && (kind & along) !== 0) reached.add(to);
          }
        }
        return reached;
      });
      const { componentOf, count } = findComponents(graphOf(8, edges), along);
      assertEquals(count, new Set(componentOf).size);
      for (let one = 0; one < 8; one++) {
        for (let other = 0; other < 8; other++) {
          assertEquals(componentOf[one] === componentOf[other], leads[one]!.has(other) && leads[other]!.has(one));
          if (leads[one]!.has(other)) assertEquals(componentOf[other]! <= componentOf[one]!, true);
        }
      }
    }),
    { numRuns: 1000, seed: 31 },
  );
});

Deno.test("cyclicComponents extracts the components that contain cycles", () => {
  const components = cyclicComponents(
    graphOf(6, [[0, 4, 1], [4, 2, 2], [2, 4, 4], [4, 3, 1], [5, 1, 1], [1, 5, 1], [3, 3, 1]]),
  );
  assertEquals(components.map(({ vertices, graph }) => [vertices, edgesOf(graph)]), [
    [[1, 5], [[0, 1, 1], [1, 0, 1]]],
    [[2, 4], [[0, 1, 4], [1, 0, 2]]],
  ]);
});
