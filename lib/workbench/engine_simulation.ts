/**
 * The simulation as an engine: runs a test in this process under virtual time, and keeps it in the store.
 *
 * @module
 */

import { makeStore } from "./engine_workbench.ts";
import type { EngineHooks } from "./engine.ts";
import { findModule, loadProgram } from "./hosts/program_module.ts";
import { newSeed } from "./random.ts";
import { bothStores, compareRecordings, openRecording } from "./recording.ts";
import type { TestRequest } from "./request.ts";
import type { Results } from "./results.ts";
import type { RunOptions } from "./run.ts";
import { runSimulation } from "./simulation.ts";
import type { Store } from "./store.ts";
import { WORKLOADS } from "./workloads/mod.ts";

/**
 * Simulates one test.
 *
 * What is stored is the same, byte for byte, whenever the same test is run with the same seed; so its results do not say where that is.
 *
 * @param root The project's folder, in which our own solutions are.
 * @throws {UsageError} The store cannot be written to, or the program cannot be imported.
 */
export async function runSimulated(root: string, request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const { checkDeterminism, keep } = request.simulation!;
  const program = await loadProgram(findModule(request.bin, programArguments(request), root));
  const options = runOptions(request);
  const run = async (store?: Store) => (await simulate(options, program, request, hooks, store)).results;
  const runStored = async (other?: Store) => {
    const store = makeStore(request);
    try {
      const both = other === undefined ? store : bothStores(store, other);
      const { results, logs } = await simulate(options, program, request, hooks, both);
      for (const [node, text] of logs) await Deno.writeTextFile(store.nodeLog(node), text);
      return results;
    } finally {
      store.close();
    }
  };
  const recording = checkDeterminism ? openRecording() : undefined;
  let results = keep === "all" ? await runStored(recording) : await run(recording);
  let difference: string | undefined;
  if (recording !== undefined && !hooks.signal.aborted) {
    const again = openRecording();
    await run(again);
    difference = compareRecordings(recording, again);
  }
  // A run that is not kept can be had again: its seed repeats it.
  const failed = !results.passed || difference !== undefined;
  if (failed && keep === "failing" && !hooks.signal.aborted) results = await runStored();
  return difference === undefined ? results : withDifference(results, difference);
}

/** Whether to log details is no business of the program's. */
const DEBUG = "--debug";

function programArguments({ args }: TestRequest): string[] {
  return args.filter((word) => word !== DEBUG);
}

function runOptions(request: TestRequest): RunOptions {
  const { options, logNetSend, logNetRecv } = request;
  return {
    ...options,
    challenge: request.challenge?.id ?? null,
    workload: WORKLOADS[request.workload]!,
    seed: request.seed ?? newSeed(),
    targets: [...request.limits],
    logNetSend,
    logNetRecv,
  };
}

/** Runs it once; gives its results, and what each node has logged. */
async function simulate(
  options: RunOptions,
  program: Parameters<typeof runSimulation>[1],
  { logStderr, args }: TestRequest,
  { signal, log, progress }: EngineHooks,
  store: Store | undefined,
): Promise<{ results: Results; logs: Map<string, string> }> {
  const logs = new Map<string, string>(options.nodes.map((node) => [node, ""]));
  const results = await runSimulation(options, program, {
    signal,
    log,
    progress,
    ...store === undefined ? {} : { store: withoutPath(store) },
    nodeLog(node, entry) {
      if (/^[\d.]+ debug /.test(entry) && !args.includes(DEBUG)) return;
      logs.set(node, `${logs.get(node)}${entry}\n`);
      if (logStderr) log(`${node}: ${entry}`);
    },
  });
  return { results, logs };
}

/** The results are stored without their place. */
function withoutPath(store: Store): Store {
  return { ...store, results: (results) => store.results({ ...results, store: null }) };
}

/** A program that is not deterministic is not judged by one run. */
function withDifference(results: Results, message: string): Results {
  const exceptions = [...results.exceptions, { type: "nondeterminism", message, count: 1 }];
  return { ...results, valid: false, passed: false, exceptions };
}
