/**
 * Shows a test of a swarm: everything that was drawn for it, and the command that repeats it.
 *
 * @module
 */

import type { Machine } from "../../engines/machine.ts";
import { createLiveLine, textSource } from "../../report/live_line.ts";
import { screenOf } from "../../report/screen.ts";
import { formatShrunk } from "../../report/shrunk.ts";
import { formatSummary, labelledLines, repeatLines } from "../../report/summary.ts";
import { formatCommand } from "../../request/command_line.ts";
import { isSurvived } from "../../run/survives.ts";
import { shrinkRun } from "../shrink/shrink_run.ts";
import type { DrawnTest } from "./draw.ts";
import { requestOf, taskOf } from "./task.ts";

/** The swarm that a test belongs to. */
export interface SwarmContext {
  seed: string;
  /** Flags that every test gets besides those drawn. */
  testFlags: readonly string[];
  machine: Machine;
  /** Aborts when a person presses Ctrl-C. */
  signal: AbortSignal;
}

/** Prints a sentence about a test, everything drawn for it, and the command that repeats it. */
export function printTest(test: DrawnTest, predicate: string, { seed, testFlags, machine }: SwarmContext): void {
  const { request } = requestOf(taskOf(test, testFlags), "none", machine);
  const screen = screenOf(machine);
  const lines = [
    ...request.deviations.length === 0 ? [] : labelledLines("not official", request.deviations.join(", "), screen),
    ...repeatLines(null, formatCommand(request.command, request.seed), screen),
  ];
  machine.stdout(`Run ${test.number} of the swarm with seed ${seed} ${predicate}\n\n${lines.join("\n")}\n\n`);
}

/** Prints a test that failed, then runs it again to store and explain it, and shrinks it. */
export async function explainFailure(test: DrawnTest, context: SwarmContext): Promise<void> {
  const { testFlags, machine, signal } = context;
  const engine = machine.engines.simulation;
  printTest(test, "has failed", context);
  if (signal.aborted) return;
  const { args, request } = requestOf(taskOf(test, testFlags), "repeat", machine);
  const screen = screenOf(machine);
  const results = await engine(request, { signal, log() {}, output() {}, progress() {} });
  // A run that was cut short need not show the failure.
  if (results.interrupted) return;
  machine.stdout(`${formatSummary(results, { deviations: [], command: [], interrupted: false }, screen)}\n\n`);
  if (isSurvived(results)) {
    machine.stdout(
      "The second run with the same seed has not failed: the program is not deterministic. " +
        "--check-determinism shows where its runs differ\n\n",
    );
    return;
  }
  const line = createLiveLine(machine);
  const progress = (tried: number) => line.show(textSource(() => [`shrinking: ${tried} smaller runs tried`]));
  const failed = { args, request, results };
  const shrunk = await shrinkRun(failed, { engine, machine, signal, progress }).finally(() => line.stop());
  machine.stdout(`${formatShrunk(shrunk, true, screen)}\n\n`);
}
