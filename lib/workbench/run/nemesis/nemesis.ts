/**
 * The nemesis: it makes things go wrong while the clients work.
 *
 * @module
 */

import type { Clock, Timer } from "../../world/clock.ts";
import { type Fault, FAULTS, type FaultTarget } from "./faults.ts";
import type { Operation } from "../../history/operation.ts";

/** What the nemesis tells the history. */
export type NemesisOperation = Pick<Operation, "process" | "type" | "f" | "value">;

/** What {@linkcode createNemesis} needs. */
export interface NemesisOptions extends Omit<FaultTarget, "draws"> {
  /** Which of {@linkcode FAULTS}. */
  faults: readonly string[];
  /** Mean seconds between two operations of one fault. */
  intervalSeconds: number;
  clock: Clock;
  /** Takes each operation into the history: twice, as it begins and as it is done. */
  record(operation: NemesisOperation): void;
}

/** A nemesis. */
export interface Nemesis {
  /** Sets to work. */
  start(): void;
  /** Does no more. What is broken stays broken, and of an operation under way the history has the beginning only. */
  stop(): void;
  /** Begins no more, ends every fault whether or not it is there just now, and records that. Resolves when it is done. */
  heal(): Promise<void>;
  /** The faults there are just now. */
  active(): string[];
}

/**
 * Makes a nemesis. Each fault begins at once, ends, begins again and so on; the times from one operation to the next are uniform on 0
 * to twice the interval, or longer where an operation takes longer. Without faults nothing happens.
 *
 * Each fault draws from streams of its own: what it does does not depend on what other faults there are.
 *
 * Source: Jepsen's `jepsen.nemesis.combined` (`partition-package`), and `flip-flop` and `stagger` of `jepsen.generator`.
 *
 * @throws {RangeError} A fault is unknown, or the interval is not positive.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../../world/clock.ts";
 * import { createNemesis } from "./nemesis.ts";
 * import { seededRandom } from "../../world/random.ts";
 *
 * const clock = new VirtualClock();
 * const history: string[] = [];
 * const done = () => Promise.resolve("done");
 * const nemesis = createNemesis({
 *   faults: ["partition"],
 *   intervalSeconds: 1,
 *   nodes: ["n0", "n1", "n2"],
 *   network: { drop() {}, heal() {}, disturb() {}, calm() {} },
 *   cluster: { kill: done, start: done, pause: () => "paused", resume: () => "resumed" },
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
  const { faults, random, intervalSeconds } = options;
  if (!(intervalSeconds > 0)) {
    throw new RangeError(`Cannot make a nemesis: expected an interval above 0 s, got ${intervalSeconds}`);
  }
  const troubles = faults.map((name) => {
    const fault = FAULTS[name];
    if (fault === undefined) {
      throw new RangeError(`Cannot inject fault ${name}: expected one of ${Object.keys(FAULTS).join(", ")}`);
    }
    const stream = random.stream(name);
    return { name, ...flipFlop(fault, { ...options, random: stream, draws: stream.stream("messages") }, options) };
  });
  return {
    start() {
      for (const trouble of troubles) trouble.start();
    },
    stop() {
      for (const trouble of troubles) trouble.stop();
    },
    async heal() {
      await Promise.all(troubles.map((trouble) => trouble.heal()));
    },
    active: () => troubles.filter((trouble) => trouble.active()).map(({ name }) => name),
  };
}

/** Begins and ends one fault, in turn. */
function flipFlop(fault: Fault, target: FaultTarget, { intervalSeconds, clock, record }: NemesisOptions) {
  const { random } = target;
  let timer: Timer;
  let active = false;
  let state: "working" | "healing" | "stopped" = "working";
  /** The operation under way, where one takes time. */
  let underWay: Promise<void> | undefined;

  function note(f: string, value: unknown): void {
    if (state !== "stopped") record({ process: "nemesis", type: "info", f, value });
  }

  function begin(): void | Promise<void> {
    const { f, kinds, perform } = fault.begin;
    const kind = random.pick(kinds);
    active = true;
    note(f, kind);
    return complete(f, perform(kind, target));
  }

  function end(): void | Promise<void> {
    const { f, value, perform } = fault.end;
    active = false;
    note(f, value);
    return complete(f, perform(target));
  }

  function complete(f: string, outcome: unknown): void | Promise<void> {
    if (!(outcome instanceof Promise)) return note(f, outcome);
    underWay = outcome.then((value) => note(f, value)).finally(() => underWay = undefined);
    return underWay;
  }

  function schedule(at: number): void {
    if (state !== "working") return;
    timer = clock.schedule(at, () => {
      const done = active ? end() : begin();
      const next = clock.now() + 2 * (intervalSeconds * 1000) * random.float();
      if (done === undefined) schedule(next);
      else done.then(() => schedule(next));
    });
  }

  function cease(how: "healing" | "stopped"): void {
    state = how;
    if (timer !== undefined) clock.cancel(timer);
  }

  return {
    start: () => schedule(clock.now()),
    active: () => active,
    stop: () => cease("stopped"),
    heal() {
      cease("healing");
      return underWay === undefined ? end() : underWay.then(end);
    },
  };
}
