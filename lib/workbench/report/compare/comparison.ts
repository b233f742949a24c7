/**
 * Comparison of several runs: their figures side by side, and the columns that curves are drawn from.
 *
 * 1. `compare_runs.ts` reads the runs. Nothing is judged again.
 * 2. `figures.ts` takes the figures out of the results, with the direction that is better, where there is one.
 * 3. `compare_html.ts` makes the page, whose own code is in `report/page/compare/`; `compare_text.ts` the table.
 *
 * @module
 */

import type { FaultBand, OperationColumns } from "../html/report_data.ts";
import type { Judgement } from "../judgement.ts";

/** Several runs, side by side. */
export interface Comparison {
  runs: ComparedRun[];
  /** Sentences on what makes the runs hard to compare, such as different workloads or rates. */
  notes: string[];
  figures: ComparedFigure[];
  /** Length of a bin of the curves, microseconds. */
  bin: number;
}

/** Data of the page. */
export interface ComparisonPage extends Comparison {
  /** Address of the list of all runs; null if there is none. */
  home: string | null;
}

/** One of the runs. Its times count from its first operation: nodes take more or less time to start. */
export interface ComparedRun {
  /** `A` for the first, `B` for the second … */
  letter: string;
  /** Name of the test, such as `3e broadcast`. */
  name: string;
  folder: string;
  judgement: Judgement;
  workload: string;
  /** World, nodes, workers and seed, as far as they are known. */
  facts: string[];
  /** Time of the last event, microseconds. */
  end: number;
  operations: Pick<OperationColumns, "functions" | "f" | "outcome" | "start" | "duration">;
  faults: FaultBand[];
  /** Messages sent in each bin; null if they are not stored. */
  messages: number[] | null;
}

/** Figure of all runs. */
export interface ComparedFigure {
  label: string;
  unit: string;
  /** One value for each run; null if it is not known. */
  values: (number | null)[];
  /** One for each run: its change against the first run. Null for the first, and if either is not known. */
  changes: (Change | null)[];
}

/** Change of a figure against that of the first run. */
export interface Change {
  /** Percentage of the first, such as `−12 %`. */
  text: string;
  /** Null if the change is too small to tell, or no direction is better. */
  isBetter: boolean | null;
}
