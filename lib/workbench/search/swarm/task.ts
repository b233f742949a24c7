/**
 * One test of a swarm, as it is passed between threads: the task, the run, and its result.
 *
 * @module
 */

import type { Engine } from "../../engines/engine.ts";
import { type Arguments, parseArguments } from "../../request/arguments.ts";
import { findChallenge } from "../../request/challenges.ts";
import type { MachineWithFiles } from "../../request/files.ts";
import { createRequest, type SimulationRequest, type TestRequest } from "../../request/request.ts";
import type { Progress } from "../../run/progress.ts";
import { isSurvived } from "../../run/survives.ts";
import type { DrawnTest } from "./draw.ts";

/** A test to run. Plain data, so that it can be sent to a worker. */
export interface Task {
  /** Number of the challenge, such as `"3e"`. */
  challenge: string;
  /** Flags, as one would write them after the challenge. */
  flags: readonly string[];
  /**
   * True to store the run.
   *
   * @default false
   */
  isStored?: boolean;
}

/** Result of a task. */
export interface TaskResult {
  /** True if the run shows no violation of what the challenge claims. Limits are not judged. */
  survived: boolean;
  /** True if the run is valid. A run can be survived without a verdict, for example if no request was answered. */
  hasVerdict: boolean;
  operations: number;
  /** Virtual time that the test took, ms. */
  duration: number;
  /** Types of the anomalies and exceptions that were found. */
  findings: readonly string[];
  /** Folder of the stored run; null if there is none. */
  store: string | null;
}

/**
 * Creates the task of a test that was drawn.
 *
 * @param testFlags Flags that every test of the swarm gets.
 */
export function taskOf({ challenge, flags }: DrawnTest, testFlags: readonly string[]): Task {
  return { challenge: challenge.id, flags: [...testFlags, ...flags] };
}

/** Creates the request for a task, and returns it with the parsed flags. */
export function requestOf(
  { challenge, flags }: Task,
  keep: SimulationRequest["keep"],
  machine: MachineWithFiles,
): { args: Arguments; request: TestRequest } {
  const args = parseArguments(["--sim", ...flags]);
  const request = createRequest(findChallenge(challenge)!, args, machine);
  return { args, request: { ...request, simulation: { checkDeterminism: false, keep } } };
}

/**
 * Runs a test. It is stored only if the task says so.
 *
 * @throws {UsageError} The program cannot be simulated.
 */
export async function runTask(task: Task, engine: Engine, machine: MachineWithFiles): Promise<TaskResult> {
  const { request } = requestOf(task, task.isStored ? "repeat" : "none", machine);
  const { signal } = new AbortController();
  let ask: () => Progress = () => {
    throw new Error("Cannot tell how long the test took: it has not begun");
  };
  const results = await engine(request, { signal, log() {}, output() {}, progress: (source) => ask = source });
  return {
    survived: isSurvived(results),
    hasVerdict: results.valid === true,
    operations: results.operations?.count ?? 0,
    duration: ask().elapsed,
    findings: [...new Set([...results.anomalies, ...results.exceptions].map(({ type }) => type))],
    store: results.store,
  };
}
