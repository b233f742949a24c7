/**
 * Engines: what runs a test. There are two, the workbench and the real Maelstrom; both give the same {@linkcode Results}.
 *
 * @module
 */

import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import type { Progress } from "../run/run.ts";

/** How an engine speaks to the outside while it runs. */
export interface EngineHooks {
  /** Ends the test early; what was recorded is still checked and stored. */
  signal: AbortSignal;
  /** Is told of one line to show. */
  log(line: string): void;
  /** Is given what the real Maelstrom prints. */
  output(text: string): void;
  /** Is given a function to ask for the progress at any time. */
  progress(ask: () => Progress): void;
}

/**
 * Runs one test.
 *
 * @throws {UsageError} What was asked for cannot be done, such as writing to the store.
 * @throws {FailedError} There are no results.
 */
export type Engine = (request: TestRequest, hooks: EngineHooks) => Promise<Results>;
