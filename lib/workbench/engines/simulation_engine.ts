/**
 * The simulation as an engine: runs a test in this process under virtual time, and keeps it in the store.
 *
 * @module
 */

import { openRunStore, runOptionsOf } from "./process_engine.ts";
import { measureConvergence } from "./convergence.ts";
import type { EngineHooks } from "./engine.ts";
import { loadProgram } from "../world/hosts/in_process/program_module.ts";
import { findModule } from "../request/challenges.ts";
import { compareRecordings, everyStore, openRecording, type Recording } from "../run/store/recording.ts";
import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import { noteUnstored, type RunOptions } from "../run/run.ts";
import { runVirtualTest } from "./virtual_run.ts";
import type { OwnStore } from "../run/store/store.ts";

/**
 * Simulates one test.
 *
 * What is stored is the same, byte for byte, whenever the same test is run with the same seed; so its results do not say where that is.
 *
 * @param root The project's folder, in which our own solutions are.
 * @throws {UsageError} The store cannot be written to, or the program cannot be imported.
 */
export async function runInSimulation(root: string, request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const { checkDeterminism, keep } = request.simulation!;
  const program = await loadProgram(findModule(request.bin, programArguments(request), root));
  const options = runOptionsOf(request);
  const measure = measureOnce();
  const run = (keeping: Keeping, signal = hooks.signal) =>
    simulate(options, program, request, { ...hooks, signal }, keeping);
  let store = keep === "all" ? openRunStore(request) : undefined;
  try {
    const [first, second] = [openRecording(), openRecording()];
    const isEnded = () => hooks.signal.aborted;
    let results = await run({ store, recording: checkDeterminism ? first : undefined, measure });
    if (checkDeterminism && !isEnded()) await run({ recording: second });
    // Where somebody has ended one of them, they differ in any case.
    const compared = checkDeterminism && !isEnded();
    const difference = compared ? compareRecordings(first, second) : undefined;
    const failed = !results.passed || difference !== undefined;
    if (failed && !results.interrupted && store === undefined && keep === "failing") {
      // A run that was not kept can be had again: its seed repeats it. It ends soon: it has ended before.
      store = openRunStore(request);
      results = await run({ store, measure }, new AbortController().signal);
    }
    if (compared) {
      results = withComparison(results, difference);
      store?.results({ ...results, store: null });
    }
    if (store !== undefined) noteUnstored(results, store);
    return results;
  } finally {
    store?.close();
  }
}

/** Where a run is kept, if anywhere. */
interface Keeping {
  store?: OwnStore;
  recording?: Recording;
  /** How convergence is measured, where not anew. */
  measure?: typeof measureConvergence;
}

/** Measures convergence once: what that comes to holds for any further run with the same seed. */
function measureOnce(): typeof measureConvergence {
  let measured: ReturnType<typeof measureConvergence> | undefined;
  return (...test) => measured ??= measureConvergence(...test);
}

/** Whether to log details is no business of the program's. */
const DEBUG = "--debug";

function programArguments({ args }: TestRequest): string[] {
  return args.filter((word) => word !== DEBUG);
}

/** Runs it once. */
async function simulate(
  options: RunOptions,
  program: Parameters<typeof runVirtualTest>[1],
  { logStderr, args }: TestRequest,
  { signal, log, progress }: EngineHooks,
  { store, recording, measure }: Keeping,
): Promise<Results> {
  const logs = new Map<string, string>(options.nodes.map((node) => [node, ""]));
  const stores = [store, recording].filter((each) => each !== undefined);
  const results = await runVirtualTest(options, program, {
    signal,
    log,
    progress,
    store: everyStore(stores),
    measure,
    nodeLog(node, entry, level) {
      if (level === "debug" && !args.includes(DEBUG)) return;
      logs.set(node, `${logs.get(node)}${entry}\n`);
      if (logStderr) log(`${node}: ${entry}`);
    },
  });
  if (store === undefined) return { ...results, store: null };
  for (const [node, text] of logs) store.writeNodeLog(node, text);
  return { ...results, store: store.path };
}

/** A program that is not deterministic is not judged by one run. */
function withComparison(results: Results, difference: string | undefined): Results {
  if (difference === undefined) return { ...results, deterministic: true };
  const exceptions = [...results.exceptions, { type: "nondeterminism", message: difference, count: 1 }];
  return { ...results, valid: false, passed: false, deterministic: false, exceptions };
}
