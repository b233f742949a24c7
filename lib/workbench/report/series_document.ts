/**
 * Results as `--json` prints them: those of one run, or a document with all runs of a series.
 *
 * @module
 */

import { mergeValidity, type Validity } from "../checkers/verdict.ts";
import type { Decider, Results, RunVerdict } from "../run/results.ts";

/** The results of several runs. */
export interface SeriesDocument {
  schema: 1;
  /** All runs merged; not true if the series was cut short. */
  valid: Validity;
  /** True if all runs passed and the series was not cut short. */
  passed: boolean;
  /** The same by the verdict that Maelstrom would reach. */
  maelstrom: RunVerdict;
  /** Verdict that decides the exit status, the same for all runs. */
  decided_by: Decider;
  runs: Results[];
}

/**
 * Creates the document of a series.
 *
 * @param isCutShort True if Ctrl-C kept some of the planned runs from running.
 */
export function createSeriesDocument(
  runs: readonly Results[],
  isCutShort: boolean,
  decidedBy: Decider,
): SeriesDocument {
  return {
    schema: 1,
    ...mergeVerdicts(runs, isCutShort),
    maelstrom: mergeVerdicts(runs.map(({ maelstrom }) => maelstrom), isCutShort),
    decided_by: decidedBy,
    runs: runs.map(printable),
  };
}

function mergeVerdicts(verdicts: readonly RunVerdict[], isCutShort: boolean): RunVerdict {
  return {
    valid: mergeValidity([...verdicts.map(({ valid }) => valid), isCutShort ? "unknown" : true]),
    passed: !isCutShort && verdicts.every(({ passed }) => passed),
  };
}

/** Removes the store's path from the results of a simulation: with one seed, they print the same every time. */
export function printable(results: Results): Results {
  if (results.mode !== "simulation") return results;
  const { shrunk } = results;
  if (shrunk === undefined) return { ...results, store: null };
  return { ...results, store: null, shrunk: { ...shrunk, results: printable(shrunk.results) } };
}
