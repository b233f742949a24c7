/**
 * A worker of swarms over many machines. It keeps nothing: it can be killed at any time.
 *
 * 1. Follows the definitions of all swarms, and takes one that is not finished. It refuses one of another version.
 * 2. Each job takes a range of tests from the queue, and runs one after another on a thread of its own. Meanwhile it
 *    tells the server that it is at work.
 * 3. The result of a test is stored under its number, unless there is one. The files of a run that failed come first.
 * 4. When all results of a range are stored, the range is acknowledged. If the worker dies before, another gets it.
 *
 * @module
 */

import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { FailedError, messageOf } from "../../../base/errors.ts";
import { EXIT_STATUS } from "../../../base/exit_status.ts";
import { counted } from "../../../base/text.ts";
import type { Machine } from "../../../engines/machine.ts";
import { createLiveLine, type LiveLine, withLiveLine } from "../../../report/live_line.ts";
import { findChallenge } from "../../../request/challenges.ts";
import { openInterruption } from "../../interruption.ts";
import { drawTest } from "../draw.ts";
import { openPool } from "../pool.ts";
import { taskOf } from "../task.ts";
import { createTestClock, OVERDUE } from "../time_limits.ts";
import { refusalOf, type SeedRange, type SwarmDefinition, type Versions } from "./definition.ts";
import type { WorkerOptions } from "./options.ts";
import { workerSource } from "./report.ts";
import type { SeedResult } from "./results.ts";
import { isFull, putRun } from "./runs.ts";
import { CONSUMER, openSwarmServer, openSwarmStores, storeName, type SwarmServer, type SwarmStores } from "./server.ts";
import { openTestThread, type TestThread } from "./thread.ts";
import { findVersions } from "./version.ts";

/** Time that a job waits for a range before it looks for another swarm, ms. */
const PULL_TIME = 5000;
/** Deliveries of a range after which its tests are given up: they seem to kill their workers, or all are too slow. */
const MAX_DELIVERIES = 20;
/** Time for which a range stays in the queue if its worker was too slow for it, ms: another one may take it. */
const HANDING_OVER = 10_000;
/** Time after which a worker says that it waits, ms. */
const PATIENCE = 1000;

/** State of a worker. */
interface Worker {
  options: WorkerOptions;
  /** Name of this process: host and number. */
  name: string;
  machine: Machine;
  server: SwarmServer;
  versions: Versions;
  /** The swarms that this worker may work for, by name. */
  swarms: Map<string, SwarmDefinition>;
  /** Called at each change of `swarms`. */
  onChange: () => void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Tests whose results this worker has stored, and those among them that failed. */
  counts: { tests: number; failed: number };
}

/** The swarm that a worker works for. */
interface Work extends Worker {
  definition: SwarmDefinition;
  queue: Consumer;
  stores: SwarmStores;
  /** Time between two signs of work to the server, ms. */
  beat: number;
  /** Aborted when the swarm is finished, and by Ctrl-C. */
  signal: AbortSignal;
}

/**
 * Runs tests for the swarms of a server until Ctrl-C; with a name, until that swarm is finished.
 *
 * @returns The exit status.
 * @throws {UsageError} An address is bad, or a file cannot be read.
 * @throws {FailedError} The server cannot be used, or a swarm has another version.
 */
export async function runWorker(options: WorkerOptions, screen: Machine): Promise<number> {
  const line = createLiveLine(screen);
  const machine = withLiveLine(screen, line);
  try {
    const { tests, failed } = await work(options, machine, line);
    machine.stdout(`${counted(tests, "run")}, ${failed} failed\n`);
    return EXIT_STATUS.passed;
  } finally {
    line.stop();
  }
}

async function work(options: WorkerOptions, machine: Machine, line: LiveLine): Promise<Worker["counts"]> {
  const name = `${Deno.hostname()}/${Deno.pid}`;
  const versions = await findVersions(machine, options.bin);
  const server = await openSwarmServer(options.url, `maelstrom.sh worker ${name}`, machine);
  const interruption = openInterruption("Ending the worker; Ctrl-C again ends at once", machine);
  const { signal } = interruption;
  const counts = { tests: 0, failed: 0 };
  const worker: Worker = {
    options,
    name,
    machine,
    server,
    versions,
    signal,
    counts,
    swarms: new Map(),
    onChange() {},
  };
  line.show(workerSource(name, counts));
  const ended = new AbortController();
  try {
    await Promise.race([followDefinitions(worker, ended.signal), workForAll(worker)]);
  } finally {
    ended.abort();
    interruption.close();
    await server.close();
  }
  return counts;
}

/** Keeps `swarms` up to date, until the signal. */
async function followDefinitions(worker: Worker, signal: AbortSignal): Promise<void> {
  const { server, swarms, options } = worker;
  while (!signal.aborted) {
    const changes = await server.retry(() => server.definitions.watch(), signal);
    for await (const entry of changes) {
      const definition = entry.operation === "PUT" ? entry.json<SwarmDefinition>() : undefined;
      if (definition === undefined) swarms.delete(entry.key);
      else if (options.name === undefined || options.name === definition.name) swarms.set(entry.key, definition);
      worker.onChange();
    }
  }
}

async function workForAll(worker: Worker): Promise<void> {
  const { swarms, options: { name }, signal, machine } = worker;
  let last = "";
  signal.addEventListener("abort", () => worker.onChange());
  while (!signal.aborted) {
    const definition = nextSwarm(worker, last);
    if (definition === undefined) {
      // With a name, there is nothing else to wait for.
      if (name !== undefined && (last !== "" || swarms.has(name))) return;
      await waitForChange(worker);
      continue;
    }
    const refusal = refusalOf(definition, worker.versions);
    if (refusal !== undefined) throw new FailedError(refusal);
    if (last !== definition.name) machine.stderr(`Working for the swarm ${definition.name}\n`);
    last = definition.name;
    await workFor(definition, worker);
  }
}

/** Waits until there may be a swarm to work for. */
async function waitForChange(worker: Worker): Promise<void> {
  const { promise: changed, resolve } = Promise.withResolvers<void>();
  worker.onChange = resolve;
  const { options, server, machine } = worker;
  const tell = () => machine.stderr(`Waiting for ${options.name ?? "a swarm"} at ${server.address}; Ctrl-C ends\n`);
  const timer = setTimeout(tell, PATIENCE);
  await changed;
  clearTimeout(timer);
}

/** Returns the unfinished swarm after the last one, in the order of their names. */
function nextSwarm({ swarms }: Worker, last: string): SwarmDefinition | undefined {
  const names = unfinished(swarms);
  return swarms.get(names.find((name) => name > last) ?? names[0] ?? "");
}

function unfinished(swarms: ReadonlyMap<string, SwarmDefinition>): string[] {
  return [...swarms.values()].filter(({ isFinished }) => !isFinished).map(({ name }) => name).sort();
}

/** Runs tests of one swarm with all jobs, until it is finished, or others may have more to do. */
async function workFor(definition: SwarmDefinition, worker: Worker): Promise<void> {
  const { server, swarms, machine, options } = worker;
  const over = new AbortController();
  const signal = AbortSignal.any([worker.signal, over.signal]);
  worker.onChange = () => unfinished(swarms).includes(definition.name) ? undefined : over.abort();
  if (worker.signal.aborted) return;
  try {
    const stores = await server.retry(() => openSwarmStores(server, definition.name), signal);
    const queue = await server.retry(() => server.js.consumers.get(storeName(definition.name), CONSUMER), signal);
    const ackWait = (await queue.info(true)).config.ack_wait! / 1e6;
    const work: Work = { ...worker, definition, queue, stores, beat: ackWait / 3, signal };
    const { jobs } = options;
    const clock = createTestClock();
    await Promise.all(Array.from({ length: jobs }, async () => {
      const thread = openTestThread({ machine, clock, jobs, openPool });
      try {
        await runJob(work, thread);
      } finally {
        thread.close();
      }
    }));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Runs one range after another. */
async function runJob(work: Work, thread: TestThread): Promise<void> {
  const { server, queue, signal, swarms, definition, options } = work;
  while (!signal.aborted) {
    const message = await server.retry(() => queue.next({ expires: PULL_TIME }), signal);
    if (message !== null) await runRange(message, work, thread);
    else if (options.name === undefined && unfinished(swarms).some((name) => name !== definition.name)) return;
  }
}

async function runRange(message: JsMsg, work: Work, thread: TestThread): Promise<void> {
  const { server, stores: { results }, signal, beat, machine } = work;
  const { first, last, isRepeat } = message.json<SeedRange>();
  const { deliveryCount } = message.info;
  const timer = setInterval(() => message.working(), beat);
  try {
    for (let number = first; number <= last; number++) {
      const isKnown = (isRepeat || deliveryCount > 1) &&
        await server.retry(() => results.get(String(number)), signal) !== null;
      if (isKnown) continue;
      const result = deliveryCount > MAX_DELIVERIES ? giveUp(number, work) : await runSeed(number, work, thread);
      if (result === undefined) {
        machine.stderr(`Test ${number} ${OVERDUE.starved}. It is handed out again\n`);
        return message.nak(HANDING_OVER);
      }
      await storeResult(number, result, work);
    }
    await server.retry(() => message.ackAck(), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    message.nak();
  } finally {
    clearInterval(timer);
  }
}

/** Result of a test that is not run any more. */
function giveUp(number: number, { definition: { seed, challenges }, name }: Work): SeedResult {
  const { challenge } = drawTest(seed, number, challenges.map((id) => findChallenge(id)!));
  const problem = `Its range was handed out ${MAX_DELIVERIES} times: it seems to kill its workers, or all are too slow`;
  const nothing = { operations: 0, duration: 0, elapsed: 0 };
  return { challenge: challenge.id, outcome: "no-results", ...nothing, problem, worker: name };
}

/** Runs a test, and stores its files if it failed. Undefined if this machine is too slow to judge it. */
async function runSeed(number: number, work: Work, thread: TestThread): Promise<SeedResult | undefined> {
  const { definition: { seed, challenges }, options: { bin }, name, signal } = work;
  const test = drawTest(seed, number, challenges.map((id) => findChallenge(id)!));
  const task = taskOf(test, bin === undefined ? [] : ["--bin", bin]);
  const startedAt = performance.now();
  const { result, overdue, problem } = await thread.run(task, signal);
  if (overdue === "starved") return undefined;
  const facts = { challenge: test.challenge.id, elapsed: Math.round(performance.now() - startedAt), worker: name };
  if (result === undefined) {
    return { ...facts, outcome: overdue ?? "no-results", operations: 0, duration: 0, problem };
  }
  const { survived, hasVerdict, operations, duration, findings } = result;
  if (survived) return { ...facts, outcome: hasVerdict ? "valid" : "no-verdict", operations, duration };
  await keepRun(number, task, work, thread);
  return { ...facts, outcome: "failed", operations, duration, findings };
}

/** Runs a test again, and stores its files on the server. */
async function keepRun(
  number: number,
  task: Parameters<TestThread["run"]>[0],
  work: Work,
  thread: TestThread,
): Promise<void> {
  const { server, stores: { runs }, signal, machine } = work;
  const folder = await Deno.makeTempDir({ prefix: "maelstrom-" });
  try {
    const flags = [...task.flags, "--store", folder, "--max-store", "50MB"];
    const { result } = await thread.run({ ...task, flags, isStored: true }, signal);
    const stored = result?.store;
    if (stored == undefined) return;
    await server.retry(async () => {
      try {
        await putRun(runs, number, stored);
      } catch (error) {
        if (!isFull(error)) throw error;
        machine.stderr(`Cannot store the run of test ${number}: ${messageOf(error)}\n`);
      }
    }, signal);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Stores a result, unless there is one: every test is counted once, however often it runs. */
async function storeResult(
  number: number,
  result: SeedResult,
  { server, stores, signal, counts }: Work,
): Promise<void> {
  const isNew = await server.retry(async () => {
    try {
      await stores.results.create(String(number), JSON.stringify(result));
      return true;
    } catch (error) {
      // An attempt whose answer was lost has stored it.
      if (await stores.results.get(String(number)) === null) throw error;
      return false;
    }
  }, signal);
  if (!isNew) return;
  counts.tests++;
  if (result.outcome !== "valid" && result.outcome !== "no-verdict") counts.failed++;
}
