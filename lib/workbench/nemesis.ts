/**
 * The nemesis: it makes things go wrong while the clients work.
 *
 * @module
 */

import type { Clock, Timer } from "./clock.ts";
import type { Network } from "./network.ts";
import type { Operation } from "./operation.ts";
import { type Grudge, type PartitionKind, PARTITIONS } from "./partitions.ts";
import type { Random } from "./random.ts";

/** The faults there are. */
export const FAULTS: readonly string[] = ["partition"];

/** What {@linkcode createNemesis} needs. */
export interface NemesisOptions {
  /** Which of {@linkcode FAULTS}. */
  faults: readonly string[];
  /** Mean time between two operations, ms. */
  interval: number;
  /** The nodes under test. */
  nodes: readonly string[];
  network: Pick<Network, "drop" | "heal">;
  random: Random;
  clock: Clock;
  /** Takes each operation into the history: twice, as it begins and as it is done. */
  record(operation: Omit<Operation, "index" | "time">): void;
}

/** A nemesis. */
export interface Nemesis {
  /** Begins, with a first fault at once. */
  start(): void;
  /** Begins no more faults. What is broken stays broken. */
  stop(): void;
  /** Mends all that is broken, and records it. */
  heal(): void;
}

/**
 * Makes a nemesis. With fault `partition` it cuts nodes off from each other and heals the network, in turn; the waits between
 * are uniform on 0 to twice the interval. Without faults it does nothing.
 *
 * Source: Jepsen's `jepsen.nemesis.combined/partition-package`.
 *
 * @throws {RangeError} A fault is unknown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "./clock.ts";
 * import { createNemesis } from "./nemesis.ts";
 * import { seededRandom } from "./random.ts";
 *
 * const clock = new VirtualClock();
 * const history: string[] = [];
 * const nemesis = createNemesis({
 *   faults: ["partition"],
 *   interval: 1000,
 *   nodes: ["n0", "n1", "n2"],
 *   network: { drop() {}, heal() {} },
 *   random: seededRandom("dune").stream("nemesis"),
 *   clock,
 *   record: ({ f }) => history.push(f),
 * });
 * nemesis.start();
 * await clock.run(() => history.length === 4);
 * assertEquals(history, ["start-partition", "start-partition", "stop-partition", "stop-partition"]);
 * nemesis.stop();
 * ```
 */
export function createNemesis(options: NemesisOptions): Nemesis {
  const { faults, interval, nodes, network, random, clock } = options;
  for (const fault of faults) {
    if (!FAULTS.includes(fault)) {
      throw new RangeError(`Cannot inject fault ${fault}: expected one of ${FAULTS.join(", ")}`);
    }
  }
  const kinds = Object.keys(PARTITIONS) as PartitionKind[];
  let timer: Timer | undefined;
  let next = startPartition;

  function record(f: string, value: unknown): void {
    options.record({ process: "nemesis", type: "info", f, value });
  }

  function startPartition(): void {
    const kind = random.pick(kinds);
    record("start-partition", kind);
    const grudge: Grudge = PARTITIONS[kind](nodes, random);
    for (const [node, sources] of Object.entries(grudge)) {
      for (const source of sources) network.drop(source, node);
    }
    record("start-partition", ["isolated", grudge]);
    next = stopPartition;
  }

  function stopPartition(): void {
    record("stop-partition", null);
    network.heal();
    record("stop-partition", "network-healed");
    next = startPartition;
  }

  function schedule(delay: number): void {
    timer = clock.schedule(clock.now() + delay, () => {
      next();
      schedule(2 * interval * random.float());
    });
  }

  return {
    start() {
      if (faults.includes("partition")) schedule(0);
    },
    stop() {
      if (timer !== undefined) clock.cancel(timer);
      timer = undefined;
    },
    heal() {
      if (faults.includes("partition")) stopPartition();
    },
  };
}
