import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../../lib/workbench/cli/main.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import type { ScriptOutcome } from "../../../../lib/workbench/engines/machine.ts";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import type { Results } from "../../../../lib/workbench/run/results.ts";
import { assertRejected, command } from "../../engines/fake_command.ts";
import { fakeMachine } from "../../engines/fake_machine.ts";
import { documentOf, grade, INVALID, pointsOf, printed, type Run } from "./grade_rig.ts";

const isAllowed = (["read", "write", "run", "env"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

Deno.test("grade gives a point for each claim that holds, and says how long it may take", async () => {
  const graded = await grade("--bin ./node --challenge 3c,3d --seeds 2 --secret s -- --fast");
  assertEquals(pointsOf(graded), {
    "3c/valid": 1,
    "3c/partition": 1,
    "3d/valid": 1,
    "3d/msgs_per_op": 1,
    "3d/median_latency_ms": 1,
    "3d/max_latency_ms": 1,
  });
  assertEquals(graded.status, 0);
  assertStringIncludes(graded.err, "6 runs: at most 8 min in all; Ctrl-C keeps what was graded\n");
  assertStringIncludes(graded.out, "6 of 6 points\n");
  const { time_limit_seconds, complete, mode, bin } = documentOf(graded);
  assertEquals([complete, mode, bin], [true, "process", "./node"]);
  assertEquals(graded.tests.reduce((sum, { limitSeconds }) => sum + limitSeconds + 3, 0), time_limit_seconds);
  assertEquals(
    graded.tests[0]!.words.filter((word) => word !== graded.tests[0]!.seed).join(" "),
    [
      "3c --seed --json --quiet --engine workbench --keep-runs 1000000 --nemesis none --bin ./node -- --fast",
    ].join(),
  );
});

Deno.test("a teacher gives the points of claims, and the narrowest name counts", async () => {
  const line = "--bin ./node --challenge 3c,3d,4 --points 3d/msgs_per_op=7.25,3d=2,broadcast=3,3=0.1,3c/loss=9,1=8";
  const targets = [
    { name: "msgs_per_op", limit: 30, value: 24, met: true },
    { name: "median_latency_ms", limit: 400, value: 401, met: false },
    { name: "max_latency_ms", limit: 600, value: 500, met: true },
  ];
  const graded = await grade(line, printed({ passed: false, targets }));
  assertEquals(documentOf(graded).claims.map(({ id, points, max_points }) => [id, points, max_points]), [
    ["3c/valid", 0.1, 0.1],
    ["3c/partition", 0.1, 0.1],
    ["3d/valid", 2, 2],
    ["3d/msgs_per_op", 7.25, 7.25],
    ["3d/median_latency_ms", 0, 2],
    ["3d/max_latency_ms", 2, 2],
    ["4/valid", 1, 1],
    ["4/partition", 1, 1],
  ]);
  const { points, max_points } = documentOf(graded);
  assertEquals([points, max_points, graded.status], [13.45, 15.45, 1]);
  assertStringIncludes(graded.out, "✓ 3d messages per operation below 30  7.25 / 7.25\n");
  assertStringIncludes(graded.out, "\n13.45 of 15.45 points\n");
  assertStringIncludes(graded.written.get("grade/grade.html")!, "7.25 / 7.25");
});

Deno.test("the points can be in a file, for a whole course", async () => {
  const text = "# Course\n\n3a = 4   # the first\r\n6c/partition=1\n";
  const files = { ...fakeMachine().files, readTextFile: () => text };
  const graded = await grade("--bin ./node --challenge 3a --points points.txt", printed({}), { files });
  assertEquals([documentOf(graded).points, graded.status], [4, 0]);
});

Deno.test("points that say nothing, or name nothing, are told", async () => {
  const expected = "expected NAME=POINTS, such as 3c=2,3d/msgs_per_op=5, or a file with one a line";
  for (
    const [points, message] of [
      ["3c=2,3d", `Cannot use --points "3d": ${expected}`],
      ["3c=-1", `Cannot use --points "3c=-1": ${expected}`],
      ["3c=1.234", `Cannot use --points "3c=1.234": ${expected}`],
      ["=", `Cannot use --points "=": ${expected}`],
      ["7=1", "Cannot use --points 7: expected one of 1, echo, 2, "],
      ["3f/valid=1", "Cannot use --points 3f/valid: expected one of 1, echo, 2, "],
      ["3c/msgs_per_op=1", "Cannot use --points 3c/msgs_per_op: expected one of valid, partition, "],
      ["3d/msgs_per_opp=1", "membership; did you mean msgs_per_op?\n"],
    ]
  ) await assertRejected(`grade --bin ./node --points ${points}`, message!);
  const written = { ...fakeMachine().files, readTextFile: () => "3a = 4\n\nnonsense=1\n" };
  const wrong = await grade("--bin ./node --points points.txt", printed({}), { files: written });
  assertStringIncludes(wrong.err, "Cannot use --points nonsense in line 3 of points.txt: expected one of 1, echo, 2, ");
  const missing = () => {
    throw new Deno.errors.NotFound("No such file or directory (os error 2): open 'points.txt'");
  };
  const files = { ...fakeMachine().files, readTextFile: missing };
  const { err } = await grade("--bin ./node --points points.txt", printed({}), { files });
  assertEquals(err, `Cannot read --points points.txt: No such file or directory; ${expected}\n`);
});

Deno.test("a claim that one run does not fulfil has no point, but a reason and a command", async () => {
  let runs = 0;
  const graded = await grade("--bin ./node --challenge 3a --seeds 3", printed(() => ++runs === 2 ? INVALID : {}));
  assertEquals([graded.status, pointsOf(graded)], [1, { "3a/valid": 0 }]);
  const [claim] = documentOf(graded).claims;
  assertEquals([claim!.seeds_passed, claim!.seeds_run], [2, 3]);
  assertEquals(claim!.reason, "Run 2 of 3: lost × 2: Element 7 was missing");
  assertEquals(claim!.command, "./maelstrom.sh 3a --bin ./node --seed seed-2");
});

Deno.test("the reason of a lost point has the first of the cases that are alike", async () => {
  const explanation = [1, 2, 3, 4].map((element) => `Element ${element} was missing`).join("\n");
  const anomalies = [{ type: "lost", count: 4, explanation }];
  const { claims: [claim] } = documentOf(
    await grade("--bin ./node --challenge 3a", printed({ ...INVALID, anomalies })),
  );
  assertEquals(claim!.reason, "lost × 4: Element 1 was missing\n… and 3 more like it");
});

Deno.test("grade gives no point for a limit to a run that is invalid, and one for each limit that is met", async () => {
  const targets = [
    { name: "msgs_per_op", limit: 30, value: 0, met: true },
    { name: "median_latency_ms", limit: 400, value: 401.25, met: false },
    { name: "max_latency_ms", limit: 600, value: null, met: false },
  ];
  const idle = await grade("--bin ./node --challenge 3d", printed({ ...INVALID, targets }));
  assertEquals(documentOf(idle).points, 0);
  const graded = await grade("--bin ./node --challenge 3d", printed({ passed: false, targets }));
  assertEquals(documentOf(graded).claims.map(({ points, reason }) => [points, reason]), [
    [1, null],
    [1, null],
    [0, "median latency: 401.25 ms, limit 400 ms"],
    [0, "maximum latency: not measured"],
  ]);
});

Deno.test("grade decides as the challenge does, strictly in --sim", async () => {
  const overlooked = { ...INVALID, maelstrom: { valid: true, passed: true } } as const;
  const points = async (line: string) => documentOf(await grade(line, printed(overlooked))).points;
  assertEquals(await points("--bin ./node --challenge 6a"), 1);
  assertEquals(await points("--bin ./node --challenge 6a --strict"), 0);
  assertEquals(await points("--bin ./node --challenge 6a --sim"), 0);
  assertEquals(await points("--bin ./node --challenge 6a --sim --as-maelstrom"), 1);
});

const machine = isAllowed ? createMachine(ROOT) : fakeMachine();
const { hmac } = machine;

Deno.test({
  name: "grade derives seeds from the secret alone, another one for each test and run, and hides them",
  ignore: !isAllowed,
  async fn() {
    const line = "--bin ./node --challenge 3c --seeds 2";
    const seeds = async (more: string, changes = {}) =>
      (await grade(`${line}${more}`, printed({}), { hmac, ...changes })).tests.map(({ seed }) => seed);
    const first = await seeds(" --secret s3cret");
    assertEquals(new Set(first).size, 4);
    assertEquals(await seeds(" --secret s3cret"), first);
    assertEquals(await seeds("", { env: (name: string) => name === "GRADE_SECRET" ? "s3cret" : undefined }), first);
    assertNotEquals(await seeds(" --secret other"), first);
    assertEquals(first[0], "905df857bfacf6bd");
    const failed = await grade(`${line} --secret s3cret`, printed(INVALID), { hmac });
    const shown = [failed.out, failed.err, ...failed.written.values()].join();
    for (const text of ["s3cret", ...first]) assert(!shown.includes(text), text);
  },
});

const outcome = (changes: Partial<ScriptOutcome>): ScriptOutcome => ({
  status: 1,
  stdout: "",
  stderr: "",
  isTimeout: false,
  ...changes,
});

Deno.test("grade survives whatever becomes of a run, and gives the reason", async () => {
  const reasons: [Partial<ScriptOutcome>, string][] = [
    [{ isTimeout: true, stdout: '{"schema":1}' }, "The test had not ended after 77 s, and was killed"],
    [{ status: 137 }, "The test gave no results, and ended with status 137"],
    [{ stderr: "1\n2\nthe\nlast\nwords\n" }, "the\nlast\nwords"],
    [{ stdout: "valid" }, "The test gave no results, and ended with status 1"],
    [{ stdout: '{"valid":true}' }, "The test gave no results, and ended with status 1"],
    [{ stdout: "null" }, "The test gave no results, and ended with status 1"],
    [{ stderr: "x".repeat(1000) }, `${"x".repeat(600)}…`],
    [{ stderr: `one\n${"x".repeat(1000)}` }, "one\n…"],
  ];
  for (const [changes, reason] of reasons) {
    const graded = await grade("--bin ./node --challenge 3a", () => outcome(changes));
    const [claim] = documentOf(graded).claims;
    assertEquals([graded.status, claim!.points, claim!.reason], [1, 0, reason]);
  }
  const crash = { type: "node-crashed", node: "n0", message: "Node n0 exited", count: 1, fatal: true };
  const ended = await grade(
    "--bin ./node --challenge 3a",
    printed({ valid: "unknown", passed: false, exceptions: [crash] }),
  );
  assertEquals(documentOf(ended).claims[0]!.reason, "node-crashed: Node n0 exited");
  const undecided = await grade("--bin ./node --challenge 3a", printed({ valid: "unknown", passed: false }));
  assertEquals(documentOf(undecided).claims[0]!.reason, "Unknown: the operations of the run do not decide it");
});

Deno.test("the reason of a lost point is the cause, also if only its consequence decides", async () => {
  const never = { type: "never-succeeded", count: 1, explanation: "None of 9 read operations succeeded" };
  const lost = { type: "lost", count: 2, explanation: "Element 7 was missing" };
  const malformed = { type: "malformed-reply", message: "Node n0 answered read with …", count: 9 };
  const reply = { f: "read", error: "not-supported", code: 10, count: 9, text: "unknown type" };
  const cases: [Partial<Results>, string][] = [
    [{ anomalies: [never] }, "never-succeeded: None of 9 read operations succeeded"],
    [
      { anomalies: [never], exceptions: [{ ...malformed, maelstrom: "overlooks" }] },
      "malformed-reply: Node n0 answered read with …",
    ],
    [
      { anomalies: [never], error_replies: [reply] },
      "error-reply × 9: read was answered with error 10 (not-supported): unknown type",
    ],
    [
      { anomalies: [lost, never], exceptions: [{ ...malformed, maelstrom: "overlooks" }], error_replies: [reply] },
      "lost × 2: Element 7 was missing",
    ],
  ];
  for (const [changes, reason] of cases) {
    const graded = await grade("--bin ./node --challenge 3a", printed({ valid: false, passed: false, ...changes }));
    assertEquals(documentOf(graded).claims[0]!.reason, reason);
  }
});

Deno.test("a simulation that the machine was too slow for is not graded; a process has failed", async () => {
  const late = (run: number) => (each: Run) => ++runs === run ? outcome({ isTimeout: true }) : printed({})(each);
  let runs = 0;
  const gradeOne = async (flags: string, run: number) => {
    runs = 0;
    const { claims: [claim] } = documentOf(await grade(`--bin ./node --challenge 3a${flags}`, late(run)));
    return [claim!.status, claim!.points, claim!.reason];
  };
  const reason = "The test had not ended after 77 s, and was killed";
  assertEquals(await gradeOne(" --sim", 1), ["not-graded", 0, reason]);
  assertEquals(await gradeOne(" --sim --seeds 3", 2), ["not-graded", 0, `Run 2 of 3: ${reason}`]);
  assertEquals(await gradeOne("", 1), ["failed", 0, reason]);
  runs = 0;
  const both = (each: Run) => ++runs === 1 ? outcome({ isTimeout: true }) : printed(INVALID)(each);
  const { claims: [claim] } = documentOf(await grade("--bin ./node --challenge 3a --sim --seeds 2", both));
  assertEquals([claim!.status, claim!.reason], ["failed", "Run 2 of 2: lost × 2: Element 7 was missing"]);
});

Deno.test("a store that cannot be written ends a grading, and costs no points", async () => {
  const stderr = "Cannot write to --store /proc/x: files cannot be kept there\n";
  const graded = await grade("--bin ./node --challenge 3c --store /proc/x", () => outcome({ status: 254, stderr }));
  assertEquals([graded.status, graded.tests.length, documentOf(graded).complete], [254, 1, false]);
  assertEquals(documentOf(graded).claims.map(({ status }) => status), ["not-graded", "not-graded"]);
  assertStringIncludes(graded.err, stderr);
});

Deno.test("Ctrl-C ends a grading; what was graded is in the report, and the rest counts 0", async () => {
  const graded = await grade("--bin ./node --challenge 3 --json", async (run, machine) => {
    if (run.words[0] === "3c") machine.interrupt();
    return await printed({})(run);
  });
  assertEquals([graded.status, graded.tests.length], [130, 3]);
  const document = documentOf(graded);
  assertEquals(JSON.parse(graded.out), document);
  assertEquals([document.complete, document.points, document.max_points], [false, 2, 12]);
  assertEquals(document.claims.slice(0, 3).map(({ status }) => status), ["passed", "passed", "not-graded"]);
  assertStringIncludes(graded.written.get("grade/grade.html")!, "ended early");
  assertStringIncludes(graded.written.get("grade/junit.xml")!, 'tests="12" failures="0" errors="0" skipped="10"');
});

Deno.test("grade writes the report after each run, for the case that it is killed", async () => {
  const seen: unknown[] = [];
  await grade("--bin ./node --challenge 1,3a", async (run, machine) => {
    seen.push(documentOf(machine).points);
    return await printed({})(run);
  });
  assertEquals(seen, [0, 1]);
});

Deno.test("grade shows the run under way, what has failed, and the time left", async () => {
  let time = 0;
  const screen = { isTerminal: { stdout: true, stderr: true }, width: () => 200, env: () => "1", now: () => time };
  const line = async (words: string) => {
    let runs = 0;
    const graded = await grade(`--bin ./node --challenge 1 --nemesis none ${words}`, (run, machine) => {
      time += 5000;
      machine.tick();
      return printed(++runs === 1 ? INVALID : {})(run);
    }, screen);
    return graded.err.split("\r\x1b[K").filter((text) => text.startsWith("run "));
  };
  assertEquals(await line("--seeds 2"), [
    "run 1 of 2  1/valid  15 s left  0 points",
    "run 2 of 2  1/valid  3 s left  1 claim failed  0 points",
  ]);
  assertEquals(await line("--seeds 1 --quiet"), []);
});

Deno.test("grade finds the program of each challenge in a folder; a missing or bad one costs points", async () => {
  const kinds: Record<string, "executable" | "file" | "folder"> = {
    "./all": "folder",
    "./all/3c.sh": "executable",
    "./all/broadcast.py": "executable",
    "./all/echo": "file",
  };
  const inspect = (path: string) => ({ kind: kinds[path] ?? "missing" as const, path });
  const files = { inspect, readTextFile: () => "" };
  const graded = await grade("--bin ./all --challenge 1,3b,3c,4", ({ words }) => outcome({ stderr: words.join(" ") }), {
    files,
  });
  assertEquals([graded.status, graded.tests.length], [1, 3]);
  const reasons = documentOf(graded).claims.map(({ id, status, reason }) => [id, status, reason]);
  assertEquals(reasons[0], [
    "1/valid",
    "failed",
    "Cannot run --bin ./all/echo: it is not executable; try chmod +x ./all/echo",
  ]);
  assertStringIncludes(String(reasons[1]), "--bin ./all/broadcast.py");
  assertStringIncludes(String(reasons[2]), "--bin ./all/3c.sh");
  assertEquals(reasons[4]?.[2], "There is no program: expected ./all/4 or ./all/g-counter");
  assertEquals(documentOf(graded).time_limit_seconds, 240);
});

Deno.test("grade rejects bad arguments before anything runs, and has its own help", async () => {
  await assertRejected("grade --bin ./none", "Cannot find --bin ./none: expected the program that runs a node");
  await assertRejected("grade --bin ./notes.txt --challenge 1", "it is not executable; try chmod +x ./notes.txt");
  await assertRejected("grade --challenge 9", "Cannot use --challenge 9: expected one of 1, 2, 3, 4, 5, 6, 3a");
  await assertRejected("grade --sead 4", "Cannot use flag --sead: expected one of --bin, ");
  await assertRejected("grade 3c", "Cannot use 3c with grade: expected a flag; a node's own arguments go after --");
  await assertRejected("grade --seeds 0", 'Cannot use --seeds "0": expected a whole number above 0');
  await assertRejected("grade --nemesis kill-nats", "Cannot cause kill-nats with grade: its nodes are no cluster");
  await assertRejected("grade --nemesis fire", "Cannot use --nemesis fire: expected one of none, partition");
  for (const line of ["grade --help", "help grade"]) {
    const { status, out } = await command(line);
    assertEquals(status, 0);
    assertMatch(out, /--secret TEXT +Derives the seeds/);
    assertStringIncludes(out, "130  ended by Ctrl-C");
  }
});

Deno.test({
  name: "grade in virtual time: points for what a node does right, and reasons for what it cheats",
  ignore: !isAllowed,
  async fn() {
    const store = await Deno.makeTempDir();
    const points = async (file: string, challenge: string) => {
      const bin = `${ROOT}/tests/${file}`;
      const line = `--bin ${bin} --challenge ${challenge} --sim --time-limit 15 --secret s --store ${store}`;
      const graded = await grade(line, async ({ words }) => {
        const { files, engines } = machine;
        const inner = fakeMachine({ root: ROOT, files, engines });
        const status = await main(words, inner);
        return { status, stdout: inner.out, stderr: inner.err, isTimeout: false };
      }, { root: ROOT, files: machine.files, hmac });
      return documentOf(graded).claims.map(({ points, reason }) => [points, reason?.split(/[ :]/, 1)[0]]);
    };
    try {
      assertEquals(await points("wrong/broadcast_without_retry.ts", "3c"), [[1, undefined], [0, "lost"]]);
      assertEquals(await points("workbench/programs/exits.ts", "3a"), [[0, "node-crashed"]]);
      assertEquals(await points("workbench/programs/prints_at_import.ts", "1"), [[0, "Cannot"]]);
    } finally {
      await Deno.remove(store, { recursive: true });
    }
  },
});

const CHEAT = `#!/bin/sh
read -r init
echo '{"valid": true, "passed": true}'
`;

Deno.test({
  name: "grade as a process: a node that prints the verdict and exits gets no point and a reason",
  ignore: !isAllowed,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/cheat`, CHEAT, { mode: 0o755 });
      const { code, stdout } = await new Deno.Command(`${ROOT}/maelstrom.sh`, {
        args: "grade --bin ./cheat --challenge 1 --time-limit 1".split(" "),
        env: { DENO: Deno.execPath(), NO_COLOR: "1", GRADE_SECRET: "s3cret" },
        cwd: folder,
        stderr: "null",
      }).output();
      assertEquals(code, 1);
      assertStringIncludes(new TextDecoder().decode(stdout), "0 of 1 points\n");
      const { claims } = JSON.parse(await Deno.readTextFile(`${folder}/grade/grade.json`));
      assertMatch(claims[0].reason, /^(node-crashed|bad-line): Node n0 [^]*\{"valid": true, "passed": true\}/);
      assertStringIncludes(await Deno.readTextFile(`${folder}/grade/junit.xml`), 'failures="1"');
      assertStringIncludes(await Deno.readTextFile(`${folder}/grade/grade.html`), "0 of 1 points");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
