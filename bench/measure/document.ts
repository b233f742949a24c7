/**
 * `docs/results.json`: what was measured, row by row, and how it compares.
 *
 * @module
 */

import type { Validity } from "../../lib/workbench/checkers/verdict.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { type Condition, type Figures, figuresOf, medians, meets } from "./figures.ts";
import { commandOf, type Row, ROWS } from "./rows.ts";

/** What it was measured on. */
export interface Machine {
  cpu: string;
  cores: number;
  memory_gb: number;
  system: string;
  deno: string;
}

/** One run. */
export interface Run {
  /** What to pass to `--seed` to repeat its draws; null where it did not come to an end. */
  seed: string | null;
  /** How busy the machine was before it: the load average of the last minute; null where the system does not tell. */
  load: number | null;
  valid: Validity;
  /** The anomalies that make it invalid, or what else is wrong. */
  problems: string[];
  /** How many operations there were, and how many of them succeeded. */
  operations: { count: number; ok: number };
  figures: Figures;
}

/** What was measured of a row. */
export interface MeasuredRow {
  id: string;
  title: string;
  /** The command that runs it once. */
  command: string;
  limit: string;
  published: string;
  reach: readonly Condition[];
  /** Whether that is reached: all runs are valid, and the medians are as they are to be. Null where there is nothing to reach. */
  reached: boolean | null;
  /** The medians of the valid runs, and what was measured besides: in simulation, or at one node. */
  figures: Figures;
  /** What was measured besides the runs, by figure. */
  besides: Figures;
  /** How long the main phase of a run was, seconds. */
  time_limit: number;
  /** The day. */
  date: string;
  machine: Machine;
  runs: Run[];
}

/** The document. */
export interface ResultsDocument {
  schema: 1;
  rows: MeasuredRow[];
}

/** What is new of a row. */
export type Measurement = Pick<MeasuredRow, "besides" | "time_limit" | "date" | "machine" | "runs">;

/** A run that has come to an end. */
export function runOf(results: Results, timeLimitSeconds: number, load: number | null): Run {
  const { seed, valid, operations, anomalies, exceptions } = results;
  const wrong = valid === true ? [] : anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type);
  const { count, ok } = operations ?? { count: 0, ok: 0 };
  const problems = [...new Set([...wrong, ...exceptions.map(({ message }) => message.split("\n")[0]!)])];
  return { seed, load, valid, problems, operations: { count, ok }, figures: figuresOf(results, timeLimitSeconds) };
}

/** A run of which there are no results. */
export function failedRun(problem: string, load: number | null): Run {
  return { seed: null, load, valid: false, problems: [problem], operations: { count: 0, ok: 0 }, figures: {} };
}

/** Puts together what is known of a row. A run that is not valid is no part of the medians, and nothing is reached with one. */
export function judgeRow(row: Row, { besides, time_limit, date, machine, runs }: Measurement): MeasuredRow {
  const { id, title, limit = "", published = "", reach = [] } = row;
  const valid = runs.filter((run) => run.valid === true);
  const figures = { ...medians(valid.map((run) => run.figures)), ...besides };
  const sound = valid.length === runs.length && runs.length > 0;
  const reached = reach.length === 0 ? null : sound && reach.every((condition) => meets(figures, condition));
  const facts = { besides, time_limit, date, machine, runs };
  return { id, title, command: commandOf(row), limit, published, reach, reached, figures, ...facts };
}

/** The document with a row, in the order of the table; it takes the place of what was known of that row. */
export function mergeRow(
  document: ResultsDocument,
  row: MeasuredRow,
  order: readonly Row[] = ROWS,
): ResultsDocument {
  const rows = [...document.rows.filter(({ id }) => id !== row.id), row];
  const place = ({ id }: MeasuredRow) => order.findIndex((row) => row.id === id);
  return { ...document, rows: rows.toSorted((a, b) => place(a) - place(b)) };
}

/** The document judged anew by the table as it is now. What was measured of rows that are gone, or are run differently now, is left out. */
export function refresh(document: ResultsDocument, table: readonly Row[] = ROWS): ResultsDocument {
  const rows = table.flatMap((row) => {
    const measured = document.rows.find(({ id }) => id === row.id);
    return measured === undefined || measured.command !== commandOf(row) ? [] : judgeRow(row, measured);
  });
  return { schema: 1, rows };
}

/** The rows of which the document has fewer runs than that, of another length, or none. */
export function missingRows(
  document: ResultsDocument,
  rows: readonly Row[],
  runs: number,
  timeLimitSeconds: (row: Row) => number,
): Row[] {
  return rows.filter((row) => {
    const known = document.rows.find(({ id }) => id === row.id);
    return known === undefined || known.command !== commandOf(row) || known.time_limit !== timeLimitSeconds(row) ||
      known.runs.length < runs;
  });
}
