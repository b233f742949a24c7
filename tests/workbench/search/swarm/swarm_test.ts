import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { reportErrors } from "../../../../lib/workbench/cli/main.ts";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { FailedError, UsageError } from "../../../../lib/workbench/base/errors.ts";
import { openPool, type Pool } from "../../../../lib/workbench/search/swarm/pool.ts";
import { type Outcome, runTask, type Task } from "../../../../lib/workbench/search/swarm/task.ts";
import { runSwarm } from "../../../../lib/workbench/search/swarm/swarm.ts";
import { type FakeMachine, fakeMachine } from "../../engines/fake_machine.ts";
import { IGNORED, ROOT, testWithStore } from "../../run/store/test_with_store.ts";

const SURVIVED: Outcome = { survived: true, known: true, operations: 100, duration: 36_000 };
const LOST = [{ type: "lost", count: 1, explanation: "Element 7 was missing" }];

/** What a test can do to the machine while one of the swarm's is under way. */
interface World {
  machine: FakeMachine;
  /** Lets time pass, ms. */
  pass(time: number): void;
}

/** A swarm on a machine that is none, where each test takes a second. */
async function swarm(
  line: string,
  outcomeOf: (number: number, world: World) => Outcome | Promise<Outcome> = () => SURVIVED,
  changes: Partial<FakeMachine> = {},
) {
  const machine = fakeMachine(changes);
  const asked: { job: number; task: Task }[] = [];
  let [time, jobs, closed] = [0, 0, false];
  const pass = (duration: number) => void (time += duration);
  const pool: Pool = {
    async run(job, task) {
      await Promise.resolve();
      asked.push({ job, task });
      pass(1000);
      return await outcomeOf(asked.length, { machine, pass });
    },
    close: () => void (closed = true),
  };
  const openPool = (_: string, count: number) => (jobs = count, pool);
  const resources = { machine, clock: { now: () => time }, cores: 2, openPool };
  const status = await reportErrors(() => runSwarm(line.split(" ").filter((word) => word !== ""), resources), machine);
  return { ...machine, status, asked, jobs, closed };
}

Deno.test("the swarm goes on until the time is over, with each job, and ends with a table", async () => {
  const { status, out, asked, jobs, closed } = await swarm("--minutes 0.5 --seed s --challenge 1,3e");
  assertEquals([status, jobs, closed], [0, 2, true]);
  assertEquals(new Set(asked.map(({ job }) => job)), new Set([0, 1]));
  assert(asked.length >= 30 && asked.length <= 31);
  const [head, one, three, all] = out.split("\n");
  assertMatch(head!, /^ +runs +operations +virtual hours +nothing known +failed$/);
  assertMatch(one!, /^1 {2}echo +\d+ +\d+00 +0\.\d\d +0 +0$/);
  assertMatch(three!, /^3e broadcast +\d+ +\d+00 +0\.\d\d +0 +0$/);
  assertMatch(all!, new RegExp(`^all +${asked.length} +${asked.length}00 +0\\.3. +0 +0$`));
  assertStringIncludes(out, `\n\n${asked.length} runs in 0:3`);
});

Deno.test("the swarm draws the same tests for the same seed, and others for a seed of its own", async () => {
  const tasks = async (line: string) => (await swarm(`--minutes 0.2 --jobs 1 ${line}`)).asked.map(({ task }) => task);
  assertEquals(await tasks("--seed s"), await tasks("--seed s"));
  const [first, second] = await tasks("--seed s");
  assertEquals(first!.words.slice(-2), ["--seed", "s-1"]);
  assertEquals(second!.words.slice(-2), ["--seed", "s-2"]);
  assertEquals((await tasks(""))[0]!.words.slice(-2), ["--seed", "seed-1-1"]);
});

Deno.test("the swarm counts what says nothing, and does not take it for a failure", async () => {
  const { status, out } = await swarm("--minutes 0.1 --jobs 1 --challenge 4", (number) => {
    return { ...SURVIVED, known: number === 6 };
  });
  assertEquals(status, 0);
  assertMatch(out, /\n4 {2}g-counter +6 +600 +0\.06 +5 +0\n\n6 runs in 0:06, 1\.0 a second\n$/);
});

Deno.test("the swarm does not pass for good where nothing is known of a challenge", async () => {
  const silent = await swarm("--minutes 0.1 --jobs 1 --challenge 4", () => ({ ...SURVIVED, known: false }));
  assertEquals(silent.status, 2);
  assertMatch(silent.out, /\n\n6 runs [^\n]*\n\nNothing is known of 4: none of 6 runs came to a verdict\n$/);
  const short = await swarm("--minutes 0.01 --jobs 1 --seed s --challenge 1,2,3a");
  assertEquals([short.status, short.asked.length], [2, 1]);
  const rest = ["1", "2", "3a"].filter((challenge) => challenge !== short.asked[0]!.task.challenge);
  assertStringIncludes(short.out, `second\n\nNothing is known of ${rest.join(", ")}: no test was run\n`);
  const failing = await swarm("--challenge 4 --jobs 1", () => ({ ...SURVIVED, survived: false, known: false }));
  assertEquals([failing.status, failing.out.includes("Nothing is known")], [1, false]);
});

Deno.test("the swarm ends with the first test that fails: it is run again, kept, shrunk, and told with its command", async () => {
  const { status, out, asked, ran } = await swarm(
    "--minutes 9 --jobs 1 --seed s --challenge 3c --store kept",
    (number) => ({ ...SURVIVED, survived: number < 3 }),
    {
      runs: ({ simulation }) => ({
        valid: false,
        passed: false,
        anomalies: LOST,
        store: simulation!.keep === "all" ? "kept/here" : null,
      }),
    },
  );
  assertEquals([status, asked.length], [1, 3]);
  const { words } = asked[2]!.task;
  assertEquals(words.slice(0, 2), ["--store", "kept"]);
  const repeat = `\n  run again    ./maelstrom.sh 3c --sim ${words.join(" ")}\n`;
  const [before, after] = out.split(repeat);
  assertMatch(before!, /^Run 3 of the swarm with seed s has failed\n\n {2}not official /);
  assertMatch(
    after!,
    /^\n✗ 3c broadcast: INVALID \(lost\)\n[^]*\n {2}stored in {4}kept\/here\n\nThe smallest that fails/,
  );
  // All that was drawn is told.
  const told = out.replaceAll(/\s+/g, " ");
  for (const [, flag, value] of words.join(" ").matchAll(/--((?!seed|store)[\w-]+) (\S+)/g)) {
    assertStringIncludes(told, `--${flag} ${value} (official `);
  }
  const small = "./maelstrom.sh 3c --sim --store kept --node-count 1 --time-limit 1 --rate 1 --nemesis none";
  assertMatch(out, /\nThe smallest that fails for the same reason: \d+ were tried\n/);
  assertStringIncludes(out, `\n  run again    ${small} --seed s-3\n`);
  assertEquals(ran.map(({ request }) => request.simulation!.keep).filter((keep) => keep === "all").length, 2);
  assertMatch(out, /\n3c broadcast +3 +300 +0\.03 +0 +1\n\n3 runs in 0:03, 1\.0 a second\n$/);
});

Deno.test("the swarm tells the test that failed before it runs it again", async () => {
  let told = "";
  await swarm("--challenge 3c --seed s", () => ({ ...SURVIVED, survived: false }), {
    runs(this: FakeMachine) {
      told ||= this.out;
      return { valid: false, passed: false, anomalies: LOST };
    },
  });
  assertMatch(told, /^Run 1 of the swarm with seed s has failed\n\n {2}not official [^]* --seed s-1\n\n$/);
});

Deno.test("the swarm ends with the table when it is interrupted while a failure is run again", async () => {
  const { status, out, ran } = await swarm(
    "--challenge 3c --seed s --jobs 1",
    () => ({ ...SURVIVED, survived: false }),
    {
      runs(this: FakeMachine, _, { signal }) {
        this.interrupt();
        return { valid: "unknown", passed: false, interrupted: signal.aborted };
      },
    },
  );
  assertEquals([status, ran.length], [1, 1]);
  assertMatch(out, /^Run 1 [^]* --seed s-1\n\n +runs +operations [^]*\n1 runs in 0:01, [^\n]*\n$/);
});

Deno.test("the swarm ends with what it has come to when it is interrupted while a failure is shrunk", async () => {
  let before = 0;
  const { status, out, ran, exited } = await swarm(
    "--challenge 3c --seed s --jobs 1",
    () => ({ ...SURVIVED, survived: false }),
    {
      runs(this: FakeMachine, { simulation, options: { nodes } }) {
        if (before === 0 && simulation!.keep === "none" && nodes.length === 1) {
          before = this.ran.length;
          this.interrupt();
        }
        return { valid: false, passed: false, anomalies: LOST };
      },
    },
  );
  assertEquals([status, exited], [1, undefined]);
  // One more, to keep what was found until then.
  assertEquals([ran.length, ran.at(-1)!.request.simulation!.keep], [before + 1, "all"]);
  assertMatch(out, /\nThe smallest that fails for the same reason: \d+ were tried\n[^]*\n1 runs in 0:01, [^\n]*\n$/);
});

Deno.test("the swarm ends at once when it is interrupted twice", async () => {
  const { exited } = await swarm("--challenge 3c --jobs 1", () => ({ ...SURVIVED, survived: false }), {
    runs(this: FakeMachine) {
      this.interrupt();
      assertEquals(this.exited, undefined);
      this.interrupt();
      return { valid: "unknown", passed: false, interrupted: true };
    },
  });
  assertEquals(exited, 130);
});

Deno.test("the swarm names the test that ended without results, and ends with the table", async () => {
  const { status, out, err, closed } = await swarm("--jobs 2 --seed s --challenge 1", (number) => {
    return number === 3 ? Promise.reject(new FailedError("Cannot go on: a worker has ended")) : SURVIVED;
  });
  assertEquals([status, err, closed], [255, "Cannot go on: a worker has ended\n", true]);
  assertMatch(
    out,
    /^Run 3 of the swarm with seed s has ended without results\n\n[^]* --seed s-3\n\n +runs [^]*\n1 {2}echo +3 [^]*\n3 runs in /,
  );
});

Deno.test("the swarm says so where a test that failed does not fail again", async () => {
  const { status, out } = await swarm("--challenge 3c", () => ({ ...SURVIVED, survived: false }));
  assertEquals(status, 1);
  assertStringIncludes(
    out,
    "\nIt has not failed again: the same seed gave another run; run it with --check-determinism\n",
  );
});

Deno.test("the swarm ends with the table when it is interrupted", async () => {
  const { status, out, closed } = await swarm("--jobs 1 --challenge 1", (number, { machine }) => {
    if (number < 3) return SURVIVED;
    machine.interrupt();
    return new Promise(() => {});
  });
  assertEquals([status, closed], [0, true]);
  assertMatch(out, /^[^\n]*\n1 {2}echo +2 +200 +0\.02 +0 +0\n\n2 runs in 0:03, 0\.7 a second\n$/);
});

Deno.test("the swarm gives each test two minutes, and names one that does not end by then", async () => {
  for (const minutes of [1, 60]) {
    for (const [time, expected] of [[120_000, 0], [120_001, 1]] as const) {
      let end = () => {};
      const line = `--minutes ${minutes} --jobs 2 --seed s --challenge 1`;
      const { status, out, closed } = await swarm(line, (number, world) => {
        if (number === 1) return new Promise((resolve) => end = () => resolve(SURVIVED));
        if (number !== 3) return SURVIVED;
        world.pass(time - 3000);
        world.machine.tick();
        if (expected === 0) end();
        return SURVIVED;
      });
      assertEquals([status, closed], [expected, true], out);
      const told =
        /^Run 1 of the swarm with seed s has not ended after 120 s\n\n[^]* 1 --sim [^\n]* --seed s-1\n\n +runs /;
      assertEquals(told.test(out), expected === 1, out);
    }
  }
});

Deno.test("the swarm shows how far it is", async () => {
  const { err } = await swarm("--minutes 0.1 --jobs 1 --seed s --challenge 1,2", (number, { machine }) => {
    if (number === 3) machine.tick();
    return SURVIVED;
  }, { isTerminal: { stdout: true, stderr: true }, width: () => 200 });
  const line = String.raw`\r\x1b\[Kswarm s {2}2 runs {2}0\.7 a second {2}0\.02 virtual hours {2}1:\d 2:\d\r\x1b\[K`;
  assertMatch(err, new RegExp(`^${line}$`));
});

Deno.test("the swarm rejects what cannot be run, before anything is", async () => {
  for (
    const [line, message] of [
      ["--challenge 3c --bin ./none", "Cannot find --bin ./none: expected the module that exports a node's program\n"],
      ["--jobs 0", 'Cannot use --jobs "0": expected a whole number above 0\n'],
    ] as const
  ) {
    const { status, out, err, asked } = await swarm(line);
    assertEquals({ status, out, err, asked }, { status: 254, out: "", err: message, asked: [] });
  }
  const failing = await swarm("--challenge 3c", () => Promise.reject(new UsageError("Cannot simulate it")));
  assertEquals([failing.status, failing.err, failing.closed], [254, "Cannot simulate it\n", true]);
  assertStringIncludes((await swarm("--help")).out, "deno task swarm [flags]");
});

const WRONG = `${ROOT}/tests/wrong/broadcast_without_retry.ts`;

testWithStore("the swarm catches a wrong program, and lets the right one pass", async (store) => {
  let [out, time] = ["", 0];
  const machine = {
    ...createMachine(ROOT),
    stdout: (text: string) => void (out += text),
    stderr() {},
    onInterrupt: () => () => {},
  };
  const pool: Pool = {
    async run(_, task) {
      time += 1000;
      return await runTask(task, machine.engines.simulation, machine);
    },
    close() {},
  };
  const resources = { machine, clock: { now: () => time }, cores: 1, openPool: () => pool };
  const line = `--challenge 3c --seed dune --store ${store} --minutes 0.15`;
  assertEquals(await runSwarm(line.split(" "), resources), 0, out);
  assertStringIncludes(out, "9 runs in 0:09");
  out = "";
  assertEquals(await runSwarm([...line.split(" "), "--bin", WRONG], resources), 1, out);
  assertStringIncludes(out, "✗ 3c broadcast: INVALID (lost");
  assertMatch(out, /\nThe smallest that fails for the same reason: /);
});

Deno.test({
  name: "workers run tests as this thread does, and tell what cannot be run",
  ignore: IGNORED,
  async fn() {
    const words = ["--node-count", "3", "--time-limit", "4", "--nemesis", "partition", "--seed", "dune"];
    const tasks: Task[] = [
      { challenge: "3c", words },
      { challenge: "3c", words: [...words, "--bin", WRONG, "--nemesis-interval", "1"] },
    ];
    const machine = createMachine(ROOT);
    const pool = openPool(ROOT, 2);
    try {
      const outcomes = await Promise.all(tasks.map((task, job) => pool.run(job, task)));
      assertEquals(outcomes.map(({ survived }) => survived), [true, false]);
      assert(outcomes.every(({ operations, duration }) => operations > 20 && duration >= 14_000));
      for (const [index, task] of tasks.entries()) {
        assertEquals(await runTask(task, machine.engines.simulation, machine), outcomes[index]);
      }
      const broken = { challenge: "3c", words: ["--bin", `${ROOT}/tests/workbench/programs/throws.ts`] };
      const rejected = await assertRejects(() => pool.run(0, broken), UsageError);
      assertStringIncludes(rejected.message, "it cannot be imported: no such luck");
      const exits = { challenge: "3c", words: [...words, "--bin", `${ROOT}/tests/workbench/programs/exits.ts`] };
      assertEquals((await pool.run(0, exits)).survived, false);
      // A worker that has been told of one mistake goes on.
      assertEquals(await pool.run(0, tasks[0]!), outcomes[0]);
      await assertRejects(() => pool.run(1, { challenge: "none", words: [] }), FailedError);
    } finally {
      pool.close();
    }
  },
});

Deno.test({
  name: "deno task swarm has the permissions that it needs",
  ignore: Deno.permissions.querySync({ name: "run" }).state !== "granted",
  async fn() {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: "task --quiet swarm --minutes 0.01 --jobs 1 --seed s --challenge 3a".split(" "),
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertMatch(new TextDecoder().decode(stdout), /\n3a broadcast +[1-9]\d* [^\n]*\n\n\d+ runs in 0:0\d/);
  },
});
