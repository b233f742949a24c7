/**
 * Topologies: the neighbours of each node, as broadcast's clients send them. They are advice: a node may talk to any
 * other.
 *
 * Source: Maelstrom's `workload/broadcast.clj`, including its order of neighbours.
 *
 * @module
 */

/** Neighbours of each node. */
export type Topology = Record<string, string[]>;

/**
 * Topologies by name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TOPOLOGIES } from "./topology.ts";
 *
 * const nodes = ["n0", "n1", "n2"];
 * assertEquals(TOPOLOGIES.line!(nodes), { n0: ["n1"], n1: ["n0", "n2"], n2: ["n1"] });
 * assertEquals(TOPOLOGIES.grid!(nodes), { n0: ["n2", "n1"], n1: ["n0"], n2: ["n0"] });
 * ```
 */
export const TOPOLOGIES: Readonly<Record<string, (nodes: readonly string[]) => Topology>> = {
  grid,
  line,
  total,
  tree: (nodes) => tree(nodes, 2),
  tree2: (nodes) => tree(nodes, 2),
  tree3: (nodes) => tree(nodes, 3),
  tree4: (nodes) => tree(nodes, 4),
};

/** Square, filled row by row; the last row may be short or missing. Neighbours: below, above, right, left. */
function grid(nodes: readonly string[]): Topology {
  const side = Math.ceil(Math.sqrt(nodes.length));
  return neighbours(nodes, (index) => {
    const column = index % side;
    return [
      index + side,
      index - side,
      column + 1 < side ? index + 1 : -1,
      column > 0 ? index - 1 : -1,
    ];
  });
}

/** Nodes in a line. A single node is left out, as in Maelstrom. */
function line(nodes: readonly string[]): Topology {
  return nodes.length < 2 ? {} : neighbours(nodes, (index) => [index - 1, index + 1]);
}

/** Every node is a neighbour of all others. */
function total(nodes: readonly string[]): Topology {
  return Object.fromEntries(nodes.map((node) => [node, nodes.filter((other) => other !== node)]));
}

/** Tree with up to b children for each node. Neighbours: the parent, then the children. */
function tree(nodes: readonly string[], b: number): Topology {
  return neighbours(nodes, (index) => [
    index === 0 ? -1 : Math.floor((index - 1) / b),
    ...Array.from({ length: b }, (_, child) => index * b + 1 + child),
  ]);
}

/** Maps each node to the nodes at the indices that `indicesOf` returns. Indices without a node are skipped. */
function neighbours(nodes: readonly string[], indicesOf: (index: number) => number[]): Topology {
  return Object.fromEntries(
    nodes.map((node, index) => [node, indicesOf(index).flatMap((neighbour) => nodes[neighbour] ?? [])]),
  );
}
