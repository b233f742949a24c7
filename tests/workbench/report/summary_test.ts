import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { parseExactJSON } from "../../../lib/workbench/base/json.ts";
import { formatSummary, type SummaryNotes } from "../../../lib/workbench/report/summary.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { GOOD_RUN, resultsWith } from "./good_run.ts";

const PLAIN = { width: 80, colour: false };

const NOTES: SummaryNotes = { deviations: [], command: ["./maelstrom.sh", "3e"], interrupted: false };

function summary(changes: Partial<Results>, notes: Partial<SummaryNotes> = {}, screen = PLAIN): string {
  return formatSummary(resultsWith(changes), { ...NOTES, ...notes }, screen);
}

Deno.test("formatSummary() shows limits, operations, messages and figures in aligned tables", () => {
  assertEquals(
    summary({}),
    `✓ 3e broadcast: valid, within all limits

  messages per operation     1.74       limit 20  ✓
  median latency           772 ms  limit 1000 ms  ✓
  maximum latency         1126 ms  limit 2000 ms  ✓

  operations   count    ok  fail  info  p50  p95  p99  max ms
    broadcast   1012  1012     0     0  0.4  0.9  1.2       5
    read         962   962     0     0  0.4  0.9  1.2      13
    all         1974  1974     0     0

  messages           count  sent  received  per operation
    between servers   3437  3437      3437           1.74
    with clients      4050  4050      4050
    all               7487  7487      7487           3.79

  100 % of operations ok, attempts 1012, lost 0, stale 2 (known, but missing
  from a later read), converged in 48 ms
  stable latencies: min 0, median 772, p95 1030, p99 1100, max 1126 ms

  stored in    store/broadcast/20261122T120000
  run again    ./maelstrom.sh 3e --seed abc`,
  );
});

Deno.test("formatSummary() begins with the verdict and its reasons", () => {
  const first = (changes: Partial<Results>) => summary(changes).split("\n")[0];
  const lost = { type: "lost", count: 3, explanation: "Element 2 was lost" };
  assertEquals(first({ targets: [] }), "✓ 3e broadcast: valid");
  assertEquals(first({ challenge: null, targets: [] }), "✓ broadcast: valid");
  assertEquals(first({ passed: false }), "✗ 3e broadcast: valid, but not within its limits");
  assertEquals(first({ valid: false, passed: false, anomalies: [lost] }), "✗ 3e broadcast: INVALID (lost)");
  assertEquals(first({ valid: "unknown", passed: false }), "? 3e broadcast: unknown");
  const crash = { type: "node-crashed", node: "n1", message: "Node n1 exited with status 1", count: 1, fatal: true };
  assertEquals(
    first({ valid: false, passed: false, exceptions: [crash], anomalies: [lost] }),
    "✗ 3e broadcast: INVALID (node-crashed, lost)",
  );
});

Deno.test("formatSummary() begins with both verdicts if they differ", () => {
  const first = (changes: Partial<Results>, width = 120) => summary(changes, {}, { ...PLAIN, width }).split("\n")[0];
  const garbage = { type: "garbage-read", count: 9, explanation: "…", maelstrom: "overlooks" } as const;
  const anomalies = [garbage, { ...garbage, type: "divergent-replicas" }];
  const wrong = { valid: false, passed: false, maelstrom: { valid: true, passed: true }, anomalies, targets: [] };
  const asMaelstrom = { ...wrong, decided_by: "maelstrom" } as const;
  assertEquals(first(wrong), "✗ 3e broadcast: INVALID (garbage-read, divergent-replicas); valid for Maelstrom");
  assertEquals(
    first(asMaelstrom),
    "✓ 3e broadcast: valid for Maelstrom; 2 findings that it does not look for (garbage-read, divergent-replicas)",
  );
  assertEquals(
    first(asMaelstrom, 80),
    "✓ 3e broadcast: valid for Maelstrom; 2 findings that it does not look for",
  );
  assertEquals(
    first({ ...asMaelstrom, anomalies: [garbage], targets: GOOD_RUN.targets }),
    "✓ 3e broadcast: valid for Maelstrom, within all limits; 1 finding that it does not look for (garbage-read)",
  );
  const reply = { type: "malformed-reply", node: "n0", message: "…", count: 3, maelstrom: "overlooks" } as const;
  assertEquals(
    first({ ...asMaelstrom, anomalies: [], exceptions: [reply], maelstrom: { valid: true, passed: false } }),
    "✗ 3e broadcast: valid for Maelstrom, but not within its limits; 1 finding that it does not look for " +
      "(malformed-reply)",
  );
  const stopped = { ...garbage, maelstrom: "stops" } as const;
  const unknown = { ...wrong, anomalies: [stopped], maelstrom: { valid: "unknown", passed: false } } as const;
  assertEquals(
    first({ ...unknown, anomalies: [stopped] }),
    "✗ 3e broadcast: INVALID (garbage-read); unknown for Maelstrom",
  );
  assertEquals(
    first({ ...unknown, anomalies: [stopped], decided_by: "maelstrom" }),
    "? 3e broadcast: unknown for Maelstrom; 1 finding that its checker stops at (garbage-read)",
  );
  const ids = [{ type: "incomparable-ids", count: 1, explanation: "…", maelstrom: "stops" } as const];
  assertEquals(
    first({ targets: [], anomalies: ids, maelstrom: { valid: "unknown", passed: false } }),
    "✓ 3e broadcast: valid (incomparable-ids); unknown for Maelstrom",
  );
});

Deno.test("formatSummary() never shows findings under a green tick, and says what Maelstrom overlooks", () => {
  const lost = { type: "lost", count: 2, explanation: "Element 7 …", maelstrom: "finds" } as const;
  const apart = { type: "not-converged", count: 1, explanation: "n1 …", maelstrom: "overlooks" } as const;
  const reply = {
    type: "malformed-reply",
    node: "n0",
    message: "Node n0 …",
    count: 3,
    maelstrom: "overlooks",
  } as const;
  const wrong = { valid: false, passed: false, anomalies: [lost, apart], exceptions: [reply] };
  const text = summary({ ...wrong, maelstrom: { valid: true, passed: true }, decided_by: "maelstrom" });
  assertStringIncludes(
    text,
    "\n  lost × 2\n    Element 7 …\n  not-converged (Maelstrom does not look for it)\n    n1 …\n",
  );
  assertStringIncludes(text, "\n  malformed-reply n0 × 3 (Maelstrom does not look for it)\n    Node n0 …\n");
  const coloured = summary(
    { ...wrong, maelstrom: { valid: true, passed: true }, decided_by: "maelstrom" },
    {},
    { width: 80, colour: true },
  );
  assertStringIncludes(coloured, "\x1b[33m✓ 3e broadcast");
});

Deno.test("formatSummary() shows that a run could not be stored, but not as a reason for the verdict", () => {
  const exceptions = [{ type: "not-stored", message: "Cannot store all of the run in x: disk full", count: 1 }];
  const lost = { type: "lost", count: 1, explanation: "Element 7 …" };
  const text = summary({ valid: false, passed: false, anomalies: [lost], exceptions, store: null });
  assertEquals(text.split("\n")[0], "✗ 3e broadcast: INVALID (lost)");
  assertStringIncludes(text, "\n  not-stored\n    Cannot store all of the run in x: disk full\n");
  assert(text.indexOf("not-stored") > text.indexOf("Element 7") && !text.includes("stored in"), text);
});

Deno.test("formatSummary() names as many reasons as fit on the line", () => {
  const anomalies = Array.from(
    { length: 9 },
    (_, index) => ({ type: `anomaly-number-${index}`, count: 1, explanation: "" }),
  );
  const [first] = summary({ valid: false, passed: false, anomalies }).split("\n");
  assertEquals(first, "✗ 3e broadcast: INVALID (anomaly-number-0, anomaly-number-1, …)");
});

Deno.test("formatSummary() shows missed and unmeasured limits", () => {
  const targets = [
    { name: "msgs_per_op", limit: 20, value: 24, met: false },
    { name: "median_latency_ms", limit: 1000, value: null, met: false },
  ];
  const text = summary({ passed: false, targets });
  assertMatch(text, /messages per operation +24 +limit 20 +✗/);
  assertMatch(text, /median latency +not measured +limit 1000 ms +✗/);
});

Deno.test("formatSummary() names permitted anomalies without explaining them", () => {
  const anomalies = [
    { type: "lost-update", count: 22, explanation: "Process 1 and process 2 both …", allowed: true },
    { type: "G1a", count: 1, explanation: "Process 3 read what was aborted" },
  ];
  const text = summary({ valid: false, passed: false, anomalies });
  assertEquals(text.split("\n")[0], "✗ 3e broadcast: INVALID (G1a)");
  assertStringIncludes(text, "  permitted: lost-update × 22");
  assertFalse(text.includes("both"));
});

Deno.test("formatSummary() names all of the strongest models that hold, and the weakest that are violated", () => {
  const permits = ["monotonic-snapshot-read", "monotonic-view", "prefix", "strong-read-committed"];
  const also_not = Array.from({ length: 9 }, (_, index) => `some-stronger-model-${index}`);
  const text = summary({ result: { valid: false, not: ["cursor-stability", "update-atomic"], also_not, permits } });
  assertStringIncludes(
    text.replaceAll(/\s+/g, " "),
    `rules out cursor-stability update-atomic, permits ${permits.join(" ")} `,
  );
  assertFalse(text.includes("some-stronger-model"));
  assertFalse(summary({ result: { valid: false, not: ["read-uncommitted"], permits: [] } }).includes("permits"));
});

Deno.test("formatSummary() explains anomalies and exceptions, and limits the number of lines and kinds", () => {
  const anomaly = (index: number) => ({
    type: `lost-${index}`,
    count: index,
    explanation: "Element 2 was lost\n".repeat(50).trim(),
  });
  const anomalies = Array.from({ length: 20 }, (_, index) => anomaly(index + 1));
  const exceptions = [{ type: "bad-line", node: "n3", message: "Cannot parse:\n  hello\nexpected JSON", count: 2 }];
  const text = summary({ valid: false, passed: false, anomalies, exceptions });
  assertStringIncludes(text, "\n  lost-1\n    Element 2 was lost\n");
  assertStringIncludes(text, "\n  lost-2 × 2\n");
  assertStringIncludes(text, "\n    … and 39 more lines\n");
  assertStringIncludes(text, "\n  … and 12 more kinds\n");
  assertStringIncludes(text, "\n  bad-line n3 × 2\n    Cannot parse:\n      hello\n    expected JSON\n");
  assert(text.split("\n").length < 150);
});

Deno.test("formatSummary() sums up cases that are alike, and says where the others are if they are stored", () => {
  const sentences = Array.from({ length: 8 }, (_, index) => `Element ${index} never reached n${index}`);
  const cases = sentences.map((_, index) => ({ nodes: [`n${index}`], values: [index] }));
  const lost = { type: "lost", count: 8, explanation: sentences.join("\n"), cases };
  const wrong = { valid: false, passed: false, anomalies: [lost] };
  const first = "\n  lost × 8\n    Element 0 never reached n0\n";
  assertStringIncludes(
    summary({ ...wrong, store: "store/run" }),
    `${first}    … and 7 more like it, on n1, n2, n3, n4 … (results.json has all)\n`,
  );
  assertStringIncludes(
    summary({ ...wrong, store: null }),
    `${first}    … and 7 more like it, on n1, n2, n3, n4 …\n`,
  );
});

Deno.test("an anomaly whose cases are all those of another one is only named", () => {
  const cases = [1, 2].map((value) => ({ operations: [value], key: "9", values: [value] }));
  const lost = { type: "lost-write", count: 2, explanation: "One\nTwo", cases, maelstrom: "finds" } as const;
  const seenBy = (changes: object) => {
    const unseen = { ...lost, type: "unseen", explanation: "The same", ...changes };
    return summary({ valid: false, passed: false, anomalies: [lost, unseen] });
  };
  const text = seenBy({ cases: cases.slice(1), count: 1 });
  assertStringIncludes(text, "INVALID (lost-write)\n");
  assertStringIncludes(text, "\n  It follows: unseen\n");
  assertFalse(text.includes("The same"));
  // Another value, a case that is not listed, another view of Maelstrom: that may have another cause.
  for (
    const changes of [{ cases: [...cases, { values: [3] }] }, { count: 3 }, { maelstrom: "overlooks" }, { cases: [] }]
  ) {
    assertStringIncludes(seenBy(changes), "\n    The same\n");
  }
});

Deno.test("formatSummary() notes an early end and flags that differ from the official ones", () => {
  const text = summary({}, {
    deviations: ["--time-limit 5 (official 20)", "--rate 1 (official 100)"],
    interrupted: true,
  });
  assertStringIncludes(text, "The run was ended early: only what was recorded until then was checked\n");
  assertStringIncludes(text, "  not official --time-limit 5 (official 20), --rate 1 (official 100)\n");
});

Deno.test("formatSummary() puts the seed before the arguments of the program", () => {
  const again = (seed: string | null, command: string[]) => summary({ seed }, { command }).split("\n").at(-1);
  assertEquals(
    again("s 1", ["./maelstrom.sh", "test", "--", "x"]),
    "  run again    ./maelstrom.sh test --seed 's 1' -- x",
  );
  assertEquals(again(null, ["./maelstrom.sh", "1"]), "  run again    ./maelstrom.sh 1");
});

Deno.test("formatSummary() leaves out figures that an engine does not report", () => {
  const nothing = { operations: null, availability: null, net: null, latency_ms: null, store: null, seed: null };
  assertEquals(
    summary({ ...nothing, targets: [], result: { valid: true } }),
    "✓ 3e broadcast: valid\n\n  run again    ./maelstrom.sh 3e",
  );
  assertStringIncludes(summary({ latency_ms: null }), "  operations   count    ok  fail  info\n");
});

Deno.test("formatSummary() never rounds the availability up to 100 %", () => {
  assertStringIncludes(summary({ availability: { valid: true, ok_fraction: 0.99999 } }), "99.99 % of operations ok");
});

Deno.test("formatSummary() shows what handlers have thrown", () => {
  const replies = [{ f: "read", error: "crash", code: 13, count: 2, text: "Error: one" }];
  const text = summary({ valid: false, passed: false, error_replies: replies });
  assertEquals(text.split("\n").slice(0, 4), [
    "✗ 3e broadcast: INVALID (error-reply)",
    "",
    "  error-reply × 2",
    "    read was answered with error 13 (crash): Error: one",
  ]);
  const both = summary({ valid: false, passed: false, error_replies: [...replies, { ...replies[0]!, f: "cas" }] });
  assertStringIncludes(both, "\n  error-reply × 4\n    read and cas were answered with error 13 (crash): Error: one\n");
  const message = "Node n0 logged: Error: one\n    at file:///me/node.ts:6:5";
  const exceptions = [{ type: "logged-error", node: "n0", message, count: 2 }];
  const logged = summary({ valid: false, passed: false, error_replies: replies, exceptions });
  assertEquals(logged.split("\n").slice(0, 5), [
    "✗ 3e broadcast: INVALID (logged-error)",
    "",
    "  logged-error n0 × 2",
    "    Node n0 logged: Error: one",
    "        at file:///me/node.ts:6:5",
  ]);
});

Deno.test("formatSummary() colours the verdict", () => {
  const coloured = (changes: Partial<Results>) => summary(changes, {}, { width: 80, colour: true });
  assertStringIncludes(coloured({}), "\x1b[32m✓ 3e broadcast");
  assertStringIncludes(coloured({ valid: false, passed: false }), "\x1b[31m✗ 3e broadcast");
  assertStringIncludes(coloured({ valid: "unknown", passed: false }), "\x1b[33m? 3e broadcast");
  // deno-lint-ignore no-control-regex
  assertEquals(coloured({}).replaceAll(/\x1b\[\d+m/g, ""), summary({}));
});

Deno.test("output of nodes cannot control the terminal", () => {
  const message = "Node n1 said\x1b[2J\x1b]0;title\x07 and \x9b31m\r\n\tgone\u202e";
  const exceptions = [{ type: "node-crashed", node: "n1", message, count: 1, fatal: true }];
  const anomalies = [{ type: "lost", count: 1, explanation: "Element \x1b[8m was lost" }];
  const result = { valid: false, note: "a\x1bb", range: parseExactJSON("[1.0, 2.0]") };
  const text = summary({ valid: false, passed: false, exceptions, anomalies, result });
  assertStringIncludes(text, "    Node n1 said\\x1b[2J\\x1b]0;title\\x07 and \\x9b31m\\x0d\n        gone\\u202e\n");
  assertStringIncludes(text, "Element \\x1b[8m was lost");
  assertStringIncludes(text, "note a\\x1bb");
  assertFalse(/[\p{Cc}\p{Bidi_Control}]/u.test(text.replaceAll("\n", "")));
});

Deno.test("formatSummary() shows no share of operations if there were none", () => {
  const none = { count: 0, ok: 0, fail: 0, info: 0 };
  const exceptions = [{ type: "init-failed", node: "n1", message: "Cannot initialize", count: 1, fatal: true }];
  const failed = {
    valid: false,
    passed: false,
    exceptions,
    operations: { ...none, by_f: {} },
    result: { valid: "unknown" },
  };
  assertFalse(summary(failed as Partial<Results>).includes("%"));
});

Deno.test("on a narrow terminal, tables become paragraphs, and only the command is wider", () => {
  const narrow = { width: 40, colour: false };
  const text = summary({}, {}, narrow);
  assertStringIncludes(
    text,
    `  messages per operation
    1.74, limit 20  ✓
`,
  );
  assertStringIncludes(
    text,
    `  operations
    broadcast
      count 1012, ok 1012, fail 0,
      info 0, p50 0.4, p95 0.9, p99 1.2,
      max ms 5
`,
  );
  assertStringIncludes(text, "    all\n      count 1974, ok 1974, fail 0,\n      info 0\n");
  assertStringIncludes(text, "    with clients\n      count 4050, sent 4050,\n      received 4050\n");
  for (const line of text.split("\n")) assert(line.length <= 40 || line.startsWith("  run again"), line);
});

Deno.test("of operations that are not linearizable, the one that does not fit is traced", () => {
  const nonlinearizable = {
    type: "nonlinearizable",
    count: 1,
    explanation: "Key 0 …",
    cases: [{ key: 0, operations: [5, 9, 31] }],
  };
  const wrong = { valid: false, passed: false, maelstrom: { valid: false, passed: false } };
  assertStringIncludes(summary({ ...wrong, anomalies: [nonlinearizable], store: "store/run" }), "--operation 31");
});

Deno.test("of operations that contradict each other, both are traced: the first one may be innocent", () => {
  const traced = (type: string, explanation: string, operations: number[]) => {
    const anomalies = [{ type, count: 1, explanation, cases: [{ values: [3] }, { operations }] }];
    const text = summary({ valid: false, passed: false, maelstrom: { valid: false, passed: false }, anomalies });
    return Array.from(text.matchAll(/--operation (\d+)$/gm), ([_, index]) => Number(index));
  };
  assertEquals(traced("duplicate-id", "Id 3 was generated 3 times", [5, 9, 31]), [5, 9]);
  assertEquals(traced("lock-held-twice", "Process 1 got the lock", [5, 9]), [5, 9]);
  assertEquals(traced("G-single-item", "T1 is …\nT2 is …\nT1 < T2, because …", [5, 9, 31]), [5, 9]);
  assertEquals(traced("poll-skip", "Process 1 polled 1 and then 3", [5, 9]), [9]);
  assertEquals(traced("wrong-sum", "The final read returned 3", [5, 9]), [5]);
});

Deno.test("of a lost element, the value is traced: its operations do not show where it got lost", () => {
  const lost = (value: unknown) => {
    const cases = [{ values: [value], operations: [17, 3] }];
    return { type: "lost", count: 2, explanation: "Element 7 …", cases };
  };
  const wrong = { valid: false, passed: false, maelstrom: { valid: false, passed: false }, store: "store/run" };
  const traced = (value: unknown) =>
    / trace store\/run (.*)$/m.exec(summary({ ...wrong, anomalies: [lost(value)] }))?.[1];
  assertEquals([traced(7), traced("7"), traced(null)], ["--value 7", `--value '"7"'`, "--value null"]);
});

Deno.test("a failed run that is stored ends with the command that traces the operation in question", () => {
  const cases = [{ values: [1] }, { operations: [17, 3] }];
  const sum = { type: "wrong-sum", count: 2, explanation: "The final read …", cases };
  const wrong = { valid: false, passed: false, maelstrom: { valid: false, passed: false }, anomalies: [sum] };
  const stored = { ...wrong, store: "store/my runs" };
  const command = "./maelstrom.sh trace 'store/my runs' --operation 17";
  assertStringIncludes(summary(stored), `\n  trace        ${command}`);
  for (
    const other of [
      { ...stored, store: null },
      { ...stored, valid: true },
      { ...stored, engine: "maelstrom" as const },
      { ...stored, mode: null },
      { ...stored, anomalies: [{ ...sum, cases: [{ values: [1] }] }] },
      { ...stored, anomalies: [{ ...sum, allowed: true }] },
    ]
  ) assertEquals(summary(other).includes("trace"), false, JSON.stringify(other));
});
