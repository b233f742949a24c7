/**
 * Content of `docs/results.json`: the figures of each row, compared with its goals.
 *
 * @module
 */

import type { Validity } from "../../lib/workbench/checkers/verdict.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { type Condition, type Figures, figuresOf, medians, meets } from "./figures.ts";
import { commandOf, type Row, ROWS } from "./rows.ts";

/** Machine that ran the measurements. */
export interface MeasuringMachine {
  cpu: string;
  cores: number;
  memory_gb: number;
  system: string;
  deno: string;
}

/** Result of a run. */
export interface Run {
  /** Value for `--seed` that repeats its random choices; null if the run did not end. */
  seed: string | null;
  /** Load average of the last minute before the run; null where the system does not report it. */
  load: number | null;
  valid: Validity;
  /** Anomalies that make it invalid, and messages of exceptions. */
  problems: string[];
  /** Number of operations, and of those that succeeded; `0 <= ok <= count`. */
  operations: { count: number; ok: number };
  figures: Figures;
}

/** Measured figures of a row. */
export interface MeasuredRow {
  id: string;
  title: string;
  /** The command that runs it once. */
  command: string;
  limit: string;
  published: string;
  goals: readonly Condition[];
  /** True if all runs are valid and the figures meet every condition in `goals`; null if there is no condition. */
  met: boolean | null;
  /** Medians of the valid runs, and the figures in `measured_apart`. */
  figures: Figures;
  /** Figures that are measured apart from the runs: in simulation, or on one node. */
  measured_apart: Figures;
  /** Length of a run's main phase, seconds. */
  time_limit: number;
  /** Day of the measurement, such as `"2026-11-23"`. */
  date: string;
  machine: MeasuringMachine;
  runs: Run[];
}

/** The whole document. */
export interface ResultsDocument {
  schema: 1;
  rows: MeasuredRow[];
}

/** New measurement of a row. */
export type Measurement = Pick<MeasuredRow, "measured_apart" | "time_limit" | "date" | "machine" | "runs">;

/** Converts the results of a complete run. */
export function runOf(results: Results, timeLimitSeconds: number, load: number | null): Run {
  const { seed, valid, operations, anomalies, exceptions } = results;
  const wrong = valid === true ? [] : anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type);
  const { count, ok } = operations ?? { count: 0, ok: 0 };
  const problems = [...new Set([...wrong, ...exceptions.map(({ message }) => message.split("\n")[0]!)])];
  return { seed, load, valid, problems, operations: { count, ok }, figures: figuresOf(results, timeLimitSeconds) };
}

/** Creates a run without results. */
export function failedRun(problem: string, load: number | null): Run {
  return { seed: null, load, valid: false, problems: [problem], operations: { count: 0, ok: 0 }, figures: {} };
}

/**
 * Computes the medians of a row, and compares them with its conditions. An invalid run does not count in the medians,
 * and a row with one does not meet its conditions.
 */
export function judgeRow(row: Row, { measured_apart, time_limit, date, machine, runs }: Measurement): MeasuredRow {
  const { id, title, limit = "", published = "", goals = [] } = row;
  const valid = runs.filter((run) => run.valid === true);
  const figures = { ...medians(valid.map((run) => run.figures)), ...measured_apart };
  const sound = valid.length === runs.length && runs.length > 0;
  const met = goals.length === 0 ? null : sound && goals.every((condition) => meets(figures, condition));
  const facts = { measured_apart, time_limit, date, machine, runs };
  return { id, title, command: commandOf(row), limit, published, goals, met, figures, ...facts };
}

/** Adds a row to the document, or replaces it. The rows keep the order of the table. */
export function mergeRow(
  document: ResultsDocument,
  row: MeasuredRow,
  order: readonly Row[] = ROWS,
): ResultsDocument {
  const rows = [...document.rows.filter(({ id }) => id !== row.id), row];
  const place = ({ id }: MeasuredRow) => order.findIndex((row) => row.id === id);
  return { ...document, rows: rows.toSorted((a, b) => place(a) - place(b)) };
}

/** Judges the document again by the current table. Rows that are gone or have a different command now are dropped. */
export function refresh(document: ResultsDocument, table: readonly Row[] = ROWS): ResultsDocument {
  const rows = table.flatMap((row) => {
    const measured = document.rows.find(({ id }) => id === row.id);
    return measured === undefined || measured.command !== commandOf(row) ? [] : judgeRow(row, measured);
  });
  return { schema: 1, rows };
}

/** Selects rows that are not in the document, or that have fewer runs, runs of another length or another command. */
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
