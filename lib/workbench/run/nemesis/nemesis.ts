/**
 * The nemesis: makes faults come and go while the clients work. This folder decides when a fault begins and ends
 * (`nemesis.ts`), what faults there are (`faults.ts`, `server_faults.ts`), which links a partition cuts
 * (`partitions.ts`), and how nodes leave and join (`membership.ts`). It acts on the network, the cluster of nodes, and
 * its servers only.
 *
 * @module
 */

import type { Clock, Timer } from "../../world/clock.ts";
import type { Fault, FaultTarget } from "./faults.ts";
import { ALL_FAULTS } from "./server_faults.ts";
import type { Operation } from "../../history/operation.ts";

/** Operation of the nemesis, before it has an index and a time. */
export type NemesisOperation = Pick<Operation, "process" | "type" | "f" | "value">;

/** Options for {@linkcode createNemesis}. */
export interface NemesisOptions extends Omit<FaultTarget, "draws" | "removed"> {
  /** Names of the faults, from {@linkcode ALL_FAULTS}. */
  faults: readonly string[];
  /** Mean seconds between two operations of one fault. */
  intervalSeconds: number;
  clock: Clock;
  /** Adds an operation to the history. Called twice for each: when it begins, and when it is done. */
  record(operation: NemesisOperation): void;
}

/** Nemesis of one test. */
export interface Nemesis {
  /** Begins every fault. */
  start(): void;
  /** Stops without ending anything: active faults stay active, and an operation under way is not recorded as done. */
  stop(): void;
  /** Ends every fault, active or not, and begins no more. Resolves when that is done and recorded. */
  heal(): Promise<void>;
  /** Returns the names of the active faults. */
  active(): string[];
}

/** One fault, which begins and ends in turn. */
interface FlipFlop {
  readonly name: string;
  readonly fault: Fault;
  readonly target: FaultTarget;
  readonly options: NemesisOptions;
  /** Working: begins and ends in turn. Healing: only ends. Stopped: neither acts nor records. */
  state: "working" | "healing" | "stopped";
  /** True from the beginning of the fault until its end is done. */
  active: boolean;
  /** Timer of the next operation; undefined before the start. */
  timer?: Timer;
  /** Operation under way, if it takes time. At most one at a time. */
  underWay?: Promise<void>;
}

/**
 * Creates a nemesis. Each fault begins at once, ends, begins again and so on. The times between its operations are
 * uniform on 0 to twice the interval, or as long as the operation takes if that is longer. Without faults nothing
 * happens.
 *
 * Each fault draws from its own streams, so that it acts the same whatever other faults there are.
 *
 * Source: Jepsen's `jepsen.nemesis.combined` (`partition-package`), and `flip-flop` and `stagger` of
 * `jepsen.generator`.
 *
 * @throws {RangeError} A fault is unknown, or the interval is not positive.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../../world/virtual_clock.ts";
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
 *   call: () => Promise.reject(new Error("There is nothing to call")),
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
  const { faults, intervalSeconds } = options;
  if (!(intervalSeconds > 0)) {
    throw new RangeError(`Cannot create a nemesis: expected an interval above 0 s, got ${intervalSeconds}`);
  }
  const flipFlops = faults.map((name) => createFlipFlop(name, options));
  return {
    start() {
      for (const flipFlop of flipFlops) schedule(flipFlop, options.clock.now());
    },
    stop() {
      for (const flipFlop of flipFlops) stopSchedule(flipFlop, "stopped");
    },
    async heal() {
      for (const flipFlop of flipFlops) stopSchedule(flipFlop, "healing");
      const [first, last] = [false, true].map((late) =>
        flipFlops.filter(({ fault: { healsLast = false } }) => healsLast === late)
      );
      await Promise.all(first!.map(heal));
      await Promise.all(last!.map(heal));
    },
    active: () => flipFlops.filter(({ active }) => active).map(({ name }) => name),
  };
}

function createFlipFlop(name: string, options: NemesisOptions): FlipFlop {
  const fault = ALL_FAULTS[name];
  if (fault === undefined) {
    throw new RangeError(`Cannot inject fault ${name}: expected one of ${Object.keys(ALL_FAULTS).join(", ")}`);
  }
  const random = options.random.stream(name);
  const target = { ...options, random, draws: random.stream("messages"), removed: new Set<string>() };
  return { name, fault, target, options, state: "working", active: false };
}

/** Schedules the next operation of a fault for the time `at`, ms. */
function schedule(flipFlop: FlipFlop, at: number): void {
  const { options: { clock, intervalSeconds }, target: { random } } = flipFlop;
  if (flipFlop.state !== "working") return;
  flipFlop.timer = clock.schedule(at, () => {
    const done = flipFlop.active ? end(flipFlop) : begin(flipFlop);
    const next = clock.now() + 2 * (intervalSeconds * 1000) * random.float();
    if (done === undefined) schedule(flipFlop, next);
    else done.then(() => schedule(flipFlop, next));
  });
}

/** Begins a fault. Returns undefined if that took no time. */
function begin(flipFlop: FlipFlop): Promise<void> | undefined {
  const { fault: { begin: { f, kinds, perform } }, target } = flipFlop;
  const kind = target.random.pick(kinds);
  flipFlop.active = true;
  note(flipFlop, f, kind);
  return complete(flipFlop, f, perform(kind, target), true);
}

/** Ends a fault. Returns undefined if that took no time. */
function end(flipFlop: FlipFlop): Promise<void> | undefined {
  const { fault: { end: { f, value, perform } }, target } = flipFlop;
  note(flipFlop, f, value);
  return complete(flipFlop, f, perform(target), false);
}

/** Records an operation as done, at once or when its outcome is known. From then on the fault is active, or not. */
function complete(flipFlop: FlipFlop, f: string, outcome: unknown, isActive: boolean): Promise<void> | undefined {
  const finish = (value: unknown) => {
    flipFlop.active = isActive;
    note(flipFlop, f, value);
  };
  if (!(outcome instanceof Promise)) {
    finish(outcome);
    return undefined;
  }
  flipFlop.underWay = outcome.then(finish).finally(() => flipFlop.underWay = undefined);
  return flipFlop.underWay;
}

function note({ state, options }: FlipFlop, f: string, value: unknown): void {
  if (state !== "stopped") options.record({ process: "nemesis", type: "info", f, value });
}

/** Cancels the next operation of a fault, and lets it begin no more. */
function stopSchedule(flipFlop: FlipFlop, state: "healing" | "stopped"): void {
  flipFlop.state = state;
  if (flipFlop.timer !== undefined) flipFlop.options.clock.cancel(flipFlop.timer);
}

/** Ends a fault for good, after the operation under way. It begins no more. */
function heal(flipFlop: FlipFlop): Promise<void> | undefined {
  return flipFlop.underWay === undefined ? end(flipFlop) : flipFlop.underWay.then(() => end(flipFlop));
}
