/**
 * The faults there are: what `--nemesis` can have happen, each as an operation that begins it and one that ends it.
 *
 * @module
 */

import type { Cluster } from "../cluster.ts";
import { delaying, type Disturbance, duplicating, losing, reordering } from "../../world/network/disturbances.ts";
import type { Network } from "../../world/network/network.ts";
import { ONE_WAY_PARTITIONS, type PartitionDraw, PARTITIONS } from "./partitions.ts";
import type { Random } from "../../world/random.ts";

/** What a fault acts upon. */
export interface FaultTarget {
  /** The nodes under test. */
  nodes: readonly string[];
  network: Pick<Network, "drop" | "heal" | "disturb" | "calm">;
  cluster: Pick<Cluster, "kill" | "start" | "pause" | "resume">;
  /** Draws whom it hits, and how hard. */
  random: Random;
  /** Draws what becomes of each message. */
  draws: Random;
}

/**
 * A fault: an operation that begins it and one that ends it. Each returns what the history says of its completion, or a promise of
 * that.
 */
export interface Fault {
  begin: {
    /** The operation's name in the history. */
    f: string;
    /** The kinds there are: the invocation's value is one of them. */
    kinds: readonly string[];
    perform(kind: string, target: FaultTarget): unknown;
  };
  end: {
    /** The operation's name in the history. */
    f: string;
    /** The invocation's value. */
    value: unknown;
    perform(target: FaultTarget): unknown;
  };
}

/** The kinds of groups of nodes that a fault may hit. Source: Jepsen's `jepsen.nemesis.combined` (`db-nodes`). */
export const GROUPS: Readonly<Record<string, (nodes: readonly string[], random: Random) => string[]>> = {
  /** One node. */
  "one": (nodes, random) => [random.pick(nodes)],
  /** One fewer than a majority: nobody where there is one node. */
  "minority": (nodes, random) => some(Math.floor(nodes.length / 2), nodes, random),
  /** As few as are more than a half. */
  "majority": (nodes, random) => some(Math.floor(nodes.length / 2) + 1, nodes, random),
  "all": (nodes) => [...nodes],
};

/** The faults there are, by the name that `--nemesis` has for them. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  "partition": partition("partition", PARTITIONS),
  "one-way-partition": partition("one-way-partition", ONE_WAY_PARTITIONS),
  "loss": disturbance("loss", ({ random, draws }) => {
    const probability = random.pick([0.05, 0.2, 0.5]);
    return [{ probability }, losing(probability, draws)];
  }),
  "duplicate": disturbance("duplicate", ({ random, draws }) => {
    const probability = random.pick([0.05, 0.2, 0.5]);
    const up_to_ms = random.pick([0, 100, 1000]);
    return [{ probability, up_to_ms }, duplicating(probability, up_to_ms, draws)];
  }),
  "delay": disturbance("delay", ({ random }) => {
    const added_ms = random.pick([50, 200, 1000]);
    return [{ added_ms }, delaying(added_ms)];
  }),
  "reorder": disturbance("reorder", ({ random, draws }) => {
    const probability = random.pick([0.1, 0.5]);
    const up_to_ms = random.pick([10, 100, 1000]);
    return [{ probability, up_to_ms }, reordering(probability, up_to_ms, draws)];
  }),
  "pause": ofNodes("pause", "resume"),
  "kill": ofNodes("kill", "start"),
};

/** So many of the nodes, in the order of the nodes. */
function some(count: number, nodes: readonly string[], random: Random): string[] {
  const chosen = random.shuffle(nodes).slice(0, count);
  return nodes.filter((node) => chosen.includes(node));
}

/** The network falls apart. Source: Jepsen's `jepsen.nemesis.combined` (`partition-nemesis`). */
function partition(name: string, kinds: Readonly<Record<string, PartitionDraw>>): Fault {
  return {
    begin: {
      f: `start-${name}`,
      kinds: Object.keys(kinds),
      perform(kind, { nodes, network, random }) {
        const grudge = kinds[kind]!(nodes, random);
        for (const [dest, sources] of Object.entries(grudge)) {
          for (const src of sources) network.drop(src, dest, name);
        }
        return ["isolated", grudge];
      },
    },
    end: {
      f: `stop-${name}`,
      value: null,
      perform({ network }) {
        network.heal(name);
        return "network-healed";
      },
    },
  };
}

/** Something befalls the messages of a group of nodes. `draw` says how hard, as the history has it, and what it does. */
function disturbance(name: string, draw: (target: FaultTarget) => [strength: object, Disturbance]): Fault {
  return {
    begin: {
      f: `start-${name}`,
      kinds: Object.keys(GROUPS),
      perform(kind, target) {
        const nodes = GROUPS[kind]!(target.nodes, target.random);
        const [strength, disturbance] = draw(target);
        target.network.disturb(name, nodes, disturbance);
        return { ...strength, nodes };
      },
    },
    end: {
      f: `stop-${name}`,
      value: null,
      perform({ network }) {
        network.calm(name);
        return `${name}-ended`;
      },
    },
  };
}

/** Something is done to each node of a group, and undone for all. Source: Jepsen's `jepsen.nemesis.combined` (`db-package`). */
function ofNodes(begin: "pause" | "kill", end: "resume" | "start"): Fault {
  return {
    begin: {
      f: begin,
      kinds: Object.keys(GROUPS),
      perform: (kind, { nodes, cluster, random }) => onEach(GROUPS[kind]!(nodes, random), cluster[begin]),
    },
    end: { f: end, value: "all", perform: ({ nodes, cluster }) => onEach(nodes, cluster[end]) },
  };
}

/** Does something with several nodes at once. What came of it, by node: at once where none of it takes time. */
function onEach(nodes: readonly string[], action: (id: string) => string | Promise<string>): unknown {
  const outcomes = nodes.map(action);
  const byNode = (results: string[]) => Object.fromEntries(nodes.map((node, index) => [node, results[index]!]));
  const now = outcomes.filter((outcome) => typeof outcome === "string");
  return now.length === nodes.length ? byNode(now) : Promise.all(outcomes).then(byNode);
}
