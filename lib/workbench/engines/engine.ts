/**
 * Engines: each runs one test and returns its {@linkcode Results}. There are four.
 *
 * - `process_engine.ts`: the workbench in real time, each node a process.
 * - `simulation_engine.ts`: the workbench in virtual time, all nodes in this process. The seed repeats everything.
 * - `cluster_engine.ts`: the workbench as a client of nodes that are services on NATS.
 * - `maelstrom_engine.ts`: the real Maelstrom, whose results are read by `maelstrom_results.ts`.
 *
 * The first three turn a request into a run by `workbench_run.ts`, those in real time by `real_time_run.ts`, too. The
 * simulation engine also uses `virtual_run.ts` (one test in virtual time), `convergence.ts` and `virtual_time.ts`.
 *
 * The folder also has `simulate.ts`, the simulated cluster for unit tests, with its options and its time
 * (`simulate_options.ts`, `test_time.ts`); and `machine.ts`, through which commands reach terminal and files
 * (`real_machine.ts`) and start clusters (`clusters.ts`). Engines import from `request/` and below. They do not depend
 * on reports or on other runs.
 *
 * @module
 */

import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import type { Progress } from "../run/progress.ts";

/** Callbacks through which an engine reports while it runs. */
export interface EngineHooks {
  /** Ends the test early. What was recorded until then is still checked and stored. */
  signal: AbortSignal;
  /** Receives one line to show. */
  log(line: string): void;
  /** Receives what the real Maelstrom prints. */
  output(text: string): void;
  /** Receives, once, a function that returns the current progress. */
  progress(ask: () => Progress): void;
  /** Receives what a test waits for while it does not run, such as the end of nodes; undefined when it goes on. */
  waiting?(what: string | undefined): void;
  /** Called before the checkers run: they keep this thread busy, so the progress should be shown now. */
  beforeChecking?(): void;
}

/**
 * Runs one test.
 *
 * @throws {UsageError} The request cannot be carried out, for example because the store cannot be written.
 * @throws {FailedError} The test left no results.
 */
export type Engine = (request: TestRequest, hooks: EngineHooks) => Promise<Results>;
