import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  failedRun,
  judgeRow,
  type MeasuredRow,
  type Measurement,
  mergeRow,
  missingRows,
  refresh,
  type ResultsDocument,
  type Run,
  runOf,
} from "../../bench/measure/document.ts";
import { type Condition, figuresOf, formatCondition, median, medians, meets } from "../../bench/measure/figures.ts";
import { formatMarkdownTable, formatParagraph, replaceBetweenMarks } from "../../bench/measure/markdown.ts";
import { renderReadme, renderResults } from "../../bench/measure/render.ts";
import { challengeOf, commandOf, type Row, ROWS, selectRows } from "../../bench/measure/rows.ts";
import { CHALLENGES } from "../../lib/workbench/request/challenges.ts";
import { UsageError } from "../../lib/workbench/base/errors.ts";
import type { Results } from "../../lib/workbench/run/results.ts";

const MACHINE = { cpu: "Some CPU", cores: 2, memory_gb: 8, system: "linux x86_64", deno: "2.9.6" };
const BROADCAST: Row = {
  id: "3e",
  title: "broadcast, few messages",
  limit: "< 20",
  goals: [["msgs_per_op", "≤", 0.6], ["max_latency_ms", "<", 1080]],
};

function run(changes: Partial<Run> = {}): Run {
  const figures = { msgs_per_op: 0.5, median_latency_ms: 520, max_latency_ms: 1000, availability: 1 };
  return {
    seed: "dune",
    load: 0.25,
    valid: true,
    problems: [],
    operations: { count: 100, ok: 99 },
    figures,
    ...changes,
  };
}

function runs(...messages: number[]): Run[] {
  return messages.map((msgs_per_op) => run({ figures: { ...run().figures, msgs_per_op } }));
}

function measurement(changes: Partial<Measurement> = {}): Measurement {
  return { measured_apart: {}, time_limit: 20, date: "2026-11-23", machine: MACHINE, runs: [run()], ...changes };
}

function document(...rows: MeasuredRow[]): ResultsDocument {
  return { schema: 1, rows };
}

Deno.test("median() is the value in the middle, or the mean of the two in the middle", () => {
  assertEquals(median([5, 1, 3]), 3);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
  assertEquals(median([]), null);
});

Deno.test("median() has as many values below as above, in any order", () => {
  fc.assert(fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
    const found = median(values)!;
    const below = values.filter((value) => value < found).length;
    const above = values.filter((value) => value > found).length;
    assert(below <= values.length / 2 && above <= values.length / 2);
    assertEquals(median(values.toReversed()), found);
  }));
});

Deno.test("medians() computes each figure separately, and leaves out unknown ones", () => {
  assertEquals(
    medians([{ msgs_per_op: 3, p99_ms: null }, { msgs_per_op: 1, p99_ms: 8 }, {
      msgs_per_op: 2,
      max_latency_ms: null,
    }]),
    { msgs_per_op: 2, p99_ms: 8 },
  );
});

Deno.test("figuresOf() takes the figures from the results of a run", () => {
  const results = {
    operations: { count: 2000, ok: 1800 },
    availability: { valid: true, ok_fraction: 0.9 },
    net: { servers: { msgs_per_op: 0.75 } },
    latency_ms: {
      read: { p50: 1, p95: 2, p99: 3, max: 4 },
      broadcast: { p50: 1, p95: 2, p99: 3.52048, max: 4 },
      assign: { p50: 1, p95: 2, p99: 9, max: 9 },
    },
    result: { stable_latencies: { "0": 0, "0.5": 520, "0.95": 900, "0.99": 950, "1": 1010 } },
  } as unknown as Results;
  assertEquals(figuresOf(results, 20), {
    msgs_per_op: 0.75,
    median_latency_ms: 520,
    max_latency_ms: 1010,
    operations_per_second: 90,
    availability: 0.9,
    p99_ms: 3.52,
  });
  const nothing = { operations: null, availability: null, net: null, latency_ms: null, result: {} };
  assertEquals(new Set(Object.values(figuresOf(nothing as unknown as Results, 20))), new Set([null]));
});

Deno.test("meets() compares a figure with the bound, and fails for an unknown figure", () => {
  const at = (relation: Condition[1], value: number | null) => meets({ p99_ms: value }, ["p99_ms", relation, 5]);
  assertEquals([4, 5, 6].map((value) => at("<", value)), [true, false, false]);
  assertEquals([4, 5, 6].map((value) => at("≤", value)), [true, true, false]);
  assertEquals([4, 5, 6].map((value) => at("≥", value)), [false, true, true]);
  assertFalse(at("≤", null));
  assertFalse(meets({}, ["p99_ms", "≤", 5]));
});

Deno.test("formatCondition() shows the figure, the relation and the bound with its unit", () => {
  assertEquals(formatCondition(["msgs_per_op", "≤", 0.36]), "messages ≤ 0.36");
  assertEquals(formatCondition(["max_latency_ms", "<", 2000]), "max < 2,000 ms");
  assertEquals(formatCondition(["ids_per_second", "≥", 100_000]), "ids ≥ 100,000 a second");
});

Deno.test("runOf() keeps anomalies and exceptions, but no allowed anomalies", () => {
  const results = {
    seed: "dune",
    valid: false,
    operations: { count: 10, ok: 9 },
    anomalies: [
      { type: "lost", count: 2, explanation: "" },
      { type: "stale", count: 1, explanation: "", allowed: true },
      { type: "lost", count: 1, explanation: "" },
    ],
    exceptions: [{ type: "node-crashed", message: "Node n1 exited with status 1\nIt wrote nothing", count: 1 }],
    result: {},
  } as unknown as Results;
  const { problems, operations, valid } = runOf(results, 20, 0.5);
  assertEquals(problems, ["lost", "Node n1 exited with status 1"]);
  assertEquals([operations, valid], [{ count: 10, ok: 9 }, false]);
  const good = { ...results, valid: true, exceptions: [] };
  assertEquals(runOf(good as Results, 20, null).problems, []);
});

Deno.test("judgeRow() compares the medians with the conditions", () => {
  const judged = judgeRow(BROADCAST, measurement({ runs: runs(0.7, 0.5, 0.6, 0.8, 0.55) }));
  assertEquals([judged.figures.msgs_per_op, judged.met], [0.6, true]);
  assertEquals(judgeRow(BROADCAST, measurement({ runs: runs(0.61) })).met, false);
  assertEquals(judgeRow({ ...BROADCAST, goals: [] }, measurement()).met, null);
  assertEquals(judgeRow(BROADCAST, measurement({ runs: [] })).met, false);
});

Deno.test("judgeRow() leaves an invalid run out of the medians, and does not meet the goals", () => {
  const bad = run({ valid: false, problems: ["lost"], figures: { msgs_per_op: 0.01 } });
  const judged = judgeRow(BROADCAST, measurement({ runs: [...runs(0.4, 0.5, 0.6), bad] }));
  assertEquals([judged.figures.msgs_per_op, judged.met], [0.5, false]);
  const unknown = run({ valid: "unknown" });
  assertEquals(judgeRow(BROADCAST, measurement({ runs: [...runs(0.4), unknown] })).met, false);
});

Deno.test("judgeRow() compares figures that were measured apart from the runs, too", () => {
  const row: Row = { ...BROADCAST, goals: [["convergence_ms", "≤", 1000]] };
  assertEquals(judgeRow(row, measurement()).met, false);
  assertEquals(judgeRow(row, measurement({ measured_apart: { convergence_ms: 800 } })).met, true);
  assertEquals(judgeRow(row, measurement({ measured_apart: { convergence_ms: null } })).met, false);
});

Deno.test("mergeRow() replaces the row and keeps the order of the table", () => {
  const measured = ["3a", "1", "6c"].map((id) => judgeRow({ id, title: id }, measurement()));
  let merged = measured.reduce((all, row) => mergeRow(all, row), document());
  assertEquals(merged.rows.map(({ id }) => id), ["1", "3a", "6c"]);
  merged = mergeRow(merged, judgeRow({ id: "3a", title: "new" }, measurement()));
  assertEquals(merged.rows.map(({ title }) => title), ["1", "new", "6c"]);
});

Deno.test("refresh() judges by the current table, and drops rows whose command has changed", () => {
  const known = document(judgeRow(BROADCAST, measurement()), judgeRow({ id: "1", title: "echo" }, measurement()));
  const stricter: Row = { ...BROADCAST, title: "stricter", goals: [["msgs_per_op", "≤", 0.1]] };
  const refreshed = refresh(known, [stricter, { id: "2", title: "not measured" }]);
  assertEquals(refreshed.rows.map(({ title, met }) => [title, met]), [["stricter", false]]);
  assertEquals(refresh(known, [{ ...BROADCAST, args: ["--period", "5"] }]).rows, []);
});

Deno.test("missingRows() selects rows with too few runs, another length or another command", () => {
  const known = document(judgeRow(BROADCAST, measurement({ runs: runs(1, 2, 3) })));
  const missing = (row: Row, count: number, seconds: number) => missingRows(known, [row], count, () => seconds).length;
  assertEquals(missing(BROADCAST, 3, 20), 0);
  assertEquals(missing(BROADCAST, 5, 20), 1);
  assertEquals(missing(BROADCAST, 3, 10), 1);
  assertEquals(missing({ ...BROADCAST, args: ["--period", "5"] }, 3, 20), 1);
  assertEquals(missing({ id: "1", title: "echo" }, 3, 20), 1);
});

Deno.test("ROWS have unique ids and commands, and a row for each challenge's default command", () => {
  assertEquals(new Set(ROWS.map(({ id }) => id)).size, ROWS.length);
  assertEquals(new Set(ROWS.map(commandOf)).size, ROWS.length);
  for (const row of ROWS) assertEquals(challengeOf(row).id, row.id.split("-")[0]);
  const standard = ROWS.filter(({ flags, args }) => flags === undefined && args === undefined);
  assertEquals(standard.map(({ id }) => id), CHALLENGES.map(({ id }) => id));
});

Deno.test("commandOf() is the command that a user would type", () => {
  assertEquals(commandOf({ id: "3d" }), "./maelstrom.sh 3d");
  assertEquals(
    commandOf({ id: "3e-odd", flags: ["--nemesis", "partition"], args: ["--period", "5"] }),
    "./maelstrom.sh 3e --nemesis partition -- --period 5",
  );
});

Deno.test("selectRows() accepts numbers of challenges and ids of rows", () => {
  const ids = (words: string) => selectRows(words).map(({ id }) => id);
  assertEquals(ids("6a"), ["6a"]);
  assertEquals(ids(" 4-at-once, 1 "), ["1", "4-at-once"]);
  assertEquals(ids("4"), ["4", "4-at-once"]);
  assertThrows(() => selectRows("1,7"), UsageError, "Cannot find the row 7: expected one of 1, 2,");
});

Deno.test("formatTable() aligns columns by characters", () => {
  assertEquals(
    formatMarkdownTable([["a"], ["ms", "right"]], [["–", "1"], ["long", "20"]]),
    "| a    |   ms |\n| ---- | ---: |\n| –    |    1 |\n| long |   20 |",
  );
});

Deno.test("formatParagraph() fills lines, and never breaks code", () => {
  const text = formatParagraph(`${"word ".repeat(23)} \`--some flag\` end`);
  assertEquals(text.split("\n"), ["word ".repeat(23).trim(), "`--some flag` end"]);
});

Deno.test("replaceBetweenMarks() replaces only the text between the marks", () => {
  const text = "a\n\n<!-- x -->\n\nold\n\n<!-- /x -->\n\nb\n";
  assertEquals(replaceBetweenMarks(text, "x", "new"), "a\n\n<!-- x -->\n\nnew\n\n<!-- /x -->\n\nb\n");
  assertThrows(() => replaceBetweenMarks(text, "y", "new"), Error, "Cannot replace y: expected <!-- y -->");
});

Deno.test("renderResults() shows figures beside their goals, and the range of the runs", () => {
  const row = judgeRow({ ...BROADCAST, published: "1.92 at 764 / 1087" }, measurement({ runs: runs(0.4, 0.5, 0.7) }));
  const page = renderResults(document(row)).replaceAll(/\s+/g, " ");
  assertStringIncludes(page, "Medians of 3 runs of the commands below");
  assertStringIncludes(page, "| < 20 | 1.92 at 764 / 1087 |");
  assertStringIncludes(page, "| 3e | messages ≤ 0.6, max < 1,080 ms | messages 0.500, max 1000 ms | ✓ |");
  assertStringIncludes(page, "| 3 of 3 | 0.500 (0.400–0.700) | 520 | 1000 |");
  assertStringIncludes(page, "| `./maelstrom.sh 3e` | 3 | 20 | 2026-11-23 | 0.25 |");
  assertFalse(page.includes("not valid"));
});

Deno.test("renderResults() lists each run that is not valid", () => {
  const failed = [run({ valid: false, problems: ["lost"] }), run({ valid: "unknown", seed: "arrakis" })];
  const page = renderResults(
    document(judgeRow(BROADCAST, measurement({ runs: [run(), ...failed, failedRun("no", 1)] }))),
  );
  assertStringIncludes(page, "✗ 3 of 4 runs not valid");
  assertStringIncludes(page, "- 3e, run 2, seed dune: not valid: lost");
  assertStringIncludes(page, "- 3e, run 3, seed arrakis: unknown");
  assertStringIncludes(page, "- 3e, run 4, seed unknown: not valid: no");
});

Deno.test("renderReadme() shows the challenges as they run by default, with their limits", () => {
  const other = judgeRow({ ...BROADCAST, id: "3e-other", title: "other" }, measurement());
  const rows = document(judgeRow(BROADCAST, measurement({ runs: [run(), run()] })), other);
  const readme = renderReadme("<!-- results -->\n<!-- /results -->", rows).replaceAll(/ +/g, " ");
  assertStringIncludes(
    readme,
    "| 3e | broadcast, few messages | 198 of 200 | 0.500 (limit 20) | 520 / 1000 ms (limits 1000 / 2000) |",
  );
  assertStringIncludes(readme, "| [kafka_lin_kv.ts](challenges/kafka_lin_kv.ts) | [kafka](docs/kafka.md) |");
  assertFalse(readme.includes("other |"));
});

Deno.test("renderReadme() shows that a run was not valid", () => {
  const bad = run({ valid: false, problems: ["lost"] });
  const rows = document(judgeRow(BROADCAST, measurement({ runs: [run(), bad] })));
  assertStringIncludes(renderReadme("<!-- results --><!-- /results -->", rows), "1 of 2 runs not valid");
});

const mayRead = Deno.permissions.querySync({ name: "read" }).state === "granted";
const fileText = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));

Deno.test({
  name: "docs/results.md and the README's table are rendered from docs/results.json with the current rows",
  ignore: !mayRead,
  fn() {
    const measured: ResultsDocument = JSON.parse(fileText("docs/results.json"));
    const again = "is not up to date: run deno task measure --render";
    assertEquals(measured, JSON.parse(JSON.stringify(refresh(measured))), `docs/results.json ${again}`);
    assertEquals(fileText("docs/results.md"), renderResults(measured), `docs/results.md ${again}`);
    const readme = fileText("README.md");
    assertEquals(readme, renderReadme(readme, measured), `The README's table ${again}`);
  },
});
