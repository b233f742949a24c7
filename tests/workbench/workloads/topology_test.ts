import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TOPOLOGIES } from "../../../lib/workbench/workloads/topology.ts";

function nodes(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${index}`);
}

Deno.test("a grid of five: rows of three and two", () => {
  // n0 n1 n2
  // n3 n4
  assertEquals(TOPOLOGIES.grid!(nodes(5)), {
    n0: ["n3", "n1"],
    n1: ["n4", "n2", "n0"],
    n2: ["n1"],
    n3: ["n0", "n4"],
    n4: ["n1", "n3"],
  });
});

Deno.test("a grid of 25: five rows of five, the neighbours below, above, right and left", () => {
  const grid = TOPOLOGIES.grid!(nodes(25));
  assertEquals(grid.n0, ["n5", "n1"]);
  assertEquals(grid.n4, ["n9", "n3"]);
  assertEquals(grid.n5, ["n10", "n0", "n6"]);
  assertEquals(grid.n12, ["n17", "n7", "n13", "n11"]);
  assertEquals(grid.n24, ["n19", "n23"]);
  assertEquals(Object.keys(grid).length, 25);
  assertEquals(Object.values(grid).flat().length, 2 * 40);
});

Deno.test("a line has two ends", () => {
  assertEquals(TOPOLOGIES.line!(nodes(4)), { n0: ["n1"], n1: ["n0", "n2"], n2: ["n1", "n3"], n3: ["n2"] });
  assertEquals(TOPOLOGIES.line!(nodes(2)), { n0: ["n1"], n1: ["n0"] });
});

Deno.test("a line of one node is empty, as in Maelstrom", () => {
  assertEquals(TOPOLOGIES.line!(nodes(1)), {});
});

Deno.test("in total every node has all others as neighbours", () => {
  assertEquals(TOPOLOGIES.total!(nodes(3)), { n0: ["n1", "n2"], n1: ["n0", "n2"], n2: ["n0", "n1"] });
});

Deno.test("trees have tiers of 1, b, b² nodes: the parent comes first, then the children", () => {
  assertEquals(TOPOLOGIES.tree2!(nodes(6)), {
    n0: ["n1", "n2"],
    n1: ["n0", "n3", "n4"],
    n2: ["n0", "n5"],
    n3: ["n1"],
    n4: ["n1"],
    n5: ["n2"],
  });
  const tree3 = TOPOLOGIES.tree3!(nodes(8));
  assertEquals(tree3.n0, ["n1", "n2", "n3"]);
  assertEquals(tree3.n1, ["n0", "n4", "n5", "n6"]);
  assertEquals(tree3.n2, ["n0", "n7"]);
  const tree4 = TOPOLOGIES.tree4!(nodes(25));
  assertEquals(tree4.n0, ["n1", "n2", "n3", "n4"]);
  assertEquals(tree4.n1, ["n0", "n5", "n6", "n7", "n8"]);
  assertEquals(tree4.n5, ["n1", "n21", "n22", "n23", "n24"]);
  assertEquals(tree4.n24, ["n5"]);
  assertEquals(TOPOLOGIES.tree!(nodes(25)), TOPOLOGIES.tree2!(nodes(25)));
});

for (const [name, topology] of Object.entries(TOPOLOGIES)) {
  Deno.test(`${name}: neighbours are mutual, no node is its own, and every node is reachable`, () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 60 }), (count) => {
      const neighbours = topology(nodes(count));
      assertEquals(Object.keys(neighbours), nodes(count));
      for (const [node, others] of Object.entries(neighbours)) {
        assert(!others.includes(node));
        assertEquals(new Set(others).size, others.length);
        for (const other of others) assert(neighbours[other]!.includes(node), `${other} does not know ${node}`);
      }
      const reached = new Set(["n0"]);
      for (const node of reached) neighbours[node]!.forEach((other) => reached.add(other));
      assertEquals(reached.size, count);
    }));
  });
}
