/**
 * Running one test of a swarm, and what is told of it.
 *
 * @module
 */

import { parseArguments } from "../../request/arguments.ts";
import { type Challenge, findChallenge } from "../../request/challenges.ts";
import type { Engine } from "../../engines/engine.ts";
import type { Progress } from "../../run/run.ts";
import {
  createRequest,
  type MachineWithFiles,
  type SimulationRequest,
  type TestRequest,
} from "../../request/request.ts";
import { isSurvived } from "../../run/survives.ts";

/** A test to run, in what one thread can tell another. */
export interface Task {
  /** The challenge's number. */
  challenge: string;
  /** The flags after it. */
  words: readonly string[];
}

/** What has become of a test. */
export interface Outcome {
  /** Whether everything that the challenge claims was kept; limits are not judged. */
  survived: boolean;
  /** Whether what was recorded suffices to tell. */
  known: boolean;
  operations: number;
  /** How long it took in virtual time, ms. */
  duration: number;
}

/** The request that a task comes to. */
export function requestOf(
  { challenge, words }: Task,
  keep: SimulationRequest["keep"],
  machine: MachineWithFiles,
): { challenge: Challenge; args: ReturnType<typeof parseArguments>; request: TestRequest } {
  const args = parseArguments(["--sim", ...words]);
  const found = findChallenge(challenge)!;
  const request = createRequest(found, args, machine);
  return { challenge: found, args, request: { ...request, simulation: { checkDeterminism: false, keep } } };
}

/**
 * Runs a test, and keeps nothing of it.
 *
 * @throws {UsageError} The program cannot be simulated.
 */
export async function runTask(task: Task, engine: Engine, machine: MachineWithFiles): Promise<Outcome> {
  const { request } = requestOf(task, "none", machine);
  const { signal } = new AbortController();
  let ask: () => Progress = () => {
    throw new Error("Cannot tell how long the test took: it has not begun");
  };
  const results = await engine(request, { signal, log() {}, output() {}, progress: (source) => ask = source });
  return {
    survived: isSurvived(results),
    known: results.valid === true,
    operations: results.operations?.count ?? 0,
    duration: ask().elapsed,
  };
}
