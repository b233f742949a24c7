/**
 * The life of a test. This folder runs one test on nodes that a {@linkcode World} starts, judges it and stores it.
 * Code here takes the time from the world's clock and draws only from the test's seed, so that a simulation can be
 * repeated.
 *
 * 1. Set-up: start the nodes, send each its `init`, let the workload prepare it (`cluster.ts`).
 * 2. Main phase: clients perform the workload's operations (`interpreter.ts`) while faults come and go (`nemesis/`:
 *    `faults.ts` lists them, `partitions.ts` draws a partition).
 * 3. Heal: end all faults, start killed nodes again.
 * 4. Recovery: 10 s without faults and operations.
 * 5. Final phase: the workload's last reads.
 * 6. Judge: run the checkers over the history of `recorder.ts` (`judge.ts`); the outcome is a document (`results.ts`).
 * 7. Store: write history and results (`store/`).
 *
 * Without a final phase, steps 3 to 5 are left out. `silences.ts` finds out why a node did not answer, and
 * `progress.ts` measures how the test goes while it runs. Two files work on results: `failure.ts` finds the reason of a
 * failure, `survives.ts` has the faults that each challenge claims to survive.
 *
 * @module
 */

import { type Cluster, createCluster } from "./cluster.ts";
import type { Clock } from "../world/clock.ts";
import { forgedSource } from "../world/hosts/node_host.ts";
import type { World } from "../world/hosts/world.ts";
import type { Operation } from "../history/operation.ts";
import { type Decider, NOT_STORED, type Results, type TargetLimit } from "./results.ts";
import type { TestException } from "../base/test_exception.ts";
import type { Store } from "./store/store.ts";
import { clientNodes, RECOVERY, type TestOptions, type Workload } from "../workloads/workload.ts";
import { abortable } from "@std/async/abortable";
import { openConnection } from "../world/connection.ts";
import { createInterpreter, type Interpreter } from "./interpreter.ts";
import { formatJSON } from "../base/json.ts";
import type { NetCounts } from "../world/network/journal.ts";
import { judge, type TestRecord } from "./judge.ts";
import type { FaultTarget } from "./nemesis/faults.ts";
import { createNemesis, type Nemesis } from "./nemesis/nemesis.ts";
import { createNetwork, type Network } from "../world/network/network.ts";
import { type Random, seededRandom } from "../world/random.ts";
import { attachServices } from "../world/services/mod.ts";
import { createMeter, type Meter, type Progress, type ProgressPhase } from "./progress.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { noteServiceError } from "./service_errors.ts";
import { createSilences, type Silences } from "./silences.ts";

/** Time that a node has to answer a request of the nemesis, ms. */
const NEMESIS_TIMEOUT = 1000;

/** Options for {@linkcode runTest}. */
export interface RunOptions extends TestOptions {
  /** Number of the challenge, such as `"3e"`, or null for a plain test. */
  challenge: string | null;
  workload: Workload;
  /** Seed of all random draws. */
  seed: string;
  /** Command that repeats the test, for its results; left out if unknown. */
  command?: string;
  /** Limits that the figures must stay below for the run to pass. */
  limits: readonly TargetLimit[];
  /** Verdict that decides if the run has passed. `@default "strict"` */
  decidedBy?: Decider;
  /** True to log every message that is sent. */
  logNetSend: boolean;
  /** True to log every message that is received. */
  logNetRecv: boolean;
}

/** Callbacks and resources of a test. */
export interface RunHooks {
  /** Ends the test early; what was recorded is still checked and stored. */
  signal?: AbortSignal;
  /** Store of the run; without it nothing is stored. */
  store?: Store;
  /** Called with one line to show: a fault, a phase, an exception, a logged message. */
  log?(line: string): void;
  /** Called once, before the nodes start, with a function that ends the test as failed. */
  onCreated?(fail: (failure: TestException) => void): void;
  /** Called once, before the nodes start, with a function that returns the progress at any time. */
  progress?(ask: () => Progress): void;
  /** Called before the checkers run: they keep this thread busy. */
  beforeChecking?(): void;
}

/** Test after step 3: its main phase is over and all faults have ended. */
export interface HealedTest {
  /** History of the main phase and of the healing. */
  history: readonly Operation[];
  /** Milliseconds since the test began at which the last fault ended; undefined if there was none. */
  healedAt: number | undefined;
  network: Network;
}

/** Test under way, as its steps share it. */
interface Test {
  readonly options: RunOptions;
  readonly world: World;
  readonly hooks: RunHooks;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly network: Network;
  readonly cluster: Cluster;
  /** Runs the clients in both phases: processes and clients of the main phase carry over. */
  readonly interpreter: Interpreter;
  readonly nemesis: Nemesis;
  readonly silences: Silences;
  readonly meter: Meter;
  phase: ProgressPhase;
  /** Milliseconds at which the recovery is over; undefined before it begins. */
  recoveredAt?: number;
  /** Milliseconds at which the main phase began; before that, when the test was created. */
  startedAt: number;
  /** Message counts at the end of the main phase, if the final phase does not count; else undefined. */
  countsOfMainPhase?: NetCounts;
}

/**
 * Runs one test and judges it.
 *
 * A node that crashes, prints a bad line or does not answer `init` ends the test. It is among the exceptions of the
 * results, and what was recorded until then is judged.
 */
export async function runTest(options: RunOptions, world: World, hooks: RunHooks = {}): Promise<Results> {
  return concludeTest(await performTest(options, world, hooks), hooks);
}

/** Runs steps 1 to 5: the first half of {@linkcode runTest}. */
export async function performTest(options: RunOptions, world: World, hooks: RunHooks = {}): Promise<TestRecord> {
  const test = createTest(options, world, hooks);
  const { recorder, network } = test;
  hooks.onCreated?.(recorder.fail);
  hooks.progress?.(() => progressOf(test));
  await withNodes(test, async () => {
    await runMainPhase(test);
    await runFinalPhase(test);
  });
  test.phase = "checking";
  hooks.beforeChecking?.();
  return {
    challenge: options.challenge,
    workload: options.workload,
    mode: world.mode,
    seed: options.seed,
    command: options.command,
    options,
    limits: options.limits,
    decidedBy: options.decidedBy,
    history: recorder.history,
    counts: test.countsOfMainPhase ?? network.journal.counts,
    exceptions: recorder.exceptions,
    interrupted: hooks.signal?.aborted ?? false,
    store: hooks.store?.path ?? null,
  };
}

/**
 * Judges the record of a test and stores history and results, steps 6 and 7: the second half of {@linkcode runTest}.
 */
export function concludeTest(record: TestRecord, hooks: RunHooks = {}): Results {
  const results = judge(record);
  const { store } = hooks;
  if (store === undefined) return results;
  store.history(record.history);
  store.results(results);
  return withStoreProblem(results, store);
}

/**
 * Adds an exception to the results if not all of the run is stored, in the place of an earlier one. If the history or
 * the results are not, they name no folder.
 */
export function withStoreProblem(results: Results, store: Store): Results {
  const problem = store.problem();
  if (problem === undefined) return results;
  const { message, isStored } = problem;
  const others = results.exceptions.filter(({ type }) => type !== NOT_STORED);
  const exceptions = [...others, { type: NOT_STORED, message, count: 1 }];
  return { ...results, exceptions, store: isStored ? results.store : null };
}

/**
 * Runs steps 1 to 3 of a test, and then `watch` instead of the rest.
 *
 * @param watch Called while the nodes still run. Not called if the test ends early.
 */
export async function runUntilHealed(
  options: RunOptions,
  world: World,
  watch: (test: HealedTest) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const test = createTest(options, world, { signal });
  await withNodes(test, async () => {
    await runMainPhase(test);
    if (!test.recorder.signal.aborted) await watch(await healTest(test));
  });
}

/** Creates a test whose nodes do not run yet. */
function createTest(options: RunOptions, world: World, hooks: RunHooks): Test {
  const { workload, nodes } = options;
  const { clock } = world;
  const random = seededRandom(options.seed);
  const recorder = createRecorder(clock, (exception) => {
    if (!isToldAtEnd(exception)) hooks.log?.(exception.message);
  });
  const { record, note, fail, signal } = recorder;
  const meter = createMeter(options.concurrency);
  const network = createTestNetwork(options, world, hooks, { random, note, meter });
  const cluster = createCluster({ world, network, random, test: options, workload, onFailure: fail, note, signal });
  const silences = createSilences(clock, nodes, cluster);
  const interpreter = createClients(options, { clock, recorder, network, cluster, silences, meter });
  const nemesis = createNemesis({
    faults: options.nemesis,
    intervalSeconds: options.nemesisIntervalSeconds,
    nodes,
    network,
    cluster,
    servers: world.servers,
    call: callFrom(network, clock),
    clock,
    random: random.stream("nemesis"),
    record(operation) {
      record(operation);
      // Other values are long; the history has them.
      if (typeof operation.value === "string") hooks.log?.(`${operation.f} ${operation.value}`);
    },
  });
  const parts = { random, recorder, network, cluster, interpreter, nemesis, silences, meter };
  return { options, world, hooks, ...parts, phase: "starting", startedAt: clock.now() };
}

/** True for an exception that is found at the end of a test, or ends it: the summary that follows at once has it. */
function isToldAtEnd({ type, fatal }: TestException): boolean {
  return fatal === true || ["no-answer", "unfinished-line", "stderr-flood"].includes(type);
}

/** Creates the interpreter, whose workers have a client each: worker i talks to node i mod n of those for clients. */
function createClients(
  options: RunOptions,
  { clock, recorder: { record, note, signal }, network, cluster, silences, meter }:
    & Pick<Test, "recorder" | "network" | "cluster" | "silences" | "meter">
    & { clock: Clock },
): Interpreter {
  const { workload, concurrency, failFast, nemesis } = options;
  // Under faults a node may be silent.
  const hooks = { onMistake: note, ...nemesis.length === 0 ? silences : {}, ...failFast ? { liveness: cluster } : {} };
  const nodes = clientNodes(options);
  const nodeOf = (worker: number) => nodes[worker % nodes.length]!;
  return createInterpreter({
    clock,
    concurrency,
    reusable: workload.reusable,
    open(worker) {
      const connection = openConnection(network, clock, hooks);
      const client = workload.client(connection, nodeOf(worker), options);
      return { client, close: connection.close };
    },
    record(operation) {
      const entry = record(operation);
      meter.operation(entry);
      return entry;
    },
    onException: (error, worker) => note(clientException(error, nodeOf(worker))),
    signal,
  });
}

/** Returns a function that sends a request to a node as a new client, for the nemesis. */
function callFrom(network: Network, clock: Clock): FaultTarget["call"] {
  return async (node, body) => {
    const connection = openConnection(network, clock);
    try {
      return await connection.call(node, body, NEMESIS_TIMEOUT);
    } finally {
      connection.close();
    }
  };
}

/** Creates the network of a test, with its services. Messages are stored and logged. */
function createTestNetwork(
  options: RunOptions,
  { clock, cut }: World,
  hooks: RunHooks,
  { random, note, meter }: Pick<Test, "random" | "meter"> & Pick<Recorder, "note">,
): Network {
  const network = createNetwork({
    clock,
    random: random.stream("network"),
    latency: options.latency,
    oneAtATime: true,
    sink(entry) {
      if (entry.type === "send") meter.message(entry.time / 1e6);
      noteServiceError(entry, note);
      hooks.store?.message(entry);
      const logged = entry.type === "send" ? options.logNetSend : options.logNetRecv;
      const by = entry.sender === undefined ? "" : ` (sent by ${entry.sender})`;
      if (logged) hooks.log?.(`${entry.type} ${formatJSON(entry.message)}${by}`);
    },
    onForged: (node, message) => note(forgedSource(node, message)),
    onCut: cut,
  });
  attachServices(network, random.stream("services"), options.services);
  return network;
}

/** Starts the nodes, runs the phases and stops the nodes. An early end is not an error: the recorder has its cause. */
async function withNodes(test: Test, runPhases: () => Promise<void>): Promise<void> {
  const { recorder, cluster, interpreter, silences, hooks: { signal } } = test;
  // The listener is removed at the end. Otherwise a signal that many tests share would keep all of them alive.
  const listening = new AbortController();
  const onAbort = () => recorder.stop(signal!.reason);
  signal?.addEventListener("abort", onAbort, { signal: listening.signal });
  if (signal?.aborted) onAbort();
  try {
    await cluster.open();
    await runPhases();
    interpreter.close();
  } catch (error) {
    if (!recorder.signal.aborted) throw error;
  } finally {
    listening.abort();
    // A test that ended early has its cause; then silence is a consequence.
    if (!recorder.signal.aborted) { for (const each of await silences.report()) recorder.note(each); }
    await cluster.close();
  }
}

/** Runs the workload's operations under faults. Faults that are active at the end stay active. */
async function runMainPhase(test: Test): Promise<void> {
  const { options, world, random, network, interpreter, nemesis, meter } = test;
  const { workload, rate, timeLimitSeconds } = options;
  test.phase = "running";
  test.startedAt = world.clock.now();
  meter.begin(test.startedAt);
  nemesis.start();
  const generator = workload.generator(seenByClients(options), random.stream("generator"));
  await interpreter.run({ generator, random: random.stream("schedule"), rate, timeLimitSeconds });
  nemesis.stop();
  if (workload.final?.uncounted) test.countsOfMainPhase = structuredClone(network.journal.counts);
}

/** Ends all faults. */
async function healTest({ recorder: { history }, world, network, nemesis }: Test): Promise<HealedTest> {
  const hasFaults = nemesis.active().length > 0;
  const last = history.findLast(({ process }) => process === "nemesis");
  await nemesis.heal();
  const healedAt = hasFaults ? world.clock.now() : last && last.time / 1e6;
  return { history, healedAt, network };
}

/** Heals, waits for recovery and runs the workload's last reads, if it has any. */
async function runFinalPhase(test: Test): Promise<void> {
  const { options, world, random, hooks, recorder: { history, signal }, interpreter } = test;
  const { final } = options.workload;
  const seen = seenByClients(options);
  if (final === undefined || final.needed?.(seen) === false || signal.aborted) return;
  await healTest(test);
  const hadFaults = history.some(({ process }) => process === "nemesis");
  const why = hadFaults ? "All faults have ended. The nodes have" : "The nodes have";
  hooks.log?.(`${why} ${RECOVERY / 1000} s to pass on what they have; then clients read once more`);
  test.phase = "recovering";
  test.recoveredAt = world.clock.now() + RECOVERY;
  await abortable(world.clock.sleep(RECOVERY), signal);
  test.phase = "final";
  await interpreter.run({
    generator: final.generator(seen, random.stream("final generator"), history.slice()),
    random: random.stream("final schedule"),
    rate: final.ratePerWorker === undefined ? undefined : final.ratePerWorker * options.concurrency,
    timeLimitSeconds: final.timeLimitSeconds,
  });
}

/** The options with only those nodes that clients use. */
function seenByClients(options: RunOptions): RunOptions {
  return { ...options, nodes: clientNodes(options) };
}

/** A connection throws a `TypeError` for a message that breaks the workload's schemas. */
function clientException(error: Error, node: string): TestException {
  const type = error instanceof TypeError ? "malformed-reply" : "client-crashed";
  return { type, node, message: error.message, count: 1 };
}

function progressOf({ options, recorder, world, nemesis, meter, phase, startedAt, recoveredAt }: Test): Progress {
  const now = world.clock.now();
  return {
    phase,
    elapsed: now - startedAt,
    total: options.timeLimitSeconds * 1000,
    ...phase === "recovering" ? { recoveryLeft: recoveredAt! - now } : {},
    ...meter.read(now),
    faults: nemesis.active(),
    exceptions: recorder.exceptions,
  };
}
