/**
 * `deno task measure [--rows 3d,5c-all] [--runs 5] [--missing] [--time-limit SECONDS] [--render]`: runs the rows of
 * `bench/measure/rows.ts` with real processes, and writes `docs/results.json`, `docs/results.md` and the tables of the
 * README.
 *
 * - All rows take about an hour. Run nothing else meanwhile.
 * - Each row is written as soon as it is measured: Ctrl-C keeps the finished rows, and `--missing` measures the others.
 * - `--time-limit` is for trying out: it prints the page and writes no file.
 * - `--render` measures nothing: it compares the existing figures with the current rows, and writes the files again.
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../lib/workbench/base/errors.ts";
import { ROOT } from "../lib/workbench/cli/root.ts";
import {
  judgeRow,
  type MeasuredRow,
  mergeRow,
  missingRows,
  refresh,
  type ResultsDocument,
} from "./measure/document.ts";
import { thisMachine } from "./measure/machine.ts";
import { renderReadme, renderResults } from "./measure/render.ts";
import { type Row, ROWS, selectRows } from "./measure/rows.ts";
import { measureOtherFigures, type Measuring, officialTimeLimit, runRow } from "./measure/run_row.ts";

const JSON_FILE = `${ROOT}/docs/results.json`;
const PAGE = `${ROOT}/docs/results.md`;
const README = `${ROOT}/README.md`;

/** Options of the command. */
interface Options {
  rows: readonly Row[];
  runs: number;
  /** Undefined for the official one of each row. */
  timeLimitSeconds: number | undefined;
  /** True to leave out rows that are measured already. */
  missing: boolean;
  /** True to measure nothing. */
  render: boolean;
}

const FLAGS = ["rows", "runs", "time-limit", "missing", "render"];

function parse(words: string[]): Options {
  const given = parseArgs(words, { string: ["rows", "runs", "time-limit"], boolean: ["missing", "render"] });
  const unknown = Object.keys(given).find((name) => name !== "_" && !FLAGS.includes(name)) ?? given._[0];
  if (unknown !== undefined) {
    throw new UsageError(`Cannot use ${unknown}: expected ${FLAGS.map((flag) => `--${flag}`).join(", ")}`);
  }
  return {
    rows: given.rows === undefined ? ROWS : selectRows(given.rows),
    runs: given.runs === undefined ? 5 : positive("runs", given.runs),
    timeLimitSeconds: given["time-limit"] === undefined ? undefined : positive("time-limit", given["time-limit"]),
    missing: given.missing === true,
    render: given.render === true,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`Cannot use --${name} ${text}: expected a whole number above 0`);
}

function readDocument(): ResultsDocument {
  try {
    return JSON.parse(Deno.readTextFileSync(JSON_FILE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { schema: 1, rows: [] };
    throw error;
  }
}

function writeDocument(document: ResultsDocument): void {
  Deno.writeTextFileSync(JSON_FILE, JSON.stringify(document, null, 2) + "\n");
  Deno.writeTextFileSync(PAGE, renderResults(document));
  Deno.writeTextFileSync(README, renderReadme(Deno.readTextFileSync(README), document));
}

function log(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${new Date().toISOString().slice(11, 19)}  ${line}\n`));
}

/** Measures a row. Returns undefined if the signal fired before the first run was complete. */
async function measureRow(row: Row, measuring: Measuring): Promise<MeasuredRow | undefined> {
  const date = new Date().toISOString().slice(0, 10);
  const runs = await runRow(row, measuring);
  if (runs.length === 0) return undefined;
  const measured_apart = await measureOtherFigures(row, measuring).catch((error: Error) => {
    // Keep the runs: only the additional figures are missing.
    log(`${row.id}  ${error.message}`);
    return {};
  });
  return judgeRow(row, { measured_apart, time_limit: measuring.timeLimitSeconds, date, machine: thisMachine(), runs });
}

/**
 * True if a row has at least as many runs as the known one, so that an interrupted row never replaces a complete one.
 */
function isBetter(row: MeasuredRow, document: ResultsDocument): boolean {
  const known = document.rows.find(({ id }) => id === row.id);
  return known === undefined || known.command !== row.command || known.runs.length <= row.runs.length;
}

async function measure({ rows, runs, timeLimitSeconds, missing }: Options, signal: AbortSignal): Promise<void> {
  let document = timeLimitSeconds === undefined ? refresh(readDocument()) : { schema: 1 as const, rows: [] };
  const due = missing ? missingRows(document, rows, runs, officialTimeLimit) : rows;
  for (const [i, row] of due.entries()) {
    if (signal.aborted) break;
    log(`${row.id}  ${row.title}: row ${i + 1} of ${due.length}`);
    const measuring = { runs, timeLimitSeconds: timeLimitSeconds ?? officialTimeLimit(row), signal, log };
    const measured = await measureRow(row, measuring).catch((error: Error) =>
      log(`${row.id}  failed: ${error.message}`)
    );
    if (!measured || (signal.aborted && !isBetter(measured, document))) continue;
    document = mergeRow(document, measured);
    log(`${row.id}  ${measured.met === null ? "measured" : measured.met ? "met" : "NOT MET"}`);
    if (timeLimitSeconds === undefined) writeDocument(document);
  }
  if (timeLimitSeconds !== undefined) Deno.stdout.writeSync(new TextEncoder().encode(renderResults(document)));
}

async function main(): Promise<void> {
  const options = parse(Deno.args);
  if (options.render) return writeDocument(refresh(readDocument()));
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    log("Interrupted: finished rows are kept");
    interrupt.abort();
  });
  await measure(options, interrupt.signal);
  Deno.exit(0);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    log(error.message);
    Deno.exit(254);
  }
}
