import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { formatRunsTable, formatSeedsTable } from "../../../lib/workbench/report/tables.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { GOOD_RUN, resultsWith } from "./good_run.ts";

const PLAIN = { width: 80, colour: false };

Deno.test("formatTable() has a row for each run, with its figures against their limits", () => {
  const missed = [{ name: "msgs_per_op", limit: 20, value: 24.5, met: false }];
  const servers = { ...GOOD_RUN.net!.servers, msgs_per_op: 24.5 };
  const runs: Results[] = [
    GOOD_RUN,
    resultsWith({ passed: false, targets: missed, net: { ...GOOD_RUN.net!, servers } }),
    resultsWith({
      challenge: "1",
      workload: "echo",
      valid: false,
      passed: false,
      targets: [],
      net: null,
      result: { valid: false },
    }),
  ];
  assertEquals(
    formatRunsTable(runs, 4, PLAIN),
    `                verdict   ops     ok     msgs/op   median ms       max ms
✓ 3e broadcast    valid  1974  100 %   1.74 < 20  772 < 1000  1126 < 2000
✗ 3e broadcast   missed  1974  100 %  24.50 ≥ 20         772         1126
✗ 1  echo       INVALID  1974  100 %

1 of 3 passed, 1 not run`,
  );
});

/** A run of 6a that is valid for Maelstrom only. */
const DISPUTED: Partial<Results> = {
  challenge: "6a",
  workload: "txn-rw-register",
  valid: false,
  passed: false,
  maelstrom: { valid: true, passed: true },
  targets: [],
  anomalies: [{ type: "garbage-read", count: 9, explanation: "…", maelstrom: "overlooks" }],
  net: null,
  result: { valid: false },
};

Deno.test("tables mark the runs that Maelstrom judges differently, and count by both verdicts", () => {
  const strict = [GOOD_RUN, resultsWith(DISPUTED)];
  const [asMaelstrom] = [strict.map((run): Results => ({ ...run, decided_by: "maelstrom" }))];
  const wide = { width: 120, colour: false };
  assertEquals(
    formatRunsTable(asMaelstrom, 2, wide),
    `                      verdict   ops     ok    msgs/op   median ms       max ms
✓ 3e broadcast          valid  1974  100 %  1.74 < 20  772 < 1000  1126 < 2000
✓ 6a txn-rw-register   valid*  1974  100 %

  * 6a txn-rw-register: valid for Maelstrom; 1 finding that it does not look for (garbage-read)

2 of 2 passed for Maelstrom (1 strictly)`,
  );
  const table = formatRunsTable(strict, 2, wide);
  assertStringIncludes(table, "✗ 6a txn-rw-register  INVALID*");
  assertStringIncludes(table, "\n  * 6a txn-rw-register: INVALID (garbage-read); valid for Maelstrom\n");
  assertStringIncludes(table, "\n1 of 2 passed (2 for Maelstrom)");
  assertStringIncludes(formatSeedsTable(strict, 2, wide), "\n1 of 2 passed (2 for Maelstrom)");
  assertStringIncludes(formatSeedsTable(asMaelstrom, 2, wide), "\n2 of 2 passed for Maelstrom (1 strictly)");
  const coloured = { width: 120, colour: true };
  assertFalse(formatRunsTable(asMaelstrom, 2, coloured).includes("\x1b[32m"), "not green");
});

Deno.test("formatTable() fits 80 columns with the longest names", () => {
  const run: Results = { ...GOOD_RUN, challenge: "6c", workload: "txn-rw-register", targets: [] };
  for (const line of formatRunsTable([GOOD_RUN, run], 2, PLAIN).split("\n")) assert(line.length <= 80, line);
});

Deno.test("on a narrow terminal, each row of a table becomes a paragraph", () => {
  const narrow = { width: 40, colour: false };
  for (
    const all of [formatRunsTable([GOOD_RUN, GOOD_RUN], 2, narrow), formatSeedsTable([GOOD_RUN, GOOD_RUN], 2, narrow)]
  ) {
    assertStringIncludes(all, "✓ 3e broadcast\n  ");
    assertStringIncludes(all, "median ms 772 < 1000");
    assertFalse(all.startsWith("\n"));
    for (const line of all.split("\n")) assert(line.length <= 40, line);
  }
});

Deno.test("tables show no share of operations that succeeded if there were none", () => {
  const none = { count: 0, ok: 0, fail: 0, info: 0 };
  const run = resultsWith({
    valid: false,
    passed: false,
    operations: { ...none, by_f: {} },
    result: { valid: "unknown" },
  });
  assertFalse(formatRunsTable([run], 1, PLAIN).includes("%"));
  assertFalse(formatSeedsTable([run], 1, PLAIN).includes("%"));
});

Deno.test("in a series, operations and the share that succeeded are of all runs, other figures the worst", () => {
  const withOk = (ok: number) => resultsWith({ operations: { ...GOOD_RUN.operations!, count: 100, ok } });
  const servers = { ...GOOD_RUN.net!.servers, msgs_per_op: 2 };
  const other = resultsWith({ operations: { ...GOOD_RUN.operations!, count: 300, ok: 300 } });
  const [, row] = formatSeedsTable([withOk(0), { ...other, net: { ...GOOD_RUN.net!, servers } }], 2, PLAIN).split("\n");
  assertEquals(row!.replaceAll(/ +/g, " "), "✓ 3e broadcast 2 of 2 400 75 % 2 < 20 772 < 1000 1126 < 2000");
});
