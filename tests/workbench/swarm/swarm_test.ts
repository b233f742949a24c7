// @ts-types="../../../types/assert.d.ts"
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { reportErrors } from "../../../lib/workbench/cli.ts";
import { machineEdge } from "../../../lib/workbench/edge.ts";
import { FailedError, UsageError } from "../../../lib/workbench/errors.ts";
import { openPool, type Pool } from "../../../lib/workbench/swarm/pool.ts";
import { type Outcome, runTask, type Task } from "../../../lib/workbench/swarm/run.ts";
import { runSwarm } from "../../../lib/workbench/swarm/swarm.ts";
import { type FakeEdge, fakeEdge } from "../fake_edge.ts";

const SURVIVED: Outcome = { survived: true, known: true, operations: 100, duration: 36_000 };
const LOST = [{ type: "lost", count: 1, explanation: "Element 7 was missing" }];

/** What a test can do to the machine while one of the swarm's is under way. */
interface World {
  edge: FakeEdge;
  /** Lets time pass, ms. */
  pass(time: number): void;
}

/** A swarm on a machine that is none, where each test takes a second. */
async function swarm(
  line: string,
  outcomeOf: (number: number, world: World) => Outcome | Promise<Outcome> = () => SURVIVED,
  changes: Partial<FakeEdge> = {},
) {
  const edge = fakeEdge(changes);
  const asked: { job: number; task: Task }[] = [];
  let [time, jobs, closed] = [0, 0, false];
  const pass = (duration: number) => void (time += duration);
  const pool: Pool = {
    async run(job, task) {
      await Promise.resolve();
      asked.push({ job, task });
      pass(1000);
      return await outcomeOf(asked.length, { edge, pass });
    },
    close: () => void (closed = true),
  };
  const openPool = (_: string, count: number) => (jobs = count, pool);
  const machine = { edge, clock: { now: () => time }, cores: 2, openPool };
  const status = await reportErrors(() => runSwarm(line.split(" ").filter((word) => word !== ""), machine), edge);
  return { ...edge, status, asked, jobs, closed };
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
  const { status, out } = await swarm("--minutes 0.1 --jobs 1 --challenge 4", () => ({ ...SURVIVED, known: false }));
  assertEquals(status, 0);
  assertMatch(out, /\n4 {2}g-counter +6 +600 +0\.06 +6 +0\n\n6 runs in 0:06, 1\.0 a second\n$/);
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
  assertMatch(out, /^Run 3 of the swarm with seed s has failed\n\n✗ 3c broadcast: INVALID \(lost\)\n/);
  const { words } = asked[2]!.task;
  assertEquals(words.slice(0, 2), ["--store", "kept"]);
  assertStringIncludes(
    out,
    `\n  stored in    kept/here\n  run again    ./maelstrom.sh 3c --sim ${words.join(" ")}\n\n`,
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

Deno.test("the swarm says so where a test that failed does not fail again", async () => {
  const { status, out } = await swarm("--challenge 3c", () => ({ ...SURVIVED, survived: false }));
  assertEquals(status, 1);
  assertStringIncludes(
    out,
    "\nIt has not failed again: the same seed gave another run; run it with --check-determinism\n",
  );
});

Deno.test("the swarm ends with the table when it is interrupted", async () => {
  const { status, out, closed } = await swarm("--jobs 1 --challenge 1", (number, { edge }) => {
    if (number < 3) return SURVIVED;
    edge.interrupt();
    return new Promise(() => {});
  });
  assertEquals([status, closed], [0, true]);
  assertMatch(out, /^[^\n]*\n1 {2}echo +2 +200 +0\.02 +0 +0\n\n2 runs in 0:03, 0\.7 a second\n$/);
});

Deno.test("the swarm waits a minute for the last tests, and names those that do not end", async () => {
  let end = () => {};
  for (const [wait, expected] of [[119_000, 0], [121_000, 1]] as const) {
    const { status, out, closed } = await swarm("--minutes 1 --jobs 2 --seed s --challenge 1", (number, world) => {
      if (number === 1) return new Promise((resolve) => end = () => resolve(SURVIVED));
      world.pass(wait - 2000);
      world.edge.tick();
      if (expected === 0) end();
      return SURVIVED;
    });
    assertEquals([status, closed], [expected, true]);
    assertEquals(/^Has not ended: \.\/maelstrom\.sh 1 --sim [^\n]* --seed s-1\n\n/.test(out), expected === 1, out);
  }
});

Deno.test("the swarm shows how far it is", async () => {
  const { err } = await swarm("--minutes 0.1 --jobs 1 --seed s --challenge 1,2", (number, { edge }) => {
    if (number === 3) edge.tick();
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

/** Whether these tests may run: they import programs, and write to a folder of their own. */
const ignore = (["read", "write", "env"] as const)
  .some((name) => Deno.permissions.querySync({ name }).state !== "granted");

const ROOT = decodeURIComponent(new URL("../../..", import.meta.url).pathname).replace(/\/$/, "");
const WRONG = `${ROOT}/tests/wrong/broadcast_without_retry.ts`;

Deno.test({
  name: "the swarm catches a wrong program, and lets the right one pass",
  ignore,
  async fn() {
    const store = await Deno.makeTempDir();
    try {
      let [out, time] = ["", 0];
      const edge = {
        ...machineEdge(ROOT),
        stdout: (text: string) => void (out += text),
        stderr() {},
        onInterrupt: () => () => {},
      };
      const pool: Pool = {
        async run(_, task) {
          time += 1000;
          return await runTask(task, edge.engines.simulation, ROOT, edge.files);
        },
        close() {},
      };
      const machine = { edge, clock: { now: () => time }, cores: 1, openPool: () => pool };
      const line = `--challenge 3c --seed dune --store ${store} --minutes 0.15`;
      assertEquals(await runSwarm(line.split(" "), machine), 0, out);
      assertStringIncludes(out, "9 runs in 0:09");
      out = "";
      assertEquals(await runSwarm([...line.split(" "), "--bin", WRONG], machine), 1, out);
      assertStringIncludes(out, "✗ 3c broadcast: INVALID (lost");
      assertMatch(out, /\nThe smallest that fails for the same reason: /);
    } finally {
      await Deno.remove(store, { recursive: true });
    }
  },
});

Deno.test({
  name: "workers run tests as this thread does, and tell what cannot be run",
  ignore,
  async fn() {
    const words = ["--node-count", "3", "--time-limit", "4", "--nemesis", "partition", "--seed", "dune"];
    const tasks: Task[] = [
      { challenge: "3c", words },
      { challenge: "3c", words: [...words, "--bin", WRONG, "--nemesis-interval", "1"] },
    ];
    const { engines, files } = machineEdge(ROOT);
    const pool = openPool(ROOT, 2);
    try {
      const outcomes = await Promise.all(tasks.map((task, job) => pool.run(job, task)));
      assertEquals(outcomes.map(({ survived }) => survived), [true, false]);
      assert(outcomes.every(({ operations, duration }) => operations > 20 && duration >= 14_000));
      for (const [index, task] of tasks.entries()) {
        assertEquals(await runTask(task, engines.simulation, ROOT, files), outcomes[index]);
      }
      const broken = { challenge: "3c", words: ["--bin", `${ROOT}/tests/workbench/programs/throws.ts`] };
      const rejected = await assertRejects(() => pool.run(0, broken), UsageError);
      assertStringIncludes(rejected.message, "it cannot be imported: no such luck");
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
