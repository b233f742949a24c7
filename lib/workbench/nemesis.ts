/**
 * The nemesis: it makes things go wrong while the clients work.
 *
 * @module
 */

import type { Clock, Timer } from "./clock.ts";
import type { Network } from "./network.ts";
import type { Operation } from "./operation.ts";
import { type PartitionKind, PARTITIONS } from "./partitions.ts";
import type { Random } from "./random.ts";

/** What a fault acts upon. */
export interface FaultTarget {
  /** The nodes under test. */
  nodes: readonly string[];
  network: Pick<Network, "drop" | "heal">;
  /** Draws whom it hits. */
  random: Random;
}

/** A fault: an operation that begins it and one that ends it. Each returns what the history says of its completion. */
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

/** The faults there are, by the name that `--nemesis` has for them. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  "partition": {
    begin: { f: "start-partition", kinds: Object.keys(PARTITIONS), perform: startPartition },
    end: { f: "stop-partition", value: null, perform: stopPartition },
  },
};

function startPartition(kind: string, { nodes, network, random }: FaultTarget): unknown {
  const grudge = PARTITIONS[kind as PartitionKind](nodes, random);
  for (const [dest, sources] of Object.entries(grudge)) {
    for (const src of sources) network.drop(src, dest);
  }
  return ["isolated", grudge];
}

function stopPartition({ network }: FaultTarget): unknown {
  network.heal();
  return "network-healed";
}

/** What the nemesis tells the history. */
export type NemesisOperation = Pick<Operation, "process" | "type" | "f" | "value">;

/** What {@linkcode createNemesis} needs. */
export interface NemesisOptions extends FaultTarget {
  /** Which of {@linkcode FAULTS}. */
  faults: readonly string[];
  /** Mean time between two operations of one fault, ms. */
  interval: number;
  clock: Clock;
  /** Takes each operation into the history: twice, as it begins and as it is done. */
  record(operation: NemesisOperation): void;
}

/** A nemesis. */
export interface Nemesis {
  /** Sets to work. */
  start(): void;
  /** Does no more. What is broken stays broken. */
  stop(): void;
  /** Does no more, ends every fault whether or not it is there just now, and records that. */
  heal(): void;
}

/**
 * Makes a nemesis. Each fault begins at once, ends, begins again and so on; the times from one operation to the next are uniform on 0
 * to twice the interval. Without faults nothing happens.
 *
 * Source: Jepsen's `jepsen.nemesis.combined` (`partition-package`), and `flip-flop` and `stagger` of `jepsen.generator`.
 *
 * @throws {RangeError} A fault is unknown, or the interval is not positive.
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
  const { faults, nodes, network, random, interval } = options;
  if (!(interval > 0)) throw new RangeError(`Cannot make a nemesis: expected an interval above 0 ms, got ${interval}`);
  const troubles = faults.map((name) => {
    const fault = FAULTS[name];
    if (fault !== undefined) return flipFlop(fault, { nodes, network, random: random.stream(name) }, options);
    throw new RangeError(`Cannot inject fault ${name}: expected one of ${Object.keys(FAULTS).join(", ")}`);
  });
  function stop(): void {
    for (const trouble of troubles) trouble.stop();
  }
  return {
    start() {
      for (const trouble of troubles) trouble.start();
    },
    stop,
    heal() {
      stop();
      for (const trouble of troubles) trouble.end();
    },
  };
}

/** Begins and ends one fault, in turn. */
function flipFlop(fault: Fault, target: FaultTarget, { interval, clock, record }: NemesisOptions) {
  const { random } = target;
  let timer: Timer;
  let next = begin;

  function note(f: string, value: unknown): void {
    record({ process: "nemesis", type: "info", f, value });
  }

  function begin(): void {
    const { f, kinds, perform } = fault.begin;
    const kind = random.pick(kinds);
    note(f, kind);
    note(f, perform(kind, target));
    next = end;
  }

  function end(): void {
    const { f, value, perform } = fault.end;
    note(f, value);
    note(f, perform(target));
    next = begin;
  }

  function schedule(delay: number): void {
    timer = clock.schedule(clock.now() + delay, () => {
      next();
      schedule(2 * interval * random.float());
    });
  }

  return {
    start: () => schedule(0),
    stop() {
      if (timer !== undefined) clock.cancel(timer);
    },
    end,
  };
}
