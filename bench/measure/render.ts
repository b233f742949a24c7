/**
 * Renders `docs/results.json` for people: `docs/results.md`, and the tables in the README. Nothing is measured here.
 *
 * @module
 */

import { CHALLENGES, PROGRAMS } from "../../lib/workbench/request/challenges.ts";
import type { MeasuredRow, MeasuringMachine, ResultsDocument, Run } from "./document.ts";
import { type FigureName, FIGURES, formatCondition, formatFigure, formatMessages, valuesOf } from "./figures.ts";
import { type Column, formatMarkdownTable, formatParagraph, replaceBetweenMarks } from "./markdown.ts";
import { challengeOf } from "./rows.ts";

/** Renders `docs/results.md`. */
export function renderResults({ rows }: ResultsDocument): string {
  const judged = rows.filter(({ goals }) => goals.length > 0);
  return [
    "# Results",
    formatParagraph(introduction(rows)),
    "## Limits, and the best published",
    formatParagraph(
      `Published results are claims of their authors, unless it says "measured": messages an operation, at median / max
      latency in ms.`,
    ),
    limitsTable(judged),
    "## Goals",
    formatParagraph(
      `"Agreed after" is the time from the end of the last fault, or the last write, until every node has everything.
      With processes it can only be measured by additional reads, which would change the test. So it is the longest
      time in ten simulations of the same command. "Ids a second" is the rate of one node when requests are piped into
      it (\`bench/ids.ts\`).`,
    ),
    goalsTable(judged),
    "## All figures",
    formatParagraph(
      `Medians, and in brackets the lowest and the highest. p99 is that of the slowest kind of operation. A log's
        clients also \`assign\` themselves keys now and then, which does not count.`,
    ),
    figuresTable(rows, COSTS),
    figuresTable(rows, SERVICE),
    ...problems(rows),
    "## Commands",
    commandsTable(rows),
  ].join("\n\n") + "\n";
}

function introduction(rows: readonly MeasuredRow[]): string {
  return `\`deno task measure\` writes this page and [results.json](results.json), which has every run. ${
    conditions(rows, "the commands below")
  } Messages are those between servers, services included, for each operation (Maelstrom's
    \`:net :servers :msgs-per-op\`). Latencies of broadcasts are stable latencies, median / max: the time from the
    acknowledgement of a value until no node lacks it any more. A broadcast is acknowledged as soon as its node has the
    value: a later acknowledgement would only make these latencies look better. [growth.md](growth.md) shows how the
    cost grows with the number of nodes.`;
}

/** Renders the README with its tables. */
export function renderReadme(readme: string, document: ResultsDocument): string {
  const rows = document.rows.filter(({ id }) => CHALLENGES.some((challenge) => challenge.id === id));
  const columns: Column[] = [
    [""],
    ["challenge"],
    // The other figures are medians.
    [rows.some(({ runs }) => runs.length > 1) ? "ok in all runs" : "operations ok", "right"],
    ["messages per operation", "right"],
    ["broadcast latency, median / max", "right"],
  ];
  const cells = rows.map((row) => [row.id, row.title, operations(row), messages(row), latency(row)]);
  const text = `${
    conditions(rows, "the official commands")
  } [docs/results.md](docs/results.md) has more ways to run them, and the best published results.`;
  const content = [formatParagraph(text), formatMarkdownTable(columns, cells), programsTable()].join("\n\n");
  return replaceBetweenMarks(readme, "results", content);
}

/** A row for each program: the challenges that it solves, its file, and the page that explains it. */
function programsTable(): string {
  const files = Map.groupBy(CHALLENGES, ({ program }) => PROGRAMS[program]![0]!);
  const rows = Array.from(files, ([file, solved]) => [
    solved.map(({ id }) => id).join(", "),
    `[${file}](challenges/${file})`,
    `[${solved[0]!.name}](docs/${solved[0]!.name.replaceAll("-", "_")}.md)`,
  ]);
  return formatMarkdownTable([["challenge"], ["program"], ["page"]], rows);
}

/** Sentence that says how the rows were measured. */
function conditions(rows: readonly MeasuredRow[], commands: string): string {
  const machines = [...new Set(rows.map(({ machine }) => describe(machine)))];
  const counts = [...new Set(rows.map(({ runs }) => runs.length))].sort((a, b) => a - b);
  const runs = counts.length === 1 && counts[0] === 1 ? "One run" : `Medians of ${range(counts)} runs`;
  return `${runs} of ${commands}, each node a process, one run after the other, on ${machines.join("; ")}.`;
}

function describe({ cpu, cores, memory_gb, system, deno }: MeasuringMachine): string {
  return `${cores} cores (${cpu}) with ${memory_gb} GB of memory, ${system}, Deno ${deno}`;
}

function limitsTable(rows: readonly MeasuredRow[]): string {
  const cells = rows.map(({ id, title, limit, published }) => [id, title, limit || "–", published || "–"]);
  return formatMarkdownTable([["row"], ["what"], ["official limit"], ["best published"]], cells);
}

function goalsTable(rows: readonly MeasuredRow[]): string {
  const cells = rows.map((row) => [row.id, row.goals.map(formatCondition).join(", "), measured(row), met(row)]);
  return formatMarkdownTable([["row"], ["goal"], ["measured"], ["met"]], cells);
}

/** Formats the measured figures that have a goal. */
function measured({ goals, figures }: MeasuredRow): string {
  return goals.map(([name]) => {
    const value = figures[name] ?? null;
    return `${FIGURES[name].word} ${value === null ? "unknown" : formatFigure(name, value)}`;
  }).join(", ");
}

function met({ met, runs }: MeasuredRow): string {
  const invalid = runs.filter(({ valid }) => valid !== true).length;
  if (invalid > 0) return `✗ ${invalid} of ${runs.length} runs not valid`;
  return met ? "✓" : "✗";
}

/** Figures and headings of a table. */
type FigureColumns = readonly (readonly [FigureName, string])[];

const COSTS: FigureColumns = [
  ["msgs_per_op", "messages an operation"],
  ["median_latency_ms", "median, ms"],
  ["max_latency_ms", "max, ms"],
];
const SERVICE: FigureColumns = [
  ["operations_per_second", "operations a second"],
  ["availability", "availability"],
  ["p99_ms", "p99, ms"],
];

function figuresTable(rows: readonly MeasuredRow[], figures: FigureColumns): string {
  const columns = figures.map(([, heading]): Column => [heading, "right"]);
  const cells = rows.map((row) => {
    const valid = row.runs.filter((run) => run.valid === true);
    const count = `${valid.length} of ${row.runs.length}`;
    return [row.id, row.title, count, ...figures.map(([name]) => spread(name, row, valid))];
  });
  return formatMarkdownTable([["row"], ["what"], ["valid", "right"], ...columns], cells);
}

function commandsTable(rows: readonly MeasuredRow[]): string {
  const columns: Column[] = [
    ["row"],
    ["command"],
    ["runs", "right"],
    ["seconds each", "right"],
    ["date"],
    ["load before", "right"],
  ];
  const cells = rows.map(({ id, command, runs, time_limit, date }) => [
    id,
    `\`${command}\``,
    String(runs.length),
    String(time_limit),
    date,
    loads(runs),
  ]);
  return formatMarkdownTable(columns, cells);
}

/** The median, and in brackets the lowest and highest value. */
function spread(name: FigureName, { figures }: MeasuredRow, runs: readonly Run[]): string {
  const value = figures[name] ?? null;
  if (value === null) return "–";
  const { format } = FIGURES[name];
  const values = valuesOf(name, runs.map(({ figures }) => figures));
  const [lowest, highest] = [format(Math.min(...values)), format(Math.max(...values))];
  return lowest === highest ? format(value) : `${format(value)} (${lowest}–${highest})`;
}

/** The section with the runs that are not valid; none if all are. */
function problems(rows: readonly MeasuredRow[]): string[] {
  const lines = rows.flatMap(({ id, runs }) =>
    runs.flatMap(({ valid, problems, seed }, i) => {
      if (valid === true) return [];
      const verdict = valid === false ? "not valid" : "unknown";
      return formatItem(`${id}, run ${i + 1}, seed ${seed ?? "unknown"}: ${verdict}: ${problems.join("; ")}`);
    })
  );
  return lines.length === 0 ? [] : ["## Runs that are not valid", lines.join("\n")];
}

function formatItem(text: string): string {
  return `- ${formatParagraph(text).replaceAll("\n", "\n  ")}`;
}

function loads(runs: readonly Run[]): string {
  const known = runs.map(({ load }) => load).filter((load) => load !== null);
  return known.length === 0
    ? "unknown"
    : range([Math.min(...known), Math.max(...known)].map((load) => load.toFixed(2)));
}

function range(values: readonly (number | string)[]): string {
  const [first, last] = [values[0], values.at(-1)];
  return first === last ? String(first) : `${first}–${last}`;
}

/** The operations of all runs together. */
function operations({ runs }: MeasuredRow): string {
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const invalid = runs.filter(({ valid }) => valid !== true).length;
  const counts = `${sum(runs.map(({ operations }) => operations.ok))} of ${
    sum(runs.map(({ operations }) => operations.count))
  }`;
  return invalid === 0 ? counts : `${counts}, ${invalid} of ${runs.length} runs not valid`;
}

function messages({ id, figures }: MeasuredRow): string {
  const value = figures.msgs_per_op ?? null;
  const limit = challengeOf({ id }).limits.find(({ name }) => name === "msgs_per_op");
  if (value === null) return "unknown";
  return formatMessages(value) + (limit === undefined ? "" : ` (limit ${limit.limit})`);
}

function latency({ id, figures }: MeasuredRow): string {
  const [median, max] = [figures.median_latency_ms ?? null, figures.max_latency_ms ?? null];
  if (median === null || max === null) return "";
  const limits = challengeOf({ id }).limits.filter(({ name }) => name.endsWith("latency_ms"));
  const bounds = limits.length === 0 ? "" : ` (limits ${limits.map(({ limit }) => limit).join(" / ")})`;
  return `${median.toFixed(0)} / ${max.toFixed(0)} ms${bounds}`;
}
