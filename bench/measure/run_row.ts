/**
 * Measuring one row: its runs with real processes, one after the other, and what else is asked of it.
 *
 * @module
 */

import type { Results } from "../../lib/workbench/run/results.ts";
import { measureIds } from "../ids.ts";
import { failedRun, type Run, runOf } from "./document.ts";
import { type Figures, median } from "./figures.ts";
import { load } from "./machine.ts";
import { challengeOf, type Row, wordsOf } from "./rows.ts";
import { ROOT, simulateRow } from "./simulate_row.ts";

/** How a row is measured. */
export interface Measuring {
  /** How many runs. */
  runs: number;
  /** How long the main phase of each is, seconds. */
  timeLimitSeconds: number;
  /** Ends it early: the run under way is left out. */
  signal: AbortSignal;
  /** Is told how it goes. */
  log(line: string): void;
}

/** So many simulations tell how long it takes until all nodes agree. */
export const SIMULATIONS = 10;
/** How long a run may take, besides its main phase, seconds. */
const GRACE = 120;

/** Performs the runs of a row. One that fails is among them. */
export async function runRow(row: Row, measuring: Measuring): Promise<Run[]> {
  const { runs, signal, log } = measuring;
  const done: Run[] = [];
  while (done.length < runs && !signal.aborted) {
    const before = load();
    const run = await runOnce(row, measuring, before);
    if (signal.aborted) break;
    done.push(run);
    const verdict = run.valid === true ? "valid" : `NOT VALID: ${run.problems.join("; ")}`;
    const figures = Object.entries(run.figures).filter(([, value]) => value !== null)
      .map(([name, value]) => `${name} ${Math.round(value! * 1000) / 1000}`);
    log(`${row.id}  ${done.length} of ${runs}, load ${before?.toFixed(2)}: ${[verdict, ...figures].join(", ")}`);
  }
  return done;
}

/** A run that is valid leaves nothing behind but its figures; of others all is kept. */
async function runOnce(row: Row, { timeLimitSeconds, signal, log }: Measuring, before: number | null): Promise<Run> {
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
      signal: AbortSignal.any([signal, AbortSignal.timeout((timeLimitSeconds + GRACE) * 1000)]),
    });
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout);
    if (text === "") run = failedRun(`exit status ${code}: ${lastLine(stderr)}`, before);
    else run = runOf(JSON.parse(text) as Results, timeLimitSeconds, before);
  } catch (error) {
    run = failedRun((error as Error).message, before);
  }
  if (run.valid === true || signal.aborted) await Deno.remove(store, { recursive: true });
  else log(`${row.id}  kept in ${store}`);
  return run;
}

function lastLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").at(-1)!;
}

/** Measures what the row asks for and a run with processes does not tell. */
export async function measureBesides(row: Row, { runs, signal, log }: Measuring): Promise<Figures> {
  const asked = new Set(row.reach?.map(([name]) => name));
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

/** The longest time that it took in some simulations; null where it took too long in one, or one is not valid. */
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

/** The length of a row's official runs, seconds. */
export function officialTimeLimit(row: Row): number {
  return Number(/--time-limit (\d+)/.exec(challengeOf(row).flags)![1]);
}
