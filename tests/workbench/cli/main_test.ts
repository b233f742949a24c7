import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../../lib/workbench/cli/commands.ts";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { FailedError, UsageError } from "../../../lib/workbench/base/errors.ts";
import { assertRejected, command } from "../engines/fake_command.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import type { TestList } from "../../../lib/workbench/report/challenge_list.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { type FakeMachine, fakeMachine } from "../engines/fake_machine.ts";
import { sampleProgress } from "../run/sample_progress.ts";

Deno.test("main() shows help without a command, with help, and with --help", async () => {
  for (const line of ["", "help", "--help", "-h", "help help", "help --help"]) {
    const { status, out, err } = await command(line);
    assertEquals([status, err], [0, ""]);
    assertStringIncludes(out, "./maelstrom.sh COMMAND");
    assertStringIncludes(out, "3a to 3e broadcast");
    assertStringIncludes(out, "254  the arguments are bad");
  }
});

Deno.test("main() shows all flags in the help of a test", async () => {
  for (const line of ["help test", "test --help", "3e -h", "all --help"]) {
    const { status, out, ran } = await command(line);
    assertEquals([status, ran], [0, []]);
    assertMatch(out, /--rate NUMBER +Operations a second, all workers together\n +\(default 5\)/);
    assertStringIncludes(out, "--consistency-models MODELS");
    assert(out.split("\n").every((text) => text.length <= 80), "fits 80 columns");
  }
});

Deno.test("main() shows a challenge's own flags and limits before all flags", async () => {
  for (const line of ["help 3e", "3e --help", "3e -qh", "3e -hq --rate", "3e --help=true"]) {
    assertMatch(
      (await command(line)).out,
      /^3e +broadcast +Efficient.*\n +-w broadcast --node-count 25 [^]*--rate NUMBER/,
    );
  }
});

Deno.test("main() shows a help of each command, with all of its flags", async () => {
  for (const { name, flags = [] } of COMMANDS.filter(({ name }) => name !== "help")) {
    const { out: expected } = await command(`help ${name}`);
    assertMatch(
      expected,
      new RegExp(`^  \\./maelstrom\\.sh ${name === "all" || name === "demo" ? "test" : name}`, "m"),
    );
    for (const { name: flag, ignored } of flags) if (!ignored) assertStringIncludes(expected, `--${flag}`);
    for (const line of [`${name} --help`, `${name} --seed 1 -h`, `${name} -qh`]) {
      const { status, out, err, ran } = await command(line);
      assertEquals({ status, out, err, ran }, { status: 0, out: expected, err: "", ran: [] }, line);
    }
  }
  for (const name of ["5c", "kafka"]) assertStringIncludes((await command(`help ${name}`)).out, "--rate NUMBER");
  await assertRejected("help chekc", "Cannot find chekc: expected one of 1, 2, 3a, ");
  await assertRejected("help chekc", "; did you mean check?");
});

Deno.test("main() shows its version, and the list of challenges", async () => {
  assertMatch((await command("--version")).out, /^maelstrom\.sh \d+\.\d+\.\d+ \(Deno 2\.9\.6\)\n$/);
  const { out } = await command("list");
  for (const { id, title } of CHALLENGES) assertMatch(out, new RegExp(`^${id} .*${title}$`, "m"));
  assertStringIncludes(out, "below 30 messages per operation, 400 ms median latency");
  assert(out.split("\n").every((text) => text.length <= 80), "fits 80 columns");
});

Deno.test("list --json has every challenge, workload and wrong program, with commands that work", async () => {
  const { out, status } = await command("list --json");
  const { schema, challenges, workloads, wrong_programs: programs } = JSON.parse(out) as TestList;
  assertEquals([status, schema, challenges.map(({ id }) => id)], [0, 1, CHALLENGES.map(({ id }) => id)]);
  const fast = challenges.find(({ id }) => id === "3d")!;
  assertEquals([fast.module, fast.args, fast.command, fast.limits.length], [
    "challenges/broadcast_efficient.ts",
    ["--profile", "fast"],
    "./maelstrom.sh 3d",
    3,
  ]);
  assertEquals(workloads.map(({ name }) => name), Object.keys(WORKLOADS));
  assertEquals(workloads[0]!.command, "./maelstrom.sh test -w echo --bin FILE");
  assertEquals(programs.length, 11);
  const inspect = (path: string) => ({ kind: path.startsWith("tests/wrong/") ? "file" : "missing", path }) as const;
  const files = { ...fakeMachine().files, inspect };
  for (const { command: line, module } of programs) {
    const { status, ran: [run] } = await command(line.replace("./maelstrom.sh ", ""), { files });
    assertEquals([status, run?.engine, run?.request.bin], [0, "simulation", module]);
  }
});

Deno.test("main() rejects unknown commands, lists the known ones and suggests one", async () => {
  await assertRejected("brodcast", "Cannot find brodcast: expected one of 1, 2, 3a, ");
  await assertRejected("brodcast", "; did you mean broadcast?");
  await assertRejected("3f", "Cannot find 3f: ");
  await assertRejected("tset", "did you mean test?");
  await assertRejected("list kafka", "Cannot use kafka with list: expected --json");
  await assertRejected("--json echo", "Cannot find --json: ");
});

Deno.test("main() rejects bad flags and binaries of every command that runs a test", async () => {
  for (const name of ["test -w echo --bin ./node", "3e", "all"]) {
    await assertRejected(`${name} --rte 5`, "Cannot use flag --rte: ");
    await assertRejected(`${name} --rate x`, 'Cannot use --rate "x": expected a number, 0 or more');
    await assertRejected(`${name} --rate`, "Missing value for --rate");
  }
  for (const name of ["3e", "all"]) await assertRejected(`${name} fast`, 'Cannot use argument "fast": expected a flag');
  await assertRejected("test -w echo", "Missing --bin: expected --bin FILE");
  for (const name of ["test", "3e"]) {
    await assertRejected(`${name} --bin ./none`, "Cannot find --bin ./none");
    await assertRejected(`${name} --bin /tmp`, "Cannot run --bin /tmp: it is a folder");
    await assertRejected(`${name} --bin ./notes.txt`, "Cannot run --bin ./notes.txt: it is not executable");
  }
  await assertRejected("all --bin ./node", "Cannot use --bin with several challenges: ");
  await assertRejected("all -w echo", "Cannot use --workload with several challenges: ");
  await assertRejected("all -- x", "Cannot use arguments after -- with several challenges: ");
});

Deno.test("main() runs a challenge with its official flags, and shows the result", async () => {
  const { status, ran, out } = await command("3e");
  assertEquals(status, 0);
  assertEquals(ran.map(({ engine, request }) => [engine, request.challenge?.id, request.seed]), [[
    "processes",
    "3e",
    "seed-1",
  ]]);
  assertStringIncludes(out, "✓ 3e broadcast: valid, within all limits");
  assertStringIncludes(out, "./maelstrom.sh 3e --seed seed-1\n");
});

Deno.test("main() passes other words of a plain test to its nodes, as Maelstrom does, and says so", async () => {
  const { status, err, ran } = await command("test fast -w echo --bin ./node x -- y --quiet");
  assertEquals([status, ran[0]?.request.args], [0, ["fast", "x", "y", "--quiet"]]);
  assertStringIncludes(err, 'Note: nodes get "fast", "x" as arguments, as with Maelstrom; flags begin with --\n');
});

Deno.test("main() notes a test that Maelstrom would refuse", async () => {
  const note = "Note: Maelstrom does not run lin-kv with 5 workers on 5 nodes";
  assertStringIncludes((await command("test --bin ./node")).err, note);
  assertEquals((await command("test --bin ./node --concurrency 2n --quiet")).err, "");
});

Deno.test("main() runs a plain test with its flags", async () => {
  const { ran, out } = await command("test -w echo --bin ./node --node-count 2 --seed abc -- --fast");
  const [{ request }] = ran as [typeof ran[0] & object];
  assertEquals([request.workload, request.options.nodes, request.args, request.seed], [
    "echo",
    ["n0", "n1"],
    ["--fast"],
    "abc",
  ]);
  assertStringIncludes(out, "✓ echo: valid\n");
  assertStringIncludes(out, "./maelstrom.sh test --workload echo --bin ./node --node-count 2 --seed abc -- --fast\n");
});

Deno.test("main() ends with Maelstrom's exit statuses, and with 1 if a limit is missed", async () => {
  const missed = [{ name: "msgs_per_op", limit: 20, value: 50, met: false }];
  const fatal = [{ type: "node-crashed", node: "n0", message: "Node n0 exited", count: 1, fatal: true }];
  const ends = async (runs: FakeMachine["runs"]) => (await command("3e", { runs })).status;
  assertEquals(await ends(() => ({})), 0);
  assertEquals(await ends(() => ({ valid: false, passed: false })), 1);
  assertEquals(await ends(() => ({ valid: true, passed: false, targets: missed })), 1);
  assertEquals(await ends(() => ({ valid: "unknown", passed: false })), 2);
  assertEquals(await ends(() => ({ valid: false, passed: false, exceptions: fatal })), 255);
});

Deno.test("main() decides challenges as Maelstrom would, simulations and everything else strictly", async () => {
  const garbage = { type: "garbage-read", count: 1, explanation: "…", maelstrom: "overlooks" } as const;
  const wrong = { valid: false, passed: false, maelstrom: { valid: true, passed: true }, anomalies: [garbage] };
  const status = async (line: string) => (await command(line, { runs: () => wrong })).status;
  const plain = "test -w txn-rw-register --bin ./node";
  assertEquals([await status("6a"), await status("6a --as-maelstrom"), await status("6a --strict")], [0, 0, 1]);
  assertEquals([await status("txn"), await status("all"), await status("all --strict")], [0, 0, 1]);
  assertEquals([await status("6a --sim"), await status("6a --sim --as-maelstrom")], [1, 0]);
  assertEquals([await status("6a --sim --seeds 2"), await status("6a --sim --seeds 2 --as-maelstrom")], [1, 0]);
  assertEquals([await status(plain), await status(`${plain} --as-maelstrom`)], [1, 0]);
  const { out } = await command("6a", { runs: () => wrong });
  assertStringIncludes(out, "✓ 6a txn-rw-register: valid for Maelstrom; 1 finding that it does not look for\n");
  assertStringIncludes((await command("6a --strict", { runs: () => wrong })).out, "./maelstrom.sh 6a --strict --seed");
  await assertRejected("6a --strict --as-maelstrom", "Cannot use --strict with --as-maelstrom: expected one of them");
});

Deno.test("main() prints both verdicts of one run and of many as JSON", async () => {
  const wrong = { valid: false, passed: false, maelstrom: { valid: true, passed: true } };
  const json = async (line: string) => JSON.parse((await command(`${line} --json`, { runs: () => wrong })).out);
  const facts = ({ valid, passed, maelstrom, decided_by }: Results) => [valid, passed, maelstrom, decided_by];
  assertEquals(facts(await json("6a")), [false, false, { valid: true, passed: true }, "maelstrom"]);
  assertEquals(facts(await json("6a --strict")), [false, false, { valid: true, passed: true }, "strict"]);
  assertEquals(facts(await json("all")), [false, false, { valid: true, passed: true }, "maelstrom"]);
});

Deno.test("main() shows what Maelstrom overlooks in a series, and does not end it there", async () => {
  const garbage = { type: "garbage-read", count: 1, explanation: "Process 3 read 0", maelstrom: "overlooks" } as const;
  const wrong = { valid: false, passed: false, maelstrom: { valid: true, passed: true }, anomalies: [garbage] };
  const accepted = await command("6a --test-count 2", { runs: () => wrong });
  assertEquals([accepted.ran.length, accepted.status], [2, 0]);
  assertStringIncludes(accepted.out, "Process 3 read 0");
  const strict = await command("6a --test-count 2 --strict", { runs: () => wrong });
  assertEquals([strict.ran.length, strict.status], [1, 1]);
});

Deno.test("main() reports usage errors and failures in one line, and bugs with their stack", async () => {
  const ends = async (error: Error) => {
    const { status, err, out } = await command("3e", { runs: () => Promise.reject(error) });
    return { status, err, out };
  };
  assertEquals(await ends(new UsageError("Cannot write to --store x")), {
    status: 254,
    err: "Cannot write to --store x\n",
    out: "",
  });
  assertEquals(await ends(new FailedError("Cannot judge")), { status: 255, err: "Cannot judge\n", out: "" });
  const full = new Error("No space left on device (os error 28)");
  assertEquals(await ends(full), { status: 255, err: `Cannot continue: ${full.message}\n`, out: "" });
  const bug = await ends(new TypeError("x is undefined"));
  assertEquals(bug.status, 255);
  assertMatch(bug.err, /^This is a bug: TypeError: x is undefined\n +at /);
});

Deno.test("main() prints only one JSON document with --json", async () => {
  const one = await command("3e --json");
  assertEquals(JSON.parse(one.out).challenge, "3e");
  const all = await command("all --json");
  const document = JSON.parse(all.out);
  assertEquals([document.schema, document.valid, document.passed, document.runs.length], [
    1,
    true,
    true,
    CHALLENGES.length,
  ]);
  const bad = await command("test -w echo --bin ./node --json --test-count 2", {
    runs: () => ({ valid: "unknown", passed: false }),
  });
  assertEquals([JSON.parse(bad.out).valid, JSON.parse(bad.out).passed, bad.status], ["unknown", false, 2]);
});

Deno.test("main() runs all challenges, prints a table, and ends with the worst exit status", async () => {
  const { status, ran, out, err } = await command("all --time-limit 5", {
    runs: ({ challenge }) =>
      challenge!.id === "2"
        ? { valid: "unknown", passed: false }
        : challenge!.id === "4"
        ? { valid: false, passed: false, anomalies: [{ type: "wrong-sum", count: 2, explanation: "Process 1 read 7" }] }
        : {},
  });
  assertEquals(status, 1);
  assertEquals(ran.map(({ request }) => request.challenge?.id), CHALLENGES.map(({ id }) => id));
  assert(ran.every(({ request }) => request.options.timeLimitSeconds === 5));
  assertEquals(new Set(ran.map(({ request }) => request.seed)).size, CHALLENGES.length);
  assertStringIncludes(out, "✗ 4 g-counter: INVALID (wrong-sum)");
  assertStringIncludes(out, "Process 1 read 7");
  assertMatch(out, /✓ 3e +broadcast +valid/);
  assertMatch(err, /^✓ 1 echo: valid\n✓ 3a broadcast: valid\n/);
  assertMatch(out, /\n12 of 14 passed\n$/);
});

Deno.test("main() repeats a test with different seeds until one fails", async () => {
  const good = await command("test -w echo --bin ./node --test-count 3");
  assertEquals([good.status, good.ran.map(({ request }) => request.seed)], [0, ["seed-1", "seed-2", "seed-3"]]);
  const seeded = await command("test -w echo --bin ./node --test-count 3 --seed s");
  assertEquals(seeded.ran.map(({ request }) => request.seed), ["s", "s-2", "s-3"]);
  let count = 0;
  const bad = await command("test -w echo --bin ./node --test-count 3", {
    runs: () => ++count === 2 ? { valid: false, passed: false } : {},
  });
  assertEquals([bad.status, bad.ran.length], [1, 2]);
});

Deno.test("main() uses the workbench unless there is a real Maelstrom", async () => {
  const engines = async (line: string, changes: Partial<FakeMachine> = {}) => {
    const { status, ran, err } = await command(line, changes);
    return [status, ran[0]?.engine, err];
  };
  const maelstrom = { env: (name: string) => name === "MAELSTROM" ? "./node" : undefined };
  assertEquals(await engines("1 -q"), [0, "processes", ""]);
  assertEquals(await engines("1 -q", maelstrom), [0, "/home/node", ""]);
  assertEquals(await engines("1 -q --engine maelstrom", maelstrom), [0, "/home/node", ""]);
  assertEquals(await engines("1 -q --engine workbench", maelstrom), [0, "processes", ""]);
  const [status, engine, note] = await engines("1 -q --seed 5", maelstrom);
  assertEquals([status, engine], [0, "processes"]);
  assertStringIncludes(String(note), "Note: the real Maelstrom takes no --seed, so the workbench runs this");
  const [, strictly, why] = await engines("1 -q --strict", maelstrom);
  assertEquals(strictly, engine);
  assertStringIncludes(String(why), "has only its own verdict, not a --strict one, so the workbench runs this");
});

Deno.test("main() rejects a Maelstrom that is missing or not executable", async () => {
  const at = (path: string) => ({ env: (name: string) => name === "MAELSTROM" ? path : undefined });
  await assertRejected("1 --engine maelstrom", "Cannot use --engine maelstrom: it is not installed; run ");
  await assertRejected("1", "Cannot use Maelstrom: $MAELSTROM is ./none: there is no such file", at("./none"));
  await assertRejected("1", "$MAELSTROM is /tmp: it is a folder", at("/tmp"));
  await assertRejected("1", "$MAELSTROM is ./notes.txt: it is not executable", at("./notes.txt"));
  for (const engine of ["maelstrom", "workbench", "auto"]) {
    await assertRejected(`1 --engine ${engine} --nemesis loss,pause-nats`, "Cannot cause pause-nats without a cluster");
  }
  await assertRejected("1 --engine maelstrom --seed 5", "Cannot use --seed with --engine maelstrom", at("./node"));
  await assertRejected("1 --engine maelstrom --strict", "Cannot use --strict with --engine maelstrom", at("./node"));
});

Deno.test("main() rejects a Maelstrom without Java", async () => {
  const machine = (java: string | undefined): Partial<FakeMachine> => ({
    files: {
      readTextFile: () => "",
      inspect: (path) => ({
        kind: path.startsWith("/project/challenges") || /maelstrom(\/lib\/maelstrom\.jar)?$/.test(path)
          ? "executable"
          : "missing",
        path,
      }),
    },
    outputOf: (program) => program === "java" ? java : undefined,
  });
  await assertRejected("1", "/project/.maelstrom/maelstrom/maelstrom needs Java 11 or newer", machine(undefined));
  const { ran } = await command("1", machine('openjdk version "17.0.1"'));
  assertEquals(ran[0]?.engine, "/project/.maelstrom/maelstrom/maelstrom");
});

Deno.test("main() refuses consistency models that nothing violates, and notes those without effect", async () => {
  const test = "test -w txn-rw-register --bin ./node -q --consistency-models";
  await assertRejected(`${test} linearizable`, "Cannot check consistency model linearizable: no anomaly violates it");
  assertEquals((await command(`${test} serializable`)).err, "");
  const { err, status } = await command(
    "test -w lin-kv --bin ./node -q --node-count 1 --consistency-models linearizable",
  );
  assertEquals(status, 0);
  assertStringIncludes(err, "Note: --consistency-models does nothing here: lin-kv has no transactions");
});

Deno.test("main() notes Jepsen's flags that have no effect", async () => {
  const { err, status } = await command("test -w echo --bin ./node -q --username me --no-ssh");
  assertEquals(status, 0);
  assertMatch(err, /^Note: --username does nothing here: .*\nNote: --no-ssh does nothing here: .*\n$/);
  const { err: none } = await command("1 -q --no-ssh", { env: () => "./node" });
  assertEquals(none, "");
  // The other way round for a flag of ours.
  const { err: real } = await command("1 -q --max-store 1GB", { env: () => "./node" });
  assertEquals(real, "Note: --max-store does nothing here: the real Maelstrom stores everything\n");
});

Deno.test("main() shows progress on stderr: one line on a terminal, rare lines elsewhere, none if quiet", async () => {
  const runs: FakeMachine["runs"] = function (this: FakeMachine, _, hooks) {
    hooks.progress(sampleProgress);
    this.tick();
    hooks.log("Node n0 exited\nwith much to say");
    return {};
  };
  const plain = await command("3e", { runs });
  const sentence = "3e broadcast: 12 of 20 s, 98 operations/s, p99 412 ms, 2350 messages/s; 7 ok, 1 fail, 0 info";
  assertEquals(plain.err, `${sentence}\nNode n0 exited\n`);
  const isTerminal = { stdout: false, stderr: true };
  const env = (name: string) => name === "NO_COLOR" ? "1" : undefined;
  const terminal = await command("3e", { runs, isTerminal, env });
  const line = "\r\x1b[K3e broadcast  12 / 20 s   98 ops/s  p99  412 ms  2350 messages/s  ✕1";
  assertEquals(terminal.err, `${line}\r\x1b[KNode n0 exited\n`);
  const narrow = await command("3e", { runs, isTerminal, env, width: () => 10 });
  assertStringIncludes(narrow.err, "\r\x1b[K12 / 20 s\r");
  assertEquals((await command("3e -q", { runs })).err, "");
  assertEquals((await command("3e -q --log-stderr", { runs })).err, "Node n0 exited\nwith much to say\n");
});

Deno.test("main() shows Maelstrom's output on stdout, or on stderr with --json", async () => {
  const changes: Partial<FakeMachine> = {
    env: (name) => name === "MAELSTROM" ? "./node" : undefined,
    runs(_, { output }) {
      output("INFO jepsen\n");
      return {};
    },
  };
  assertMatch((await command("1", changes)).out, /^INFO jepsen\n✓ 1 echo: valid/);
  const json = await command("1 --json", changes);
  assertEquals(json.err, "INFO jepsen\n");
  assertEquals(JSON.parse(json.out).engine, "maelstrom");
});

Deno.test("main() uses colours on a terminal unless NO_COLOR is set", async () => {
  const isTerminal = { stdout: true, stderr: false };
  assertStringIncludes((await command("1", { isTerminal })).out, "\x1b[32m");
  assertEquals((await command("1")).out.includes("\x1b"), false);
  const env = (name: string) => name === "NO_COLOR" ? "1" : undefined;
  assertEquals((await command("1", { isTerminal, env })).out.includes("\x1b"), false);
});
