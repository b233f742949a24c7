/**
 * Partitions: draws which links between nodes are cut.
 *
 * Source: Jepsen's `jepsen.nemesis.combined` (`grudge`) and `jepsen.nemesis`, whose names these are.
 *
 * @module
 */

import type { Random } from "../../world/random.ts";

/** Cut links of a partition: for each node, the nodes whose messages it does not receive. */
export type Grudge = Record<string, string[]>;

/** Draws a partition of the nodes. */
export type PartitionDraw = (nodes: readonly string[], random: Random) => Grudge;

/** Kinds of partition that Maelstrom has. */
export const PARTITIONS = {
  /** One node on its own. */
  "one": (nodes, random) => isolate(nodes, [random.pick(nodes)]),
  /** Less than a third of the nodes against the others; cuts nothing with three nodes or fewer. */
  "minority-third": (nodes, random) =>
    isolate(nodes, random.shuffle(nodes).slice(0, Math.floor((nodes.length - 1) / 3))),
  /** Two halves, the smaller one less than a majority. */
  "majority": (nodes, random) => isolate(nodes, random.shuffle(nodes).slice(0, Math.floor(nodes.length / 2))),
  /** Every node receives from a majority, itself included, but the majorities differ. */
  "majorities-ring": (nodes, random) => nodes.length <= 5 ? exactRing(nodes, random) : randomRing(nodes, random),
} satisfies Record<string, PartitionDraw>;

/** Name of a kind of partition. */
export type PartitionKind = keyof typeof PARTITIONS;

/** Kinds of partition that cut links one way only. Maelstrom does not have them. */
export const ONE_WAY_PARTITIONS = {
  /** One node receives nothing from the others; they receive from it. */
  "deaf": (nodes, random) => {
    const group = [random.pick(nodes)];
    return silence(nodes, others(nodes, group), group);
  },
  /** One node is not heard by the others; it receives from them. */
  "mute": (nodes, random) => {
    const group = [random.pick(nodes)];
    return silence(nodes, group, others(nodes, group));
  },
  /** Two halves: the larger one receives nothing from the smaller one, which receives from it. */
  "half-mute": (nodes, random) => {
    const group = random.shuffle(nodes).slice(0, Math.floor(nodes.length / 2));
    return silence(nodes, group, others(nodes, group));
  },
} satisfies Record<string, PartitionDraw>;

function others(nodes: readonly string[], group: readonly string[]): string[] {
  return nodes.filter((node) => !group.includes(node));
}

/** Cuts the links from the speakers to the listeners. */
function silence(nodes: readonly string[], speakers: readonly string[], listeners: readonly string[]): Grudge {
  return grudgeOf(nodes, (node, source) => !(listeners.includes(node) && speakers.includes(source)));
}

/** Cuts the links between a group and the other nodes, both ways. */
function isolate(nodes: readonly string[], group: readonly string[]): Grudge {
  return grudgeOf(nodes, (a, b) => group.includes(a) === group.includes(b));
}

/**
 * Each node receives from the nodes next to it in a ring. With three nodes a majority is two, so each receives from
 * one other node only, and links are cut one way.
 */
function exactRing(nodes: readonly string[], random: Random): Grudge {
  const ring = random.shuffle(nodes);
  const reach = majority(nodes.length);
  const before = Math.floor(reach / 2);
  // A node hears `reach` neighbours in a row: `before` of them, itself, and those after it.
  return grudgeOf(nodes, (node, source) => {
    const place = (ring.indexOf(source) - ring.indexOf(node) + before + nodes.length) % nodes.length;
    return place < reach;
  });
}

/**
 * Links the nodes that have the fewest links, until each hears a majority. All links go both ways. A ring of such links
 * in which each node hears an exact majority does not exist for every number of nodes, such as seven.
 */
function randomRing(nodes: readonly string[], random: Random): Grudge {
  const links = new Map(nodes.map((node) => [node, new Set([node])]));
  while (true) {
    const [fewest, ...rest] = random.shuffle([...links]).sort(([, a], [, b]) => a.size - b.size);
    const [node, linked] = fewest!;
    if (linked.size >= majority(nodes.length)) break;
    const [other, linkedOther] = rest.find(([name]) => !linked.has(name))!;
    linked.add(other);
    linkedOther.add(node);
  }
  return grudgeOf(nodes, (node, source) => links.get(node)!.has(source));
}

function grudgeOf(nodes: readonly string[], hears: (node: string, source: string) => boolean): Grudge {
  return Object.fromEntries(nodes.map((node) => [node, nodes.filter((source) => !hears(node, source))]));
}

function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}
