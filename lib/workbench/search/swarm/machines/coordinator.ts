/**
 * The coordinator of a swarm over many machines. Its state is on the server: it can be killed at any time, and started
 * again with the same name; several may run at once.
 *
 * 1. Defines the swarm, or goes on with the one of that name. It refuses one of another version.
 * 2. Hands out the ranges of tests, in order. The number of messages that the queue has ever had says how many it has
 *    handed out.
 * 3. Follows the results, and counts each test once.
 * 4. Hands out again the tests without results, if the queue is empty and nobody is at work: the server has lost them.
 *    A queue that gives nothing to workers who wait for it is removed first, and made again.
 * 5. At the end, fetches the files of runs that failed, reports, and shrinks the first of them.
 *
 * @module
 */

import { EXIT_STATUS } from "../../../base/exit_status.ts";
import { FailedError, UsageError } from "../../../base/errors.ts";
import type { Machine } from "../../../engines/machine.ts";
import { createLiveLine, type LiveLine, withLiveLine } from "../../../report/live_line.ts";
import { CHALLENGES, findChallenge } from "../../../request/challenges.ts";
import { formatCommand } from "../../../request/command_line.ts";
import { openInterruption } from "../../interruption.ts";
import { type DrawnTest, drawTest } from "../draw.ts";
import { explainFailure } from "../explain.ts";
import { challengesOf } from "../options.ts";
import { verdictGaps } from "../tally.ts";
import { requestOf, taskOf } from "../task.ts";
import {
  missingRanges,
  rangeAt,
  rangeCount,
  rangeSizeFor,
  refusalOf,
  type SeedRange,
  type SwarmDefinition,
  type Versions,
} from "./definition.ts";
import { conflictWith, type CoordinatorOptions } from "./options.ts";
import { createSwarmDocument, type FailureFacts, formatSwarmReport, formatSwarmTables, swarmSource } from "./report.ts";
import { countResult, createSwarmResults, isComplete, type SeedResult, type SwarmResults } from "./results.ts";
import { fetchRuns } from "./runs.ts";
import {
  CONSUMER,
  createSwarmStores,
  delay,
  isWrongSequence,
  openSwarmServer,
  openSwarmStores,
  readDefinition,
  removeQueue,
  removeSwarm,
  storeName,
  subjectOf,
  type SwarmServer,
  type SwarmStores,
} from "./server.ts";
import { findVersions } from "./version.ts";

/** Time between two counts, of which the last {@linkcode RATE_WINDOW} give the rate that is shown, ms. */
const COUNT_INTERVAL = 500;
const RATE_WINDOW = 20;
/** Time between two tables on stderr, ms. */
const TABLE_INTERVAL = 60_000;
/** Time between two looks at the queue, ms. */
const LOOK_INTERVAL = 2000;
/** Looks without anything under way or a new result, after which missing tests are handed out again. */
const IDLE_LOOKS = 3;

/** State of a coordinator. */
interface Coordinator {
  options: CoordinatorOptions;
  machine: Machine;
  server: SwarmServer;
  definition: SwarmDefinition;
  stores: SwarmStores;
  results: SwarmResults;
  /** Aborted by Ctrl-C, and when all tests are counted. */
  signal: AbortSignal;
}

/**
 * Carries out a swarm over many machines.
 *
 * @returns The exit status: that of `swarm`, or that of an interruption.
 * @throws {UsageError} An option is bad, or contradicts the swarm of that name.
 * @throws {FailedError} The server cannot be used, or the swarm has another version.
 */
export async function runCoordinator(options: CoordinatorOptions, machine: Machine): Promise<number> {
  const line = createLiveLine(machine);
  try {
    return await coordinate(options, withLiveLine(machine, line), line);
  } finally {
    line.stop();
  }
}

async function coordinate(options: CoordinatorOptions, machine: Machine, line: LiveLine): Promise<number> {
  const server = await openSwarmServer(options.url, "maelstrom.sh coordinator", machine);
  const interruption = openInterruption("Ending; the swarm stays on the server. Ctrl-C again ends at once", machine);
  try {
    if (options.removes) return await remove(options.name!, server, machine);
    const versions = await findVersions(machine, options.bin);
    const definition = await server.retry(() => define(options, versions, server, machine), interruption.signal);
    const complete = new AbortController();
    const coordinator: Coordinator = {
      options,
      machine,
      server,
      definition,
      stores: await openSwarmStores(server, definition.name),
      results: createSwarmResults(definition),
      signal: AbortSignal.any([interruption.signal, complete.signal]),
    };
    machine.stderr(`Swarm ${definition.name} at ${server.address}: ${definition.seeds} tests\n`);
    await runToEnd(coordinator, complete, line);
    return await finish(coordinator, interruption.signal);
  } finally {
    interruption.close();
    await server.close();
  }
}

async function remove(name: string, server: SwarmServer, { stdout }: Machine): Promise<number> {
  if (await readDefinition(server, name) === undefined) {
    throw unknownSwarm(name, server, "it has never been there, or was removed");
  }
  await removeSwarm(server, name);
  stdout(`Removed the swarm ${name}\n`);
  return EXIT_STATUS.passed;
}

function unknownSwarm(name: string, { address }: SwarmServer, advice: string): UsageError {
  return new UsageError(`Cannot find the swarm ${name} at ${address}: ${advice}`);
}

/** Step 1. */
async function define(
  options: CoordinatorOptions,
  versions: Versions,
  server: SwarmServer,
  machine: Machine,
): Promise<SwarmDefinition> {
  const wanted = options.seeds === undefined ? undefined : newDefinition(options, versions, machine);
  const name = options.name ?? wanted!.name;
  const stored = await readDefinition(server, name);
  if (stored !== undefined) {
    const refusal = refusalOf(stored, versions);
    if (refusal !== undefined) throw new FailedError(refusal);
    const conflict = conflictWith(stored, options);
    if (conflict !== undefined) throw new UsageError(conflict);
    return stored;
  }
  if (wanted === undefined) throw unknownSwarm(name, server, "expected --seeds NUMBER to begin it");
  // A wrong --bin shows here, before anything is stored.
  requestOf(taskOf(testOf(1, wanted), binFlags(options)), "none", machine);
  // The definition comes last: a worker that sees it finds the rest.
  await createSwarmStores(server, name);
  await server.definitions.create(name, JSON.stringify(wanted));
  return wanted;
}

function newDefinition(
  { seeds, seed, name, challenges, bin }: CoordinatorOptions,
  versions: Versions,
  machine: Machine,
): SwarmDefinition {
  const chosen = seed ?? machine.newSeed();
  return {
    schema: 1,
    name: name ?? chosen,
    seed: chosen,
    seeds: seeds!,
    challenges: challengesOf(challenges, bin).map(({ id }) => id),
    ...versions,
    rangeSize: rangeSizeFor(seeds!),
    createdAt: machine.now(),
    isFinished: false,
  };
}

function testOf(number: number, { seed, challenges }: SwarmDefinition): DrawnTest {
  return drawTest(seed, number, challenges.map((id) => findChallenge(id) ?? CHALLENGES[0]!));
}

function binFlags({ bin }: CoordinatorOptions): string[] {
  return bin === undefined ? [] : ["--bin", bin];
}

/** Steps 2 to 4, until all tests are counted, or until Ctrl-C. Aborts `complete` when all are. */
async function runToEnd(coordinator: Coordinator, complete: AbortController, line: LiveLine): Promise<void> {
  const { definition, signal } = coordinator;
  const stopShowing = showProgress(coordinator, line);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (signal.aborted) resolve();
  const handing = definition.isFinished ? ended : handOut(coordinator).then(() => handOutMissing(coordinator));
  try {
    await Promise.race([followResults(coordinator, complete), failing(handing, ended), ended]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stopShowing();
  }
}

/** Shows the line, and a table each minute in which something was counted. Returns a function that ends it. */
function showProgress({ machine, results }: Coordinator, line: LiveLine): () => void {
  const counts = [0];
  let shown = 0;
  const stopCounting = machine.every(COUNT_INTERVAL, () => {
    counts.push(results.numbers.size);
    if (counts.length > RATE_WINDOW) counts.shift();
  });
  const stopTables = machine.every(TABLE_INTERVAL, () => {
    if (results.numbers.size > shown) machine.stderr(`${formatSwarmTables(results)}\n\n`);
    shown = results.numbers.size;
  });
  line.show(swarmSource(results, () => {
    const rate = (counts.at(-1)! - counts[0]!) / Math.max(1, counts.length - 1) / (COUNT_INTERVAL / 1000);
    return { now: machine.now(), rate };
  }));
  return () => {
    stopCounting();
    stopTables();
    line.show(undefined);
    line.hide();
  };
}

/** Waits for the end, but fails if the work does. */
async function failing(work: Promise<void>, ended: Promise<void>): Promise<void> {
  await work;
  await ended;
}

/** Step 2. */
async function handOut(coordinator: Coordinator): Promise<void> {
  const { definition, signal, results } = coordinator;
  const count = rangeCount(definition);
  while (!signal.aborted) {
    // The number of ranges that the queue has ever had.
    let index = (await withQueue(coordinator, ({ jsm }, queue) => jsm.streams.info(queue))).state.last_seq;
    if (index >= count) return;
    for (let isNext = true; isNext && index < count && !signal.aborted; index++) {
      const range = { ...rangeAt(definition, index), isRepeat: results.numbers.size > 0 };
      isNext = await handOutRange(range, index, coordinator);
    }
  }
}

/**
 * Hands out a range, if the queue has had so many ranges before. If not, another coordinator was faster, or an attempt
 * of this one whose answer was lost.
 *
 * @returns True if it was handed out now.
 */
function handOutRange(range: SeedRange, lastSequence: number, coordinator: Coordinator): Promise<boolean> {
  const subject = subjectOf(coordinator.definition.name);
  return withQueue(coordinator, async ({ js }) => {
    try {
      await js.publish(subject, JSON.stringify(range), { expect: { lastSequence } });
      return true;
    } catch (error) {
      if (isWrongSequence(error)) return false;
      throw error;
    }
  });
}

/**
 * Performs an action on the queue, and repeats it until it succeeds. If the server has lost the queue, it gets a new
 * one, and all ranges are handed out again.
 *
 * @throws {FailedError} The swarm has been removed.
 */
function withQueue<T>(
  { server, definition: { name }, signal }: Coordinator,
  action: (server: SwarmServer, queue: string) => Promise<T>,
): Promise<T> {
  return server.retry(async () => {
    try {
      return await action(server, storeName(name));
    } catch (error) {
      // Errors of a queue that is not there look like those of a server that starts.
      const stored = await readDefinition(server, name);
      if (stored === undefined) throw new FailedError(`The swarm ${name} has been removed from ${server.address}`);
      // Another coordinator, which has counted all tests, removes the queue.
      if (!stored.isFinished) await createSwarmStores(server, name);
      throw error;
    }
  }, signal);
}

/** Step 3. */
async function followResults(coordinator: Coordinator, complete: AbortController): Promise<void> {
  const { server, stores, results, signal } = coordinator;
  while (!signal.aborted) {
    const entries = await server.retry(() => stores.results.watch({ include: "history" }), signal);
    const stop = () => entries.stop();
    signal.addEventListener("abort", stop);
    for await (const entry of entries) {
      countResult(results, Number(entry.key), entry.json<SeedResult>(), entry.created.getTime());
      if (isComplete(results)) complete.abort();
    }
    signal.removeEventListener("abort", stop);
  }
}

/** Step 4. */
async function handOutMissing(coordinator: Coordinator): Promise<void> {
  const { server, definition, results, signal } = coordinator;
  let [idleLooks, lastSize] = [0, -1];
  while (!signal.aborted) {
    await delay(LOOK_INTERVAL, signal);
    if (signal.aborted) return;
    const { num_pending, num_ack_pending, num_waiting } = await withQueue(
      coordinator,
      ({ jsm }, queue) => jsm.consumers.info(queue, CONSUMER),
    );
    // A server that has lost the files of a queue goes on to count what is in it, and gives out nothing.
    const isStuck = num_pending > 0 && num_waiting > 0;
    const isIdle = (num_pending === 0 || isStuck) && num_ack_pending === 0 && results.numbers.size === lastSize;
    idleLooks = isIdle ? idleLooks + 1 : 0;
    lastSize = results.numbers.size;
    if (idleLooks < IDLE_LOOKS) continue;
    if (isStuck) {
      // The next look makes it again.
      await server.retry(() => removeQueue(server, definition.name), signal);
      continue;
    }
    idleLooks = 0;
    for (const range of missingRanges(definition, (number) => results.numbers.has(number))) {
      await withQueue(coordinator, ({ js }) => js.publish(subjectOf(definition.name), JSON.stringify(range)));
    }
  }
}

/** Step 5; returns the exit status. */
async function finish(coordinator: Coordinator, interrupted: AbortSignal): Promise<number> {
  const { results, definition, server, options, machine } = coordinator;
  if (!isComplete(results)) {
    const { name } = definition;
    if (options.isJSON) {
      machine.stdout(`${JSON.stringify(createSwarmDocument(results, factsOf(coordinator)), null, 2)}\n`);
    } else machine.stdout(`${formatSwarmTables(results)}\n`);
    const again = ["--coordinator", server.address, "--name", name, ...binFlags(options)].join(" ");
    machine.stderr(`The swarm goes on without this process; to follow it again: ./maelstrom.sh swarm ${again}\n`);
    return EXIT_STATUS.interrupted;
  }
  const finished = JSON.stringify({ ...definition, isFinished: true } satisfies SwarmDefinition);
  await server.retry(() => server.definitions.put(definition.name, finished), interrupted);
  await server.retry(() => removeQueue(server, definition.name), interrupted);
  const failures = factsOf(coordinator, await fetchHere(coordinator, interrupted));
  if (options.isJSON) machine.stdout(`${JSON.stringify(createSwarmDocument(results, failures), null, 2)}\n`);
  else machine.stdout(`${formatSwarmReport(results, failures)}\n`);
  await explainFirst(coordinator, interrupted);
  return statusOf(results);
}

/** Fetches the runs that failed. If they cannot be stored here, the report does without them. */
async function fetchHere(
  { server, stores: { runs }, definition: { name }, options: { store }, machine }: Coordinator,
  interrupted: AbortSignal,
): Promise<Map<number, string> | undefined> {
  try {
    return await server.retry(() => fetchRuns(runs, name, store), interrupted);
  } catch (error) {
    if (!(error instanceof FailedError)) throw error;
    machine.stderr(`${error.message}. They stay on the server: the same command with another --store fetches them\n`);
    return undefined;
  }
}

/** The tests that failed, as the report shows them, in the order of their numbers. */
function factsOf({ results, definition, options, machine }: Coordinator, folders = new Map<number, string>()) {
  return results.failures.toSorted((a, b) => a.number - b.number).map(({ number, result }): FailureFacts => {
    const { request } = requestOf(taskOf(testOf(number, definition), binFlags(options)), "none", machine);
    const command = formatCommand(request.command, request.seed);
    return { number, result, command, store: folders.get(number) ?? null };
  });
}

async function explainFirst(
  { results, definition, options, machine }: Coordinator,
  signal: AbortSignal,
): Promise<void> {
  const numbers = results.failures.filter(({ result }) => result.outcome === "failed").map(({ number }) => number);
  if (numbers.length === 0 || options.isJSON || signal.aborted) return;
  machine.stdout("\n");
  const testFlags = [...binFlags(options), "--store", options.store];
  const first = testOf(Math.min(...numbers), definition);
  await explainFailure(first, { seed: definition.seed, testFlags, machine, signal });
}

function statusOf({ failures, tally }: SwarmResults): number {
  if (failures.some(({ result }) => result.outcome === "no-results")) return EXIT_STATUS.error;
  if (failures.length > 0) return EXIT_STATUS.failed;
  return verdictGaps(tally).isUnknown ? EXIT_STATUS.unknown : EXIT_STATUS.passed;
}
