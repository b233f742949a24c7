/**
 * The engine for TypeScript programs: runs a test in this process, in virtual time.
 *
 * 1. Runs the test; stores it if all runs are kept.
 * 2. With `--check-determinism`, runs it a second time with the same seed, and compares the two line by line.
 * 3. If it failed and only failing runs are kept, runs it once more and stores that: the seed repeats it.
 *
 * The stored files are the same, byte for byte, whenever the test runs with the same seed. So they do not contain the
 * store's path.
 *
 * @module
 */

import type { AnyNode } from "../../node.ts";
import { findModule } from "../request/challenges.ts";
import type { SimulationRequest, TestRequest } from "../request/request.ts";
import { decisionOf, type Results } from "../run/results.ts";
import { type RunOptions, withStoreProblem } from "../run/run.ts";
import { combineStores, compareStores, createMemoryStore, type MemoryStore } from "../run/store/memory_store.ts";
import { createTextWriter, type TextWriter } from "../run/store/run_files.ts";
import type { DiskStore } from "../run/store/store.ts";
import { loadProgram } from "../world/hosts/in_process/program_module.ts";
import { measureConvergence } from "./convergence.ts";
import type { EngineHooks } from "./engine.ts";
import { runVirtualTest } from "./virtual_run.ts";
import { openLateStore, openRunStore, runOptionsOf } from "./workbench_run.ts";

/** Program argument that makes a node log details. The engine handles it; the program does not get it. */
const DEBUG = "--debug";

/** A test that can be run any number of times, with the same result. */
interface Test {
  request: TestRequest;
  options: RunOptions;
  program: (node: AnyNode) => void;
  hooks: EngineHooks;
}

/** Destinations of the files of one run. */
interface Destinations {
  store?: DiskStore;
  memory?: MemoryStore;
}

/** Result of running a test twice. */
interface Comparison {
  /** The first difference, for a person. Undefined if the two runs are equal. */
  difference: string | undefined;
}

/**
 * Runs one test in virtual time.
 *
 * @param root The project's folder, which has the programs of the challenges.
 * @throws {UsageError} The store cannot be written, or the program cannot be imported.
 */
export async function runInSimulation(root: string, request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const { checkDeterminism, keep } = request.simulation!;
  const program = await loadProgram(findModule(request.bin, programArguments(request), root));
  const test: Test = { request, options: runOptionsOf(request), program, hooks };
  const measure = measureOnce();
  const memory = checkDeterminism ? createMemoryStore() : undefined;
  let store = openStoreFor(keep, request);
  try {
    let results = await runOnce(test, { store, memory }, measure);
    const comparison = memory && await compareWithSecondRun(test, memory);
    const failed = !decisionOf(results).passed || comparison?.difference !== undefined;
    if (failed && !results.interrupted && keep === "failing") {
      store = openLateStore(request);
      // Ctrl-C does not end this run: it takes as long as the first one, which is over.
      const uninterrupted = { ...hooks, signal: new AbortController().signal };
      results = await runOnce({ ...test, hooks: uninterrupted }, { store }, measure);
    }
    if (comparison !== undefined) {
      results = withComparison(results, comparison);
      store?.results({ ...results, store: null });
    }
    return store === undefined ? results : withStoreProblem(results, store);
  } finally {
    store?.close();
  }
}

function openStoreFor(keep: SimulationRequest["keep"], request: TestRequest): DiskStore | undefined {
  if (keep === "all") return openRunStore(request);
  return keep === "repeat" ? openLateStore(request) : undefined;
}

/** Runs the test again and compares. Undefined if either run was interrupted: then they differ in any case. */
async function compareWithSecondRun(test: Test, first: MemoryStore): Promise<Comparison | undefined> {
  const { signal } = test.hooks;
  if (signal.aborted) return undefined;
  const second = createMemoryStore();
  await runOnce(test, { memory: second }, measureConvergence);
  return signal.aborted ? undefined : { difference: compareStores(first, second) };
}

/** Adds the comparison to the results. A single run of a nondeterministic program proves nothing: it is invalid. */
function withComparison(results: Results, { difference }: Comparison): Results {
  if (difference === undefined) return { ...results, deterministic: true };
  const found = { type: "nondeterminism", message: difference, count: 1, maelstrom: "overlooks" } as const;
  const exceptions = [...results.exceptions, found];
  return { ...results, valid: false, passed: false, deterministic: false, exceptions };
}

/** Returns a function that measures convergence at its first call, and returns the same result from then on. */
function measureOnce(): typeof measureConvergence {
  let measured: ReturnType<typeof measureConvergence> | undefined;
  return (...test) => measured ??= measureConvergence(...test);
}

function programArguments({ args }: TestRequest): string[] {
  return args.filter((word) => word !== DEBUG);
}

/** Runs the test, writes its files, and returns the results with the path of the store. */
async function runOnce(
  { request, options, program, hooks }: Test,
  { store, memory }: Destinations,
  measure: typeof measureConvergence,
): Promise<Results> {
  const { logStderr, args } = request;
  const { signal, log, progress, beforeChecking } = hooks;
  const logs = store === undefined ? new Map<string, TextWriter>() : openLogs(options.nodes, store);
  const results = await runVirtualTest(options, program, {
    signal,
    log,
    progress,
    beforeChecking,
    store: combineStores([store, memory].filter((each) => each !== undefined)),
    measure,
    nodeLog(node, entry, level) {
      if (level === "debug" && !args.includes(DEBUG)) return;
      logs.get(node)?.write(`${entry}\n`);
      if (logStderr) log(`${node}: ${entry}`);
    },
  });
  if (store === undefined) return { ...results, store: null };
  for (const log of logs.values()) log.close();
  return { ...results, store: store.path };
}

/** Opens the nodes' logs. This happens before the test: in it, files cannot be opened. */
function openLogs(nodes: readonly string[], store: DiskStore): Map<string, TextWriter> {
  return new Map(nodes.map((node) => [node, createTextWriter(store.openNodeLog(node))]));
}
