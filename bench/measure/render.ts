/**
 * Rendering of `docs/results.json` as `docs/results.md` and as the table in the README. Pure functions.
 *
 * @module
 */

import { CHALLENGES, PROGRAMS } from "../../lib/workbench/request/challenges.ts";
import type { Machine, MeasuredRow, ResultsDocument, Run } from "./document.ts";
import { type FigureName, FIGURES, formatCondition, formatFigure, formatMessages, valuesOf } from "./figures.ts";
import { type Column, formatParagraph, formatTable, replaceBetweenMarks } from "./markdown.ts";
import { challengeOf } from "./rows.ts";

/** Renders `docs/results.md`. */
export function renderResults(document: ResultsDocument): string {
  const { rows } = document;
  return [
    "# Results",
    formatParagraph(
      `\`deno task measure\` writes this page and [results.json](results.json), which has every run. ${
        conditions(rows, "the commands below")
      } Messages are those between servers, services included, for each operation (Maelstrom's
      \`:net :servers :msgs-per-op\`). Latencies of broadcasts are stable latencies, median / max: the time from the
      acknowledgement of a value until no node lacks it any more. A node acknowledges a broadcast as soon as it has the
      value itself: a later acknowledgement would make these latencies look better. [growth.md](growth.md) shows how the
      figures grow with the number of nodes.`,
    ),
    "## Against the limits, and the best published",
    formatParagraph(
      `Published figures are claims of their authors, unless marked "measured": messages an operation, at median / max
      latency in ms.`,
    ),
    comparison(rows.filter(({ reach }) => reach.length > 0)),
    formatParagraph(
      `"Agreed after" is the time from the end of the last fault, or the last write, until every node has everything.
      With processes it can only be measured by additional reads, which would change the test. So it is the longest
      time in ten simulations of the same command. "Ids a second" is the rate of one node when requests are piped into
      it (\`bench/ids.ts\`).`,
    ),
    "## All figures",
    formatParagraph(
      `Medians, with the lowest and the highest value in brackets. p99 is that of the slowest kind of operation, without
      the \`assign\` operations of a log's clients.`,
    ),
    everything(rows),
    ...problems(rows),
    "## Commands",
    formatTable([["row"], ["command"], ["runs", "right"], ["seconds each", "right"], ["date"], [
      "load before",
      "right",
    ]], [
      ...rows.map((row) => [
        row.id,
        `\`${row.command}\``,
        String(row.runs.length),
        String(row.time_limit),
        row.date,
        loads(row.runs),
      ]),
    ]),
  ].join("\n\n") + "\n";
}

/** Replaces the table in the README. */
export function renderReadme(readme: string, document: ResultsDocument): string {
  const rows = document.rows.filter(({ id }) => CHALLENGES.some((challenge) => challenge.id === id));
  const columns: Column[] = [
    [""],
    ["challenge"],
    ["operations ok", "right"],
    ["messages per operation", "right"],
    ["broadcast latency, median / max", "right"],
    ["how"],
  ];
  const cells = rows.map((row) => [row.id, row.title, operations(row), messages(row), latency(row), how(row)]);
  const text = `${
    conditions(rows, "the official commands")
  } More ways to run them, and the best that others have published, are in
    [docs/results.md](docs/results.md).`;
  return replaceBetweenMarks(readme, "results", `${formatParagraph(text)}\n\n${formatTable(columns, cells)}`);
}

/** Describes in one sentence how the rows were measured. */
function conditions(rows: readonly MeasuredRow[], commands: string): string {
  const machines = [...new Set(rows.map(({ machine }) => describe(machine)))];
  const counts = [...new Set(rows.map(({ runs }) => runs.length))].sort((a, b) => a - b);
  const runs = counts.length === 1 && counts[0] === 1 ? "One run" : `Medians of ${range(counts)} runs`;
  return `${runs} of ${commands}, each node a process, one run after the other, on ${machines.join("; ")}.`;
}

function describe({ cpu, cores, memory_gb, system, deno }: Machine): string {
  return `${cores} cores (${cpu}) with ${memory_gb} GB of memory, ${system}, Deno ${deno}`;
}

function comparison(rows: readonly MeasuredRow[]): string {
  const columns: Column[] = [
    ["row"],
    ["what"],
    ["official limit"],
    ["best published"],
    ["to be reached"],
    ["measured"],
    ["reached"],
  ];
  return formatTable(
    columns,
    rows.map((row) => [
      row.id,
      row.title,
      row.limit || "–",
      row.published || "–",
      row.reach.map(formatCondition).join(", "),
      measured(row),
      reached(row),
    ]),
  );
}

/** Formats the figures that have a goal. */
function measured({ reach, figures }: MeasuredRow): string {
  return reach.map(([name]) => {
    const value = figures[name] ?? null;
    return `${FIGURES[name].word} ${value === null ? "unknown" : formatFigure(name, value)}`;
  }).join(", ");
}

function reached({ reached, runs }: MeasuredRow): string {
  const invalid = runs.filter(({ valid }) => valid !== true).length;
  if (invalid > 0) return `✗ ${invalid} of ${runs.length} runs not valid`;
  return reached ? "✓" : "✗";
}

/** Columns of the table of all figures. */
const SHOWN: readonly (readonly [FigureName, string])[] = [
  ["msgs_per_op", "messages an operation"],
  ["median_latency_ms", "median, ms"],
  ["max_latency_ms", "max, ms"],
  ["operations_per_second", "operations a second"],
  ["availability", "availability"],
  ["p99_ms", "p99, ms"],
];

function everything(rows: readonly MeasuredRow[]): string {
  const columns: Column[] = [
    ["row"],
    ["what"],
    ["valid", "right"],
    ...SHOWN.map(([, heading]): Column => [heading, "right"]),
  ];
  return formatTable(
    columns,
    rows.map((row) => {
      const valid = row.runs.filter((run) => run.valid === true);
      return [
        row.id,
        row.title,
        `${valid.length} of ${row.runs.length}`,
        ...SHOWN.map(([name]) => spread(name, row, valid)),
      ];
    }),
  );
}

/** Formats the median and the range of the runs. */
function spread(name: FigureName, { figures }: MeasuredRow, runs: readonly Run[]): string {
  const value = figures[name] ?? null;
  if (value === null) return "–";
  const { format } = FIGURES[name];
  const values = valuesOf(name, runs.map(({ figures }) => figures));
  const [lowest, highest] = [format(Math.min(...values)), format(Math.max(...values))];
  return lowest === highest ? format(value) : `${format(value)} (${lowest}–${highest})`;
}

/** Lists the runs that are not valid. */
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

/** Sums up the operations of all runs, the invalid ones included. */
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

/** Links to the program and to its page. */
function how({ id }: MeasuredRow): string {
  const { program, name } = challengeOf({ id });
  const [file] = PROGRAMS[program]!;
  return `[${file}](challenges/${file}), [page](docs/${name.replaceAll("-", "_")}.md)`;
}
