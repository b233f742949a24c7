import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { GradedClaim, GradeDocument } from "../../../../lib/workbench/report/grade/document.ts";
import { formatJUnit } from "../../../../lib/workbench/report/grade/junit.ts";
import { formatPage } from "../../../../lib/workbench/report/grade/page.ts";
import { formatGrade } from "../../../../lib/workbench/report/grade/table.ts";

const CLAIM: GradedClaim = {
  id: "3c/valid",
  challenge: "3c",
  title: "Fault-tolerant broadcast",
  claim: "valid without faults",
  status: "passed",
  points: 1,
  max_points: 1,
  seeds_passed: 2,
  seeds_run: 2,
  reason: null,
  command: null,
};
const EVIL = `</script><b a="1">'&amp;\0\x1b[31m\ud800]]>\nline 2`;
const SHOWN = "&lt;/script&gt;&lt;b a=&quot;1&quot;&gt;&#39;&amp;amp;\\x00\\x1b[31m\ufffd]]&gt;";
const FAILED = {
  ...CLAIM,
  status: "failed",
  points: 0,
  seeds_passed: 1,
  claim: "valid under <x>",
  reason: EVIL,
} as const;
const DOCUMENT: GradeDocument = {
  schema: 1,
  points: 1,
  max_points: 3,
  complete: false,
  bin: "<node>",
  mode: "process",
  seeds: 2,
  hidden_seeds: true,
  time_limit_seconds: 160,
  claims: [CLAIM, FAILED, { ...CLAIM, status: "not-graded", points: 0, reason: "It was not run to its end" }],
};

Deno.test("formatJUnit() writes a suite for each challenge, and escapes what a node may have written", () => {
  assertEquals(
    formatJUnit(DOCUMENT),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="grade" tests="3" failures="1" errors="0" skipped="1">
  <testsuite name="3c Fault-tolerant broadcast" tests="3" failures="1" errors="0" skipped="1">
    <testcase classname="3c" name="valid without faults"/>
    <testcase classname="3c" name="valid under &lt;x&gt;">
      <failure message="${SHOWN}">${SHOWN}
line 2</failure>
    </testcase>
    <testcase classname="3c" name="valid without faults">
      <skipped message="It was not run to its end">It was not run to its end</skipped>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

Deno.test("formatPage() shows points, reasons and how they came about, without scripts", () => {
  const page = formatPage(DOCUMENT);
  assertStringIncludes(page, "<h1>1 of 3 points</h1>");
  assertStringIncludes(page, "<code>&lt;node&gt;</code>");
  assertStringIncludes(page, "ended early");
  assertStringIncludes(page, "run with real processes 2 times, with hidden seeds, derived from a secret");
  assertStringIncludes(page, "✗ failed (1 of 2 runs)");
  assert(!page.includes("<script") && !page.includes("<b "), "no markup of the node's");
  const all = formatPage({ ...DOCUMENT, complete: true, seeds: 1, hidden_seeds: false, claims: [CLAIM] });
  assertStringIncludes(all, "run with real processes once, with new seeds");
  assert(!all.includes("ended early"));
});

Deno.test("formatGrade() shows a line for each claim, reasons, commands, and the sum", () => {
  const claims = [CLAIM, { ...FAILED, reason: "too late", command: "./maelstrom.sh 3c --seed 7" }];
  assertEquals(formatGrade({ ...DOCUMENT, claims }, { width: 80, colour: false }).split("\n"), [
    "✓ 3c valid without faults  1 / 1",
    "✗ 3c valid under <x>       0 / 1",
    "    too late",
    "    ./maelstrom.sh 3c --seed 7",
    "",
    "1 of 3 points; ended early",
  ]);
});
