/**
 * The interpreter: performs the operations of a generator and records them. After Jepsen's interpreter.
 *
 * 1. Wait until the next operation is due.
 * 2. Ask the generator for an operation for each free worker in turn, in random order; take the first.
 * 3. Record the invocation. The worker's client performs it: worker i talks to node i mod n, one operation at a time.
 * 4. Record the outcome and free the worker. After `info` the operation may still take effect, so the worker
 *    continues as a new process, with a new client unless clients are reusable.
 *
 * @module
 */

import type { Clock } from "../world/clock.ts";
import type { Operation } from "../history/operation.ts";
import type { Random } from "../world/random.ts";
import { errorValue } from "../workloads/outcome.ts";
import type { Invocation, OperationGenerator, Outcome, WorkloadClient } from "../workloads/workload.ts";
import { RPCError } from "../../protocol.ts";
import { messageOf } from "../base/errors.ts";

/** Client of a workload with its connection. */
export interface OpenClient {
  client: WorkloadClient;
  /** Closes the connection. */
  close(): void;
}

/** Options for {@linkcode createInterpreter}. */
export interface InterpreterOptions {
  clock: Clock;
  /** Number of workers. */
  concurrency: number;
  /** Opens a client for a worker. */
  open(worker: number): OpenClient;
  /** True if a client may be used after an operation of type info. */
  reusable: boolean;
  /** Adds an operation to the history and gives it its index and time. */
  record(operation: Omit<Operation, "index" | "time">): Operation;
  /** Called with an error that a client threw. Error replies and timeouts are outcomes instead. */
  onException(error: Error, worker: number): void;
  /** Ends the run early: no operation begins any more, and those under way are recorded as info. */
  signal: AbortSignal;
}

/** Phase of a test: a generator and the times at which its operations are due. */
export interface Phase {
  generator: OperationGenerator;
  /** Draws the intervals between operations and the order of workers. */
  random: Random;
  /** Operations a second of all workers together; without it, each worker goes as fast as it can. */
  rate?: number;
  /**
   * No operation begins later than this after the phase began; without it, the phase lasts until its generator is
   * exhausted.
   */
  timeLimitSeconds?: number;
}

/** Interpreter of one test. Runs phases one after another with the same workers. */
export interface Interpreter {
  /** Runs a phase; resolves when it is over and all its operations are completed. */
  run(phase: Phase): Promise<void>;
  /** Closes the clients. */
  close(): void;
}

/** Logical thread that performs operations. */
interface Worker {
  readonly index: number;
  /**
   * Process in the history; `process % concurrency === index`. Grows by `concurrency` after an operation of type
   * info.
   */
  process: number;
  /** Rejects the operation under way, if there is one. */
  interrupt(reason: unknown): void;
  /** Opened when first needed. */
  open?: OpenClient;
}

/** State of an interpreter. */
interface State {
  readonly options: InterpreterOptions;
  readonly workers: readonly Worker[];
  /** Workers without an operation under way, in no order. */
  readonly free: Worker[];
  /** Ends the present {@linkcode pause}; does nothing if there is none. */
  wake(): void;
  /** First error of the generator or of recording. It ends the phase. */
  crash?: { error: unknown };
}

/** Time to wait if no worker is busy and the generator has nothing yet, ms. Jepsen's max-pending-interval. */
const PENDING_INTERVAL = 1;

/** Creates an interpreter with its workers. */
export function createInterpreter(options: InterpreterOptions): Interpreter {
  const { concurrency, signal } = options;
  const workers = Array.from({ length: concurrency }, (_, index) => createWorker(index));
  const state: State = { options, workers, free: [...workers], wake() {} };
  signal.addEventListener("abort", () => {
    state.wake();
    // One listener serves all workers, because adding and removing listeners is slow.
    for (const { interrupt } of workers) interrupt(signal.reason);
  });
  return {
    run: (phase) => runPhase(state, phase),
    close: () => workers.forEach(closeClient),
  };
}

function createWorker(index: number): Worker {
  return { index, process: index, interrupt() {} };
}

async function runPhase(state: State, phase: Phase): Promise<void> {
  const { rate, timeLimitSeconds } = phase;
  const { clock } = state.options;
  const end = timeLimitSeconds === undefined ? Infinity : clock.now() + timeLimitSeconds * 1000;
  if (rate === 0) await pause(state, end);
  else await beginOperations(state, phase, end);
  while (state.crash === undefined && state.free.length < state.workers.length) await pause(state, Infinity);
  if (state.crash !== undefined) throw state.crash.error;
}

/** Begins operations until the time `end`, ms, until the generator is exhausted, or until the run is aborted. */
async function beginOperations(state: State, phase: Phase, end: number): Promise<void> {
  const { workers, free, options: { clock, signal } } = state;
  const { generator, rate, random } = phase;
  let due = clock.now();
  for (let now = due; !signal.aborted && state.crash === undefined && now < end; now = clock.now()) {
    if (now < due) {
      await pause(state, Math.min(due, end));
      continue;
    }
    const next = takeOperation(state, phase);
    if (next === undefined) return;
    if (next === "pending") {
      const idle = free.length === workers.length;
      await pause(state, Math.min(end, idle ? clock.now() + PENDING_INTERVAL : Infinity));
      // Operations that could not begin in time are not caught up, except for what the clock is to blame for: while it
      // was late, more became due than there are workers.
      due = Math.max(due, clock.now() - clock.lateness);
      continue;
    }
    perform(state, next.worker, next.invocation, generator).catch((error) => {
      state.crash = { error };
      state.wake();
    });
    // Uniform on 0 to twice the mean, as in Jepsen's `stagger`.
    if (rate !== undefined) due += random.float() * 2000 / rate;
  }
}

/** Resolves at the time `until`, when a worker becomes free, or when the run is aborted. */
function pause(state: State, until: number): Promise<void> {
  const { clock, signal } = state.options;
  return new Promise((resolve) => {
    const timer = until === Infinity ? undefined : clock.schedule(until, () => state.wake());
    state.wake = () => {
      if (timer !== undefined) clock.cancel(timer);
      state.wake = () => {};
      resolve();
    };
    if (signal.aborted) state.wake();
  });
}

/**
 * Step 2: asks the generator for each free worker in turn, in random order, until it has an operation for one. That
 * worker is not free any more.
 */
function takeOperation(
  { free }: State,
  { generator, random }: Phase,
): { worker: Worker; invocation: Invocation } | "pending" | undefined {
  // Those that were asked are moved to the end, from `left` on. One draw is enough, even of thousands of workers.
  for (let left = free.length; left > 0; left--) {
    const index = left === 1 ? 0 : random.integer(left);
    const worker = free[index]!;
    const invocation = generator.next(worker.index, worker.process);
    if (invocation === undefined) return undefined;
    if (invocation === "pending") {
      free[index] = free[left - 1]!;
      free[left - 1] = worker;
      continue;
    }
    free[index] = free.at(-1)!;
    free.pop();
    return { worker, invocation };
  }
  return "pending";
}

/** Steps 3 and 4: records an invocation, performs the operation and records its outcome. */
function perform(
  state: State,
  worker: Worker,
  invocation: Invocation,
  generator: OperationGenerator,
): Promise<void> {
  const { process } = worker;
  const operation = { ...invocation, value: invocation.value ?? null };
  const end = (outcome: Outcome) => complete(state, worker, { ...operation, ...outcome, process }, generator);
  const invoked = state.options.record({ ...operation, process, type: "invoke" });
  generator.update?.(invoked, worker.index);
  return invokeClient(state, worker, invocation).then(end, (thrown) => end(outcomeOf(state, worker, thrown)));
}

/** Records the outcome of an operation, and frees the worker. */
function complete(
  state: State,
  worker: Worker,
  operation: Omit<Operation, "index" | "time">,
  generator: OperationGenerator,
): void {
  const { record, concurrency, reusable } = state.options;
  const completed = record(operation);
  generator.update?.(completed, worker.index);
  if (completed.type === "info") {
    worker.process += concurrency;
    if (!reusable) closeClient(worker);
  }
  state.free.push(worker);
  state.wake();
}

/** Has the worker's client perform an operation. */
function invokeClient({ options: { open, signal } }: State, worker: Worker, invocation: Invocation): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    worker.interrupt = reject;
    signal.throwIfAborted();
    worker.open ??= open(worker.index);
    worker.open.client.invoke(invocation).then(resolve, reject);
  });
}

/** Returns the outcome of an operation whose client has thrown. Whatever it is, the operation may take effect. */
function outcomeOf({ options: { onException, signal } }: State, worker: Worker, thrown: unknown): Outcome {
  const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
  if (error instanceof RPCError) return { type: "info", error: errorValue(error) };
  if (signal.aborted) return { type: "info", error: "interrupted" };
  onException(error, worker.index);
  return { type: "info", error: ["indeterminate", error.message] };
}

function closeClient(worker: Worker): void {
  worker.open?.close();
  worker.open = undefined;
}
