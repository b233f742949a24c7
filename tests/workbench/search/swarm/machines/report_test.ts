import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createStyle } from "../../../../../lib/workbench/base/text.ts";
import type { SwarmDefinition } from "../../../../../lib/workbench/search/swarm/machines/definition.ts";
import {
  createSwarmDocument,
  formatSwarmReport,
  formatSwarmTables,
  swarmSource,
  workerSource,
} from "../../../../../lib/workbench/search/swarm/machines/report.ts";
import {
  countResult,
  createSwarmResults,
  isComplete,
  type SeedResult,
} from "../../../../../lib/workbench/search/swarm/machines/results.ts";

const SWARM: SwarmDefinition = {
  schema: 1,
  name: "dune",
  seed: "dune",
  seeds: 4,
  challenges: ["1", "3a"],
  version: "0.1.0-abc",
  program: null,
  rangeSize: 1,
  createdAt: 1000,
  isFinished: false,
};

const VALID: SeedResult = {
  challenge: "1",
  outcome: "valid",
  operations: 100,
  duration: 3_600_000,
  elapsed: 200,
  worker: "a/1",
};

const LOST: SeedResult = { ...VALID, challenge: "3a", outcome: "failed", findings: ["lost", "stale"], worker: "b/2" };
const FACTS = { command: "./maelstrom.sh 3a --sim", store: "store/broadcast/20261129T120000-2" };

function results() {
  const results = createSwarmResults(SWARM);
  countResult(results, 1, VALID, 2000);
  countResult(results, 2, LOST, 3000);
  return results;
}

Deno.test("countResult() counts each test once, and no other tests", () => {
  const counted = results();
  for (let i = 0; i < 3; i++) {
    countResult(counted, 1, VALID, 9000);
    countResult(counted, 2, { ...LOST, worker: "c/3" }, 9000);
  }
  for (const number of [0, 5, NaN]) countResult(counted, number, VALID, 9000);
  assertEquals([counted.numbers.size, counted.failures.length, counted.lastAt], [2, 1, 3000]);
  assertEquals(counted.tally.get("1")!.tests, 1);
  assertEquals([...counted.workers], [
    ["a/1", { tests: 1, failed: 0, busy: 200, lastAt: 2000 }],
    ["b/2", { tests: 1, failed: 1, busy: 200, lastAt: 3000 }],
  ]);
  assertEquals(isComplete(counted), false);
  countResult(counted, 3, { ...VALID, outcome: "no-verdict" }, 4000);
  countResult(counted, 4, { ...VALID, outcome: "stuck" }, 4000);
  assertEquals([isComplete(counted), counted.failures.length], [true, 2]);
  assertEquals(counted.tally.get("1")!.withoutVerdict, 1);
});

Deno.test("swarmSource() shows the time left, and the workers that have shown results lately", () => {
  const sentence = (rate: number) => swarmSource(results(), () => ({ now: 32_500, rate })).sentence();
  assertEquals(sentence(1.25), "swarm dune: 2 of 4 runs, 1 failed, 2 s left, 1.3 runs/s, 1 worker");
  assertEquals(sentence(0), "swarm dune: 2 of 4 runs, 1 failed, 0.0 runs/s, 1 worker");
});

Deno.test("workerSource() shows what the worker has counted by then", () => {
  const counts = { tests: 1, failed: 0 };
  const source = workerSource("a/1", counts);
  assertEquals(source.sentence(), "a/1: 1 run, 0 failed");
  counts.tests = 3;
  counts.failed = 2;
  const parts = source.parts(createStyle(true)).map(({ forms: [form], paint }) => paint?.(form!.text) ?? form!.text);
  assertEquals(parts, ["a/1", "3 runs", "\x1b[38;5;168m2 failed\x1b[39m"]);
});

Deno.test("formatSwarmTables() has a row for each challenge and each worker", () => {
  const lines = formatSwarmTables(results()).split("\n").map((line) => line.replaceAll(/ +/g, " ").trim());
  assertEquals(lines, [
    "runs operations virtual hours no verdict failed",
    "1 echo 1 100 1.00 0 0",
    "3a broadcast 1 100 1.00 0 1",
    "all 2 200 2.00 0 1",
    "",
    "2 runs in 0:02, 1.0 a second",
    "",
    "worker runs ms a run failed",
    "a/1 1 200 0",
    "b/2 1 200 1",
  ]);
});

Deno.test("formatSwarmReport() shows the failures with their commands, and what has no verdict", () => {
  const all = results();
  const facts = all.failures.map((failure) => ({ ...failure, ...FACTS }));
  const broken = { ...VALID, outcome: "no-results", problem: "Out of memory\nat x" } as const;
  const out = formatSwarmReport(all, [...facts, { number: 3, result: broken, ...FACTS, store: null }]);
  assertStringIncludes(
    out,
    [
      "",
      "Run 2 has failed: lost, stale (3a)",
      "  run again    ./maelstrom.sh 3a --sim",
      "  stored in    store/broadcast/20261129T120000-2",
      "Run 3 ended without results: Out of memory (1)",
      "  run again    ./maelstrom.sh 3a --sim",
    ].join("\n"),
  );
  assertMatch(formatSwarmReport(createSwarmResults(SWARM), []), /\n\nNo verdict on 1, 3a: no test was run$/);
  const many = Array.from({ length: 23 }, (_, i) => ({ number: i, result: LOST, ...FACTS }));
  assertStringIncludes(formatSwarmReport(all, many), "\nand 3 more failures: --json lists all");
});

Deno.test("createSwarmDocument() has everything", () => {
  const all = results();
  const document = createSwarmDocument(all, all.failures.map((failure) => ({ ...failure, ...FACTS })));
  assertEquals(document, {
    schema: 1,
    swarm: "dune",
    seed: "dune",
    seeds: 4,
    version: "0.1.0-abc",
    counted: 2,
    complete: false,
    seconds: 2,
    challenges: [
      { challenge: "1", runs: 1, operations: 100, virtual_seconds: 3600, no_verdict: 0, failed: 0 },
      { challenge: "3a", runs: 1, operations: 100, virtual_seconds: 3600, no_verdict: 0, failed: 1 },
    ],
    workers: [
      { worker: "a/1", runs: 1, failed: 0, busy_seconds: 0.2 },
      { worker: "b/2", runs: 1, failed: 1, busy_seconds: 0.2 },
    ],
    failures: [{
      number: 2,
      challenge: "3a",
      outcome: "failed",
      findings: ["lost", "stale"],
      problem: null,
      ...FACTS,
    }],
  });
});
