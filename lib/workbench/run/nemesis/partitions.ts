/**
 * The ways in which a network falls apart.
 *
 * Source: Jepsen's `jepsen.nemesis.combined` (`grudge`) and `jepsen.nemesis`, whose names these are.
 *
 * @module
 */

import type { Random } from "../../world/random.ts";

/** Who is cut off from whom: for each node, the nodes whose messages it does not get. */
export type Grudge = Record<string, string[]>;

/** Draws a partition of the nodes. */
export type PartitionDraw = (nodes: readonly string[], random: Random) => Grudge;

/** The kinds of partition that Maelstrom has; each draws one for the nodes. */
export const PARTITIONS = {
  /** One node on its own. */
  "one": (nodes, random) => isolate(nodes, [random.pick(nodes)]),
  /** Less than a third of the nodes against the others: nobody where there are three nodes or fewer. */
  "minority-third": (nodes, random) =>
    isolate(nodes, random.shuffle(nodes).slice(0, Math.floor((nodes.length - 1) / 3))),
  /** Two halves, the smaller one less than a majority. */
  "majority": (nodes, random) => isolate(nodes, random.shuffle(nodes).slice(0, Math.floor(nodes.length / 2))),
  /** Every node gets messages from a majority, itself included, but the majorities differ. */
  "majorities-ring": (nodes, random) => nodes.length <= 5 ? exactRing(nodes, random) : randomRing(nodes, random),
} satisfies Record<string, PartitionDraw>;

/** The name of a kind of partition. */
export type PartitionKind = keyof typeof PARTITIONS;

/** The kinds of partition in which each link that is cut is cut one way only. Maelstrom has none of them. */
export const ONE_WAY_PARTITIONS = {
  /** One node gets no messages from the others; they get its own. */
  "deaf": (nodes, random) => {
    const group = [random.pick(nodes)];
    return silence(nodes, others(nodes, group), group);
  },
  /** Nobody gets the messages of one node; it gets theirs. */
  "mute": (nodes, random) => {
    const group = [random.pick(nodes)];
    return silence(nodes, group, others(nodes, group));
  },
  /** Two halves: the larger one gets no messages from the smaller one, which gets its own. */
  "half-mute": (nodes, random) => {
    const group = random.shuffle(nodes).slice(0, Math.floor(nodes.length / 2));
    return silence(nodes, group, others(nodes, group));
  },
} satisfies Record<string, PartitionDraw>;

function others(nodes: readonly string[], group: readonly string[]): string[] {
  return nodes.filter((node) => !group.includes(node));
}

/** Has the listeners get no messages from the speakers. */
function silence(nodes: readonly string[], speakers: readonly string[], listeners: readonly string[]): Grudge {
  return grudgeOf(nodes, (node, source) => !(listeners.includes(node) && speakers.includes(source)));
}

/** Cuts a group off from the other nodes, both ways. */
function isolate(nodes: readonly string[], group: readonly string[]): Grudge {
  return grudgeOf(nodes, (a, b) => group.includes(a) === group.includes(b));
}

/**
 * In a ring, each node gets messages from the nodes next to it. Of three nodes, a majority is two, and each gets messages
 * from one of the others: there the links go one way.
 */
function exactRing(nodes: readonly string[], random: Random): Grudge {
  const ring = random.shuffle(nodes);
  const reach = majority(nodes.length);
  const behind = Math.floor(reach / 2);
  return grudgeOf(nodes, (node, source) => {
    const ahead = (ring.indexOf(source) - ring.indexOf(node) + behind + nodes.length) % nodes.length;
    return ahead < reach;
  });
}

/** Links the nodes with the fewest links to each other until each has a majority: for seven nodes, say, there is no exact ring. */
function randomRing(nodes: readonly string[], random: Random): Grudge {
  const links = new Map(nodes.map((node) => [node, new Set([node])]));
  while (true) {
    const [first, ...others] = random.shuffle([...links]).sort(([, a], [, b]) => a.size - b.size);
    const [node, linked] = first!;
    if (linked.size >= majority(nodes.length)) break;
    const [other, linkedOther] = others.find(([other]) => !linked.has(other))!;
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
