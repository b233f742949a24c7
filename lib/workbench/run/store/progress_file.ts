/**
 * `progress.json`: how a test goes, in its run's folder while it runs, for those who watch the store.
 *
 * The file is replaced in one step, so that a reader never sees a part of it. It is for people who wait: if it cannot
 * be written, nothing else changes. A test that is killed leaves it behind; readers go by its age
 * ({@linkcode isUnderWay}).
 *
 * @module
 */

import type { Clock } from "../../world/clock.ts";
import type { Progress } from "../progress.ts";
import type { StoredProgress, TestFacts } from "./stored_progress.ts";

/** Name of the file. */
export const PROGRESS = "progress.json";

/** Time between two writes, ms. */
export const PROGRESS_INTERVAL = 1000;

/** Age of the file from which on a test does not run any more, ms. */
const SILENCE = 10_000;

/** The same while the checkers run: they can take long, and nothing is written then. */
const LONGEST_CHECK = 600_000;

/** Writer of a test's `progress.json`. */
export interface ProgressFile {
  /** Writes the file now. */
  write(): void;
  /** Ends the writing. The store removes the file when it is closed. */
  stop(): void;
}

/**
 * Starts to write `progress.json` once a second.
 *
 * @param ask Returns the progress.
 */
export function startProgressFile(
  facts: TestFacts,
  ask: () => Progress,
  store: { progress(progress: StoredProgress): void },
  clock: Clock,
): ProgressFile {
  const write = () => store.progress(storedProgress(facts, ask()));
  const next = () => clock.schedule(clock.now() + PROGRESS_INTERVAL, tick);
  const tick = () => {
    write();
    timer = next();
  };
  let timer = next();
  write();
  return { write, stop: () => clock.cancel(timer) };
}

function storedProgress(facts: TestFacts, progress: Progress): StoredProgress {
  const { phase, elapsed, total, recoveryLeft, ok, fail, info, messages, p99, faults, exceptions } = progress;
  return {
    schema: 1,
    ...facts,
    phase,
    elapsed_ms: Math.round(elapsed),
    total_ms: total,
    recovery_left_ms: recoveryLeft === undefined ? null : Math.round(recoveryLeft),
    ok,
    fail,
    info,
    messages,
    ops_per_second: progress.operationsPerSecond,
    messages_per_second: progress.messagesPerSecond,
    p99_ms: p99,
    faults,
    exceptions: exceptions.length,
  };
}

/**
 * True if a test still runs, by the age of its file.
 *
 * @param age Milliseconds since the file was written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isUnderWay } from "./progress_file.ts";
 *
 * assertEquals([isUnderWay("running", 900), isUnderWay("running", 60_000), isUnderWay("checking", 60_000)], [
 *   true,
 *   false,
 *   true,
 * ]);
 * ```
 */
export function isUnderWay(phase: StoredProgress["phase"], age: number): boolean {
  return age < (phase === "checking" ? LONGEST_CHECK : SILENCE);
}
