/**
 * The life of a test: start the nodes, set up, run the workload under faults, heal, wait, read once more, tear down, check.
 *
 * @module
 */

import type { Operation } from "./operation.ts";
import type { Results, TargetLimit, TestException } from "./results.ts";
import type { Store } from "./store.ts";
import type { TestOptions, Workload } from "./workload.ts";
import type { Clock } from "./clock.ts";
// @ts-types="../../types/async.d.ts"
import { abortable } from "@std/async/abortable";
import { openConnection } from "./connection.ts";
import { UsageError } from "./errors.ts";
import type { NodeHost } from "./hosts/node_host.ts";
import { createInterpreter, type Interpreter } from "./interpreter.ts";
import { formatLine } from "./json.ts";
import { judge } from "./judge.ts";
import { createNemesis, type Nemesis } from "./nemesis.ts";
import { createNetwork, type Network } from "./network.ts";
import { type Random, seededRandom } from "./random.ts";
import { attachServices } from "./services/mod.ts";
import { RPCError } from "../protocol.ts";

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

/** Where a test runs: the time it lives in, and how its nodes come to life. */
export interface World {
  mode: "process" | "simulation";
  clock: Clock;
  /** Starts one node on the network. What goes wrong with it later is told to `onFailure`. */
  startNode(
    id: string,
    network: Network,
    random: Random,
    onFailure: (failure: TestException) => void,
  ): Promise<NodeHost>;
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
  /** The fault there is now, such as `"partition"`, or null. */
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
  /** Is given a function to ask for the progress at any time. */
  progress?(ask: () => Progress): void;
}

/** How long a node may take to answer `init`, ms. */
const INIT_TIMEOUT = 10_000;
/** How long the network is left in peace before the final phase, ms. */
const RECOVERY = 10_000;

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
  nodes: NodeHost[];
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
  const test = prepare(options, world, hooks);
  hooks.progress?.(() => progress(test));
  try {
    await startNodes(test);
    await setUpClients(test);
    await runPhases(test);
  } catch (error) {
    // An early end is not a crash: whoever caused it has said why.
    if (!test.stop.signal.aborted) throw error;
  } finally {
    await Promise.all(test.nodes.map((node) => node.stop()));
  }
  test.phase = "checking";
  const results = judge({
    ...options,
    mode: world.mode,
    options,
    history: test.history,
    counts: test.network.journal.counts,
    exceptions: test.exceptions,
    store: hooks.store?.path ?? null,
  });
  hooks.store?.history(test.history);
  hooks.store?.results(results);
  return results;
}

function prepare(options: RunOptions, world: World, hooks: RunHooks): Test {
  const random = seededRandom(options.seed);
  const network = createNetwork({
    clock: world.clock,
    random: random.stream("network"),
    latency: options.latency,
    sink: (entry) => {
      hooks.store?.message(entry);
      if (entry.type === "send" ? options.logNetSend : options.logNetRecv) {
        hooks.log?.(`${entry.type} ${formatLine(entry.message)}`);
      }
    },
  });
  attachServices(network, random.stream("services"));
  const stop = new AbortController();
  hooks.signal?.addEventListener("abort", () => stop.abort(hooks.signal!.reason));
  return {
    options,
    world,
    hooks,
    random,
    network,
    history: [],
    exceptions: [],
    stop,
    nodes: [],
    phase: "starting",
    started: world.clock.now(),
  };
}

/** Starts all nodes at once, and initialises each as soon as it is there. */
async function startNodes(test: Test): Promise<void> {
  const { options, world, network, random } = test;
  const onFailure = (failure: TestException) => fail(test, failure);
  await Promise.all(options.nodes.map(async (id) => {
    try {
      const node = await world.startNode(id, network, random.stream(`node ${id}`), onFailure);
      test.nodes.push(node);
      await initialise(test, node);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      fail(test, { type: "start-failed", node: id, message: messageOf(error), count: 1 });
    }
  }));
  test.stop.signal.throwIfAborted();
}

async function initialise(test: Test, { id, output }: NodeHost): Promise<void> {
  const { network, world, options, stop } = test;
  const connection = openConnection(network, world.clock);
  const init = { type: "init", node_id: id, node_ids: options.nodes };
  try {
    const { type } = await abortable(connection.call(id, init, INIT_TIMEOUT), stop.signal);
    if (type !== "init_ok") fail(test, initFailure(id, `it answered with a message of type ${type}`, output()));
  } catch (error) {
    const reason = error instanceof RPCError && error.code === 0
      ? `it did not answer within ${INIT_TIMEOUT / 1000} s`
      : `it answered with an error: ${messageOf(error)}`;
    fail(test, initFailure(id, reason, output()));
  } finally {
    connection.close();
  }
}

function initFailure(node: string, reason: string, output: string): TestException {
  const message = `Cannot initialise node ${node}: ${reason}, expected init_ok in reply to its init message\n${output}`;
  return { type: "init-failed", node, message: message.trimEnd(), count: 1 };
}

/** Gives each node's client a chance to prepare it, as broadcast's does with the topology. */
async function setUpClients(test: Test): Promise<void> {
  await Promise.all(test.options.nodes.map(async (_, worker) => {
    const { client, close } = openClient(test, worker);
    try {
      await abortable(client.setup?.() ?? Promise.resolve(), test.stop.signal);
    } catch (error) {
      if (!test.stop.signal.aborted) {
        const node = test.options.nodes[worker]!;
        fail(test, {
          type: "setup-failed",
          node,
          message: `Cannot set up node ${node}: ${messageOf(error)}`,
          count: 1,
        });
      }
    } finally {
      close();
    }
  }));
  test.stop.signal.throwIfAborted();
}

async function runPhases(test: Test): Promise<void> {
  const { options, world, random, network, hooks } = test;
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
    interval: options.nemesisInterval * 1000,
    nodes: options.nodes,
    network,
    clock,
    random: random.stream("nemesis"),
    record: (operation) => {
      record(test, operation);
      // What exactly it has come to stands in the history.
      if (typeof operation.value === "string") hooks.log?.(`${operation.f} ${operation.value}`);
    },
  });
  test.phase = "running";
  test.started = clock.now();
  nemesis.start();
  await interpreter.run({
    generator: workload.generator(options, random.stream("generator")),
    random: random.stream("schedule"),
    rate: options.rate,
    timeLimit: options.timeLimit * 1000,
  });
  nemesis.stop();
  if (workload.final !== undefined && !test.stop.signal.aborted) await runFinal(test, interpreter, nemesis);
  interpreter.close();
}

async function runFinal(test: Test, interpreter: Interpreter, nemesis: Nemesis): Promise<void> {
  const { options, world, random, hooks } = test;
  const final = options.workload.final!;
  nemesis.heal();
  hooks.log?.("Waiting for recovery...");
  test.phase = "recovering";
  await abortable(world.clock.sleep(RECOVERY), test.stop.signal);
  test.phase = "final";
  await interpreter.run({
    generator: final.generator(options, random.stream("final generator"), test.history.slice()),
    random: random.stream("final schedule"),
    rate: final.rate === undefined ? undefined : final.rate * options.concurrency,
    timeLimit: final.timeLimit === undefined ? undefined : final.timeLimit * 1000,
  });
}

function openClient(test: Test, worker: number) {
  const { options, network, world } = test;
  const connection = openConnection(network, world.clock);
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
  const [, fault = null] = /^start-(.*)/.exec(test.history.findLast(({ process }) => process === "nemesis")?.f ?? "") ??
    [];
  return { phase: test.phase, elapsed, ok, fail, info, messages, fault };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
