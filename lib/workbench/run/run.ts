/**
 * The life of a test: start the nodes, set up, run the workload under faults, heal, wait, read once more, tear down, check.
 *
 * @module
 */

import { type Cluster, createCluster } from "./cluster.ts";
import type { World } from "../world/hosts/world.ts";
import type { Operation } from "../history/operation.ts";
import { NOT_STORED, type Results, type TargetLimit } from "./results.ts";
import type { TestException } from "../base/test_exception.ts";
import type { Store } from "./store/store.ts";
import { RECOVERY, type TestOptions, type Workload } from "../workloads/workload.ts";
import { abortable } from "@std/async/abortable";
import { openConnection } from "../world/connection.ts";
import { createInterpreter, type Interpreter } from "./interpreter.ts";
import { formatLine } from "../base/json.ts";
import type { NetCounts } from "../world/network/journal.ts";
import { judge, type TestRecord } from "./judge.ts";
import { createNemesis, type Nemesis } from "./nemesis/nemesis.ts";
import { createNetwork, type Network } from "../world/network/network.ts";
import { type Random, seededRandom } from "../world/random.ts";
import { attachServices } from "../world/services/mod.ts";

/** What to run. */
export interface RunOptions extends TestOptions {
  /** The challenge, such as `"3e"`, or null for a plain test. */
  challenge: string | null;
  workload: Workload;
  /** What to pass to `--seed` to repeat it. */
  seed: string;
  /** The limits to judge by, besides validity. */
  targets: TargetLimit[];
  /** Report every message sent, received. */
  logNetSend: boolean;
  logNetRecv: boolean;
}

/** What goes on, for a progress line. */
export interface Progress {
  /** What the test is doing: `"starting"`, `"running"`, `"recovering"`, `"final"`, `"checking"`. */
  phase: string;
  /** Milliseconds since the main phase began. */
  elapsed: number;
  ok: number;
  fail: number;
  info: number;
  /** How many messages have been sent. */
  messages: number;
  /** The faults there are now, such as `"partition, kill"`, or null. */
  fault: string | null;
}

/** How a test speaks to the outside. */
export interface RunHooks {
  /** Ends the test early; what was recorded is still checked and stored. */
  signal?: AbortSignal;
  /** Where to keep it; nowhere without. */
  store?: Store;
  /** Is told of one line to show: a fault, a phase, a logged message. */
  log?(line: string): void;
  /** Is given a function that ends the test as failed. */
  begun?(fail: (failure: TestException) => void): void;
  /** Is given a function to ask for the progress at any time. */
  progress?(ask: () => Progress): void;
}

/** A test whose main phase is over, and in which nothing is broken any more. */
export interface HealedTest {
  /** That of the main phase. */
  history: readonly Operation[];
  /** When the last fault ended, in milliseconds since the test began; undefined where there was none. */
  healed: number | undefined;
  network: Network;
}

/** A test under way: what its phases share. */
interface Test {
  options: RunOptions;
  world: World;
  hooks: RunHooks;
  random: Random;
  network: Network;
  history: Operation[];
  exceptions: TestException[];
  /** Ends the test early. */
  stop: AbortController;
  cluster: Cluster;
  nemesis?: Nemesis;
  /** The counts of messages to judge by, where they are not those of the whole test. */
  counts?: NetCounts;
  /** Takes over when the main phase is over. */
  onHealed?(healed: HealedTest): Promise<void>;
  phase: string;
  started: number;
}

/**
 * Runs one test from beginning to end, and judges it.
 *
 * A node that crashes, prints a bad line or does not answer `init` ends the test: it stands among the result's exceptions, and what was
 * recorded until then is judged all the same.
 */
export async function runTest(options: RunOptions, world: World, hooks: RunHooks = {}): Promise<Results> {
  return concludeTest(await performTest(options, world, hooks), hooks);
}

/** The first half of {@linkcode runTest}: all that happens, in whatever time the world has. */
export async function performTest(options: RunOptions, world: World, hooks: RunHooks = {}): Promise<TestRecord> {
  const test = prepare(options, world, hooks);
  hooks.begun?.((failure) => fail(test, failure));
  hooks.progress?.(() => progress(test));
  await perform(test);
  test.phase = "checking";
  return {
    ...options,
    mode: world.mode,
    options,
    history: test.history,
    counts: test.counts ?? test.network.journal.counts,
    exceptions: test.exceptions,
    interrupted: hooks.signal?.aborted ?? false,
    store: hooks.store?.path ?? null,
  };
}

/** Judges the record of a test and stores history and results: the second half of {@linkcode runTest}. */
export function concludeTest(record: TestRecord, hooks: RunHooks = {}): Results {
  const results = judge(record);
  const { store } = hooks;
  if (store === undefined) return results;
  store.history(record.history);
  store.results(results);
  return withStoreProblem(results, store);
}

/** Adds an exception to the results if the store could not be written. They then name no folder. */
export function withStoreProblem(results: Results, store: Store): Results {
  const problem = store.problem();
  if (problem === undefined) return results;
  const noted = results.exceptions.some(({ type }) => type === NOT_STORED);
  const exceptions = noted ? results.exceptions : [...results.exceptions, notStored(problem)];
  return { ...results, exceptions, store: null };
}

function notStored(message: string): TestException {
  return { type: NOT_STORED, message, count: 1 };
}

/**
 * Runs one test as {@linkcode runTest} does, but only until the nemesis has healed: what is done from there on, `onHealed` decides.
 * It is not called where the test ends early.
 */
export async function runUntilHealed(
  options: RunOptions,
  world: World,
  onHealed: (healed: HealedTest) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const test = prepare(options, world, { signal });
  test.onHealed = onHealed;
  await perform(test);
}

async function perform(test: Test): Promise<void> {
  const { hooks: { signal }, stop } = test;
  // A signal may outlive many tests, all of which it would hold on to.
  const listening = new AbortController();
  const onAbort = () => stop.abort(signal!.reason);
  signal?.addEventListener("abort", onAbort, { signal: listening.signal });
  if (signal?.aborted) onAbort();
  try {
    await test.cluster.open();
    await runPhases(test);
  } catch (error) {
    // An early end is not a crash: whoever caused it has said why.
    if (!stop.signal.aborted) throw error;
  } finally {
    listening.abort();
    await test.cluster.close();
  }
}

function prepare(options: RunOptions, world: World, hooks: RunHooks): Test {
  const random = seededRandom(options.seed);
  const network = createNetwork({
    clock: world.clock,
    random: random.stream("network"),
    latency: options.latency,
    oneAtATime: true,
    sink: (entry) => {
      hooks.store?.message(entry);
      if (entry.type === "send" ? options.logNetSend : options.logNetRecv) {
        hooks.log?.(`${entry.type} ${formatLine(entry.message)}`);
      }
    },
  });
  attachServices(network, random.stream("services"));
  const stop = new AbortController();
  const cluster = createCluster({
    world,
    network,
    random,
    test: options,
    workload: options.workload,
    onFailure: (failure) => fail(test, failure),
    signal: stop.signal,
  });
  const test: Test = {
    options,
    world,
    hooks,
    random,
    network,
    history: [],
    exceptions: [],
    stop,
    cluster,
    phase: "starting",
    started: world.clock.now(),
  };
  return test;
}

async function runPhases(test: Test): Promise<void> {
  const { options, world, random, network, cluster, hooks } = test;
  const { workload } = options;
  const clock = world.clock;
  const interpreter = createInterpreter({
    clock,
    concurrency: options.concurrency,
    reusable: workload.reusable,
    open: (worker) => openClient(test, worker),
    record: (operation) => record(test, operation),
    onException: (error, worker) => note(test, clientException(error, nodeOf(test, worker))),
    signal: test.stop.signal,
  });
  const nemesis = createNemesis({
    faults: options.nemesis,
    intervalSeconds: options.nemesisIntervalSeconds,
    nodes: options.nodes,
    network,
    cluster,
    clock,
    random: random.stream("nemesis"),
    record: (operation) => {
      record(test, operation);
      // What exactly it has come to stands in the history.
      if (typeof operation.value === "string") hooks.log?.(`${operation.f} ${operation.value}`);
    },
  });
  test.nemesis = nemesis;
  test.phase = "running";
  test.started = clock.now();
  nemesis.start();
  await interpreter.run({
    generator: workload.generator(options, random.stream("generator")),
    random: random.stream("schedule"),
    rate: options.rate,
    timeLimitSeconds: options.timeLimitSeconds,
  });
  nemesis.stop();
  const { final } = workload;
  if (final?.uncounted) test.counts = structuredClone(network.journal.counts);
  if (test.onHealed !== undefined && !test.stop.signal.aborted) {
    const broken = nemesis.active().length > 0;
    const last = test.history.findLast(({ process }) => process === "nemesis");
    await nemesis.heal();
    const healed = broken ? clock.now() : last && last.time / 1e6;
    await test.onHealed({ history: test.history, healed, network });
  } else if (final !== undefined && final.needed?.(options) !== false && !test.stop.signal.aborted) {
    await runFinal(test, interpreter, nemesis);
  }
  interpreter.close();
}

async function runFinal(test: Test, interpreter: Interpreter, nemesis: Nemesis): Promise<void> {
  const { options, world, random, hooks } = test;
  const final = options.workload.final!;
  await nemesis.heal();
  hooks.log?.("Waiting for recovery...");
  test.phase = "recovering";
  await abortable(world.clock.sleep(RECOVERY), test.stop.signal);
  test.phase = "final";
  await interpreter.run({
    generator: final.generator(options, random.stream("final generator"), test.history.slice()),
    random: random.stream("final schedule"),
    rate: final.ratePerWorker === undefined ? undefined : final.ratePerWorker * options.concurrency,
    timeLimitSeconds: final.timeLimitSeconds,
  });
}

function openClient(test: Test, worker: number) {
  const { options, network, world } = test;
  const connection = openConnection(network, world.clock, (mistake) => note(test, mistake));
  const client = options.workload.client(connection, nodeOf(test, worker), options);
  return { client, close: () => connection.close() };
}

function nodeOf({ options }: Test, worker: number): string {
  return options.nodes[worker % options.nodes.length]!;
}

function record(test: Test, operation: Omit<Operation, "index" | "time">): Operation {
  const entry = {
    index: test.history.length,
    time: Math.round(test.world.clock.now() * 1e6),
    ...operation,
  } as Operation;
  test.history.push(entry);
  return entry;
}

/** Notes what went wrong, and ends the test; what goes wrong after that is a consequence. */
function fail(test: Test, exception: TestException): void {
  if (test.stop.signal.aborted) return;
  note(test, { ...exception, fatal: true });
  test.stop.abort(new Error(exception.message));
}

/** Notes what went wrong; the same thing once, with a count. */
function note(test: Test, exception: TestException): void {
  const same = test.exceptions.find(({ type, node }) => type === exception.type && node === exception.node);
  if (same !== undefined) same.count += exception.count;
  else {
    test.exceptions.push(exception);
    test.hooks.log?.(exception.message);
  }
}

function clientException(error: Error, node: string): TestException {
  return {
    type: error instanceof TypeError ? "malformed-reply" : "client-crashed",
    node,
    message: error.message,
    count: 1,
  };
}

function progress(test: Test): Progress {
  const counts = { invoke: 0, ok: 0, fail: 0, info: 0 };
  for (const { type, process } of test.history) if (process !== "nemesis") counts[type]++;
  const elapsed = test.world.clock.now() - test.started;
  const { ok, fail, info } = counts;
  const messages = test.network.journal.counts.all.send_count;
  const fault = test.nemesis?.active().join(", ") || null;
  return { phase: test.phase, elapsed, ok, fail, info, messages, fault };
}
