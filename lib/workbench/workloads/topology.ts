/**
 * Topologies: who is whose neighbour, as broadcast's clients tell the nodes. It is advice: a node may talk to any other.
 *
 * Source: Maelstrom's `workload/broadcast.clj`, whose order of neighbours these follow.
 *
 * @module
 */

/** A map from each node to its neighbours. */
export type Topology = Record<string, string[]>;

/**
 * The topologies by name.
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

/** Rows of a square, row by row; the last may be short or missing. The neighbours are those below, above, right and left. */
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

/** One after another. A node that is alone does not appear, as in Maelstrom. */
function line(nodes: readonly string[]): Topology {
  return nodes.length < 2 ? {} : neighbours(nodes, (index) => [index - 1, index + 1]);
}

/** Each with all others. */
function total(nodes: readonly string[]): Topology {
  return Object.fromEntries(nodes.map((node) => [node, nodes.filter((other) => other !== node)]));
}

/** Tiers of 1, b, b² … nodes: the parent comes first, then up to b children. */
function tree(nodes: readonly string[], b: number): Topology {
  return neighbours(nodes, (index) => [
    index === 0 ? -1 : Math.floor((index - 1) / b),
    ...Array.from({ length: b }, (_, child) => index * b + 1 + child),
  ]);
}

/** Maps each node to the nodes at the places that `placesOf` gives for its own; places where nobody is are left out. */
function neighbours(nodes: readonly string[], placesOf: (index: number) => number[]): Topology {
  return Object.fromEntries(
    nodes.map((node, index) => [node, placesOf(index).flatMap((place) => nodes[place] ?? [])]),
  );
}
