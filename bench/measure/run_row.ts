/**
 * Measurement of a row: its runs with real processes, one after the other, and the figures that they do not have.
 *
 * @module
 */

import { ROOT } from "../../lib/workbench/cli/root.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { measureIds } from "../ids.ts";
import { failedRun, type Run, runOf } from "./document.ts";
import { type Figures, median } from "./figures.ts";
import { load } from "./machine.ts";
import { challengeOf, type Row, wordsOf } from "./rows.ts";
import { simulateRow } from "./simulate_row.ts";

/** Options for measuring a row. */
export interface Measuring {
  /** Number of runs. */
  runs: number;
  /** Length of each run's main phase. */
  timeLimitSeconds: number;
  /** Ends the measurement early; the current run is discarded. */
  signal: AbortSignal;
  /** Writes a line about the progress. */
  log(line: string): void;
}

/** Number of simulations for the convergence time. */
export const SIMULATIONS = 10;
/** Time that a run may take in addition to its main phase. */
const GRACE_SECONDS = 120;

/** Performs the runs of a row. A failed run is included. */
export async function runRow(row: Row, measuring: Measuring): Promise<Run[]> {
  const { runs, signal, log } = measuring;
  const done: Run[] = [];
  while (done.length < runs && !signal.aborted) {
    const loadBefore = load();
    const run = await runOnce(row, measuring, loadBefore);
    if (signal.aborted) break;
    done.push(run);
    const verdict = run.valid === true ? "valid" : `NOT VALID: ${run.problems.join("; ")}`;
    const figures = Object.entries(run.figures).filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} ${Math.round(value! * 1000) / 1000}`);
    log(`${row.id}  ${done.length} of ${runs}, load ${loadBefore?.toFixed(2)}: ${[verdict, ...figures].join(", ")}`);
  }
  return done;
}

/** Performs one run. Its store is kept if the run is not valid. */
async function runOnce(
  row: Row,
  { timeLimitSeconds, signal, log }: Measuring,
  loadBefore: number | null,
): Promise<Run> {
  const store = await Deno.makeTempDir({ prefix: "measure-" });
  const flags = [
    "--time-limit",
    String(timeLimitSeconds),
    "--engine",
    "workbench",
    "--store",
    store,
    "--json",
    "--quiet",
  ];
  let run: Run;
  try {
    const child = new Deno.Command(`${ROOT}/maelstrom.sh`, {
      args: wordsOf(row, flags),
      env: { DENO: Deno.execPath() },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.any([signal, AbortSignal.timeout((timeLimitSeconds + GRACE_SECONDS) * 1000)]),
    });
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout);
    if (text === "") run = failedRun(`exit status ${code}: ${lastLine(stderr)}`, loadBefore);
    else run = runOf(JSON.parse(text) as Results, timeLimitSeconds, loadBefore);
  } catch (error) {
    run = failedRun((error as Error).message, loadBefore);
  }
  if (run.valid === true || signal.aborted) await Deno.remove(store, { recursive: true });
  else log(`${row.id}  kept in ${store}`);
  return run;
}

function lastLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").at(-1)!;
}

/** Measures the figures that the row has goals for and runs with processes do not have. */
export async function measureOtherFigures(row: Row, { runs, signal, log }: Measuring): Promise<Figures> {
  const asked = new Set(row.goals?.map(([name]) => name));
  const figures: Figures = {};
  if (asked.has("ids_per_second") && !signal.aborted) {
    const rates: number[] = [];
    for (let i = 0; i < runs && !signal.aborted; i++) rates.push(await measureIds());
    figures.ids_per_second = median(rates);
    log(`${row.id}  ids a second: ${rates.map(Math.round).join(", ")}`);
  }
  if (asked.has("convergence_ms") && !signal.aborted) {
    figures.convergence_ms = await longestConvergence(row, signal);
    log(`${row.id}  all nodes agree after ${figures.convergence_ms} ms, at most, in ${SIMULATIONS} simulations`);
  }
  return figures;
}

/** Measures the longest convergence time of some simulations; null if one did not converge or is not valid. */
async function longestConvergence(row: Row, signal: AbortSignal): Promise<number | null> {
  let longest = 0;
  for (let seed = 1; seed <= SIMULATIONS && !signal.aborted; seed++) {
    const { valid, result } = await simulateRow(row, String(seed));
    const time = result.convergence_ms;
    if (valid !== true || typeof time !== "number") return null;
    longest = Math.max(longest, time);
  }
  return longest;
}

/** Reads the time limit, seconds, from the official command of a row. */
export function officialTimeLimit(row: Row): number {
  return Number(/--time-limit (\d+)/.exec(challengeOf(row).flags)![1]);
}
