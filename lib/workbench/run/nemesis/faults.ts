/**
 * The faults of `--nemesis`: partitions, disturbed messages, paused, killed and removed nodes.
 *
 * @module
 */

import type { Cluster } from "../cluster.ts";
import { delaying, type Disturbance, duplicating, losing, reordering } from "../../world/network/disturbances.ts";
import type { ServersUnderTest } from "../../world/hosts/world.ts";
import type { Network } from "../../world/network/network.ts";
import { addMembers, type MembershipTarget, REMOVED_GROUPS, removeMembers } from "./membership.ts";
import { ONE_WAY_PARTITIONS, type PartitionDraw, PARTITIONS } from "./partitions.ts";
import type { Random } from "../../world/random.ts";

/** Objects that a fault acts on, and its streams of random draws. */
export interface FaultTarget extends MembershipTarget {
  /** Names of the nodes under test. */
  nodes: readonly string[];
  network: Pick<Network, "drop" | "heal" | "disturb" | "calm">;
  cluster: Pick<Cluster, "kill" | "start" | "pause" | "resume">;
  /** Servers of a cluster; undefined in worlds that have none. */
  servers?: ServersUnderTest;
  /** Draws the nodes that are hit, and the strength. */
  random: Random;
  /** Draws for each message if it is lost, duplicated or delayed. */
  draws: Random;
}

/** Kind of a fault: its name, or null for a random group of nodes, which has no name in Jepsen. */
export type Kind = string | null;

/**
 * Fault: an operation that begins it and one that ends it. `perform` returns the value that the history has when the
 * operation is done, or a promise of it.
 */
export interface Fault {
  begin: {
    /** Name of the operation in the history. */
    f: string;
    /** Kinds of the fault. One is drawn, and is the value of the operation when it begins. */
    kinds: readonly Kind[];
    perform(kind: Kind, target: FaultTarget): unknown;
  };
  end: {
    /** Name of the operation in the history. */
    f: string;
    /** Value of the operation when it begins. */
    value: unknown;
    perform(target: FaultTarget): unknown;
  };
  /** True if its end needs nodes that run and reach each other. It is healed after the others. */
  healsLast?: boolean;
}

/** Draws the nodes that a fault hits. */
type GroupDraw = (nodes: readonly string[], random: Random) => string[];

/**
 * Functions that draw the nodes a fault hits, by kind of group. Source: Jepsen's `jepsen.nemesis.combined`
 * (`node-specs`, `db-nodes`).
 */
export const GROUPS: ReadonlyMap<Kind, GroupDraw> = new Map<Kind, GroupDraw>([
  /** Any number of nodes, at least one; each number is as likely as the others. */
  [null, (nodes, random) => drawSome(1 + random.integer(nodes.length), nodes, random)],
  ["one", (nodes, random) => [random.pick(nodes)]],
  /** Less than a third; empty with three nodes or fewer. */
  ["minority-third", (nodes, random) => drawSome(Math.floor((nodes.length - 1) / 3), nodes, random)],
  /** One fewer than a majority; empty for a single node. */
  ["minority", (nodes, random) => drawSome(Math.floor(nodes.length / 2), nodes, random)],
  /** The smallest majority. */
  ["majority", (nodes, random) => drawSome(Math.floor(nodes.length / 2) + 1, nodes, random)],
  ["all", (nodes) => [...nodes]],
]);

/** Kinds of groups. */
const GROUP_KINDS: readonly Kind[] = [...GROUPS.keys()];

/** All faults, by their names for `--nemesis`. */
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
  "pause": nodeFault("pause", "resume"),
  "kill": nodeFault("kill", "start"),
  "membership": {
    begin: {
      f: "remove-member",
      kinds: Object.keys(REMOVED_GROUPS),
      perform: (kind, target) => removeMembers(kind!, target),
    },
    end: { f: "add-member", value: "all", perform: addMembers },
    healsLast: true,
  },
};

/** Draws `count` of the nodes and returns them in the order of the nodes. */
function drawSome(count: number, nodes: readonly string[], random: Random): string[] {
  const chosen = random.shuffle(nodes).slice(0, count);
  return nodes.filter((node) => chosen.includes(node));
}

/** Fault that cuts links between nodes. Source: Jepsen's `jepsen.nemesis.combined` (`partition-nemesis`). */
function partition(name: string, kinds: Readonly<Record<string, PartitionDraw>>): Fault {
  return {
    begin: {
      f: `start-${name}`,
      kinds: Object.keys(kinds),
      perform(kind, { nodes, network, random }) {
        const grudge = kinds[kind!]!(nodes, random);
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

/**
 * Fault that disturbs the messages of a group of nodes. `draw` returns its strength for the history, and the
 * disturbance.
 */
function disturbance(name: string, draw: (target: FaultTarget) => [strength: object, Disturbance]): Fault {
  return {
    begin: {
      f: `start-${name}`,
      kinds: GROUP_KINDS,
      perform(kind, target) {
        const nodes = GROUPS.get(kind)!(target.nodes, target.random);
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

/**
 * Fault that pauses or kills each node of a group; its end resumes or starts all nodes. Source: Jepsen's
 * `jepsen.nemesis.combined` (`db-package`).
 */
function nodeFault(begin: "pause" | "kill", end: "resume" | "start"): Fault {
  return {
    begin: {
      f: begin,
      kinds: GROUP_KINDS,
      perform: (kind, { nodes, cluster, random }) => actOnEach(GROUPS.get(kind)!(nodes, random), cluster[begin]),
    },
    end: { f: end, value: "all", perform: ({ nodes, cluster }) => actOnEach(nodes, cluster[end]) },
  };
}

/**
 * Acts on several nodes at the same time. Returns the outcomes by node; a promise of them only if an action takes
 * time.
 */
function actOnEach(nodes: readonly string[], action: (id: string) => string | Promise<string>): unknown {
  const outcomes = nodes.map(action);
  const byNode = (results: string[]) => Object.fromEntries(nodes.map((node, index) => [node, results[index]!]));
  const isDone = (outcome: string | Promise<string>) => typeof outcome === "string";
  return outcomes.every(isDone) ? byNode(outcomes) : Promise.all(outcomes).then(byNode);
}
