/**
 * The interpreter: it asks a generator what to do, has the workers' clients do it, and records a history. One worker does one
 * operation at a time; worker i talks to node i mod n.
 *
 * As Jepsen's interpreter: after an operation of type info nobody knows whether the old process is still at it, so the worker goes on
 * as a new process, with a new client unless the workload says that clients outlive it.
 *
 * @module
 */

import type { Clock } from "../world/clock.ts";
import type { Operation } from "../history/operation.ts";
import type { Random } from "../world/random.ts";
import type { Invocation, OperationGenerator, Outcome, WorkloadClient } from "../workloads/workload.ts";
import { RPCError } from "../../protocol.ts";

/** A workload's client together with the end of its connection. */
export interface OpenClient {
  client: WorkloadClient;
  close(): void;
}

/** What {@linkcode createInterpreter} needs. */
export interface InterpreterOptions {
  clock: Clock;
  /** How many workers. */
  concurrency: number;
  /** Opens a client for a worker. */
  open(worker: number): OpenClient;
  /** Whether a client outlives an operation of type info. */
  reusable: boolean;
  /** Takes an operation into the history and gives it its index and time. */
  record(operation: Omit<Operation, "index" | "time">): Operation;
  /** Is told of what a client threw, except for error replies and time-outs, which are outcomes. */
  onException(error: Error, worker: number): void;
  /** Ends the run early: nothing more is begun, and operations under way are recorded as info. */
  signal: AbortSignal;
}

/** One phase: a generator, and when its operations are due. */
export interface Phase {
  generator: OperationGenerator;
  /** Draws the intervals between operations, and which worker is next. */
  random: Random;
  /** Operations a second, all workers together; without it, each worker goes as fast as it can. */
  rate?: number;
  /** Seconds from its beginning after which the phase begins no more operations. */
  timeLimitSeconds?: number;
}

/** Runs phases, one after another, with the same workers. */
export interface Interpreter {
  /** Resolves when the phase is over and all its operations are completed. */
  run(phase: Phase): Promise<void>;
  /** Closes the clients. */
  close(): void;
}

interface Worker {
  index: number;
  process: number;
  busy: boolean;
  open?: OpenClient;
}

/** How long to wait where no worker is busy and the generator has nothing to do just now, ms (Jepsen's max-pending-interval). */
const PENDING_INTERVAL = 1;

/** Makes an interpreter. */
export function createInterpreter(options: InterpreterOptions): Interpreter {
  const { clock, concurrency, signal } = options;
  const workers: Worker[] = Array.from({ length: concurrency }, (_, index) => ({ index, process: index, busy: false }));
  let wake: () => void = () => {};
  let crash: { error: unknown } | undefined;

  /** Resolves at `until`, when a worker becomes free, or when the run is aborted. */
  function pause(until: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = until === Infinity ? undefined : clock.schedule(until, () => wake());
      wake = () => {
        if (timer !== undefined) clock.cancel(timer);
        wake = () => {};
        resolve();
      };
      if (signal.aborted) wake();
    });
  }
  /** What to reject when the run is aborted: one listener for all operations, since listeners are slow to come and go. */
  const underWay = new Set<(reason: unknown) => void>();
  signal.addEventListener("abort", () => {
    wake();
    for (const reject of underWay) reject(signal.reason);
  });

  function unlessAborted<T>(promise: Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise<T>((resolve, reject) => {
      underWay.add(reject);
      const settled = () => void underWay.delete(reject);
      promise.then(resolve, reject).then(settled);
    });
  }

  /** Asks the generator for each free worker in turn, in a random order. */
  function ask({ generator, random }: Phase): { worker: Worker; invocation: Invocation } | "pending" | undefined {
    for (const worker of random.shuffle(workers.filter(({ busy }) => !busy))) {
      const invocation = generator.next(worker.index, worker.process);
      if (invocation === undefined) return undefined;
      if (invocation !== "pending") return { worker, invocation };
    }
    return "pending";
  }

  async function perform(worker: Worker, invocation: Invocation, generator: OperationGenerator): Promise<void> {
    const { process } = worker;
    worker.busy = true;
    const invoked = options.record({ ...invocation, value: invocation.value ?? null, process, type: "invoke" });
    generator.update?.(invoked, worker.index);
    const completion = await complete(worker, invocation);
    const completed = options.record({ ...invocation, value: invocation.value ?? null, ...completion, process });
    generator.update?.(completed, worker.index);
    if (completion.type === "info") {
      worker.process += concurrency;
      if (!options.reusable) disconnect(worker);
    }
    worker.busy = false;
    wake();
  }

  async function complete(worker: Worker, invocation: Invocation): Promise<Outcome> {
    try {
      worker.open ??= options.open(worker.index);
      return await unlessAborted(worker.open.client.invoke(invocation));
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (error instanceof RPCError) return { type: "info", error: [error.errorName, error.message] };
      if (signal.aborted) return { type: "info", error: "interrupted" };
      options.onException(error, worker.index);
      return { type: "info", error: ["indeterminate", error.message] };
    }
  }

  function disconnect(worker: Worker): void {
    worker.open?.close();
    worker.open = undefined;
  }

  return {
    async run(phase) {
      const { rate, random, generator } = phase;
      const end = phase.timeLimitSeconds === undefined ? Infinity : clock.now() + phase.timeLimitSeconds * 1000;
      let due = clock.now();
      while (!signal.aborted && !crash && clock.now() < end && rate !== 0) {
        if (clock.now() < due) {
          await pause(Math.min(due, end));
          continue;
        }
        const next = ask(phase);
        if (next === undefined) break;
        if (next === "pending") {
          const idle = workers.every(({ busy }) => !busy);
          await pause(Math.min(end, idle ? clock.now() + PENDING_INTERVAL : Infinity));
          // The next operation is counted from when this one could begin: what was missed is not caught up.
          due = clock.now();
          continue;
        }
        perform(next.worker, next.invocation, generator).catch((error) => {
          crash = { error };
          wake();
        });
        if (rate !== undefined) due += random.float() * 2000 / rate;
      }
      if (rate === 0) await pause(end);
      while (!crash && workers.some(({ busy }) => busy)) await pause(Infinity);
      if (crash) throw crash.error;
    },
    close() {
      workers.forEach(disconnect);
    },
  };
}
