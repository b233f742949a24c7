import denoJSON from "../../../../deno.json" with { type: "json" };
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { reportErrors } from "../../../../lib/workbench/cli/report_errors.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { FailedError, UsageError } from "../../../../lib/workbench/base/errors.ts";
import { openPool, type Pool } from "../../../../lib/workbench/search/swarm/pool.ts";
import { runTask, type Task, type TaskResult } from "../../../../lib/workbench/search/swarm/task.ts";
import { runSwarm } from "../../../../lib/workbench/search/swarm/swarm.ts";
import { type FakeMachine, fakeMachine } from "../../engines/fake_machine.ts";
import { IGNORED, testWithStore } from "../../run/store/test_with_store.ts";

const SURVIVED: TaskResult = {
  survived: true,
  hasVerdict: true,
  operations: 100,
  duration: 36_000,
  findings: [],
  store: null,
};
const LOST = [{ type: "lost", count: 1, explanation: "Element 7 was missing" }];

/** Controls of a test while the swarm runs a task. */
interface Surroundings {
  machine: FakeMachine;
  /** Advances the clock, ms; and the processor time that the swarm has had, by as much unless told otherwise. */
  pass(time: number, processorTime?: number): void;
}

/** Runs a swarm on a fake machine, where each test takes a second. */
async function swarm(
  line: string,
  resultOf: (number: number, surroundings: Surroundings) => TaskResult | Promise<TaskResult> = () => SURVIVED,
  changes: Partial<FakeMachine> = {},
) {
  const machine = fakeMachine(changes);
  const received: { job: number; task: Task }[] = [];
  let [time, processorTime, jobs, closed] = [0, 0, 0, false];
  const pass = (duration: number, taken = duration) => {
    time += duration;
    processorTime += taken;
  };
  const pool: Pool = {
    async run(job, task) {
      await Promise.resolve();
      received.push({ job, task });
      pass(1000);
      return await resultOf(received.length, { machine, pass });
    },
    close: () => void (closed = true),
  };
  const openPool = (_: string, count: number) => (jobs = count, pool);
  const clock = { now: () => time, processorTime: () => processorTime };
  const resources = { machine, clock, cores: 2, openPool };
  const status = await reportErrors(() => runSwarm(line.split(" ").filter((word) => word !== ""), resources), machine);
  return { ...machine, status, received, jobs, closed };
}

Deno.test("the swarm runs tests with every job until time is up, and prints a table", async () => {
  const { status, out, received, jobs, closed } = await swarm("--minutes 0.5 --seed s --challenge 1,3e");
  assertEquals([status, jobs, closed], [0, 2, true]);
  assertEquals(new Set(received.map(({ job }) => job)), new Set([0, 1]));
  assert(received.length >= 30 && received.length <= 31);
  const [head, one, three, all] = out.split("\n");
  assertMatch(head!, /^ +runs +operations +virtual hours +no verdict +failed$/);
  assertMatch(one!, /^1 {2}echo +\d+ +\d+00 +0\.\d\d +0 +0$/);
  assertMatch(three!, /^3e broadcast +\d+ +\d+00 +0\.\d\d +0 +0$/);
  assertMatch(all!, new RegExp(`^all +${received.length} +${received.length}00 +0\\.3. +0 +0$`));
  assertStringIncludes(out, `\n\n${received.length} runs in 0:3`);
});

Deno.test("the swarm draws the same tests for the same seed, and uses a new seed if none is given", async () => {
  const tasks = async (line: string) =>
    (await swarm(`--minutes 0.2 --jobs 1 ${line}`)).received.map(({ task }) => task);
  assertEquals(await tasks("--seed s"), await tasks("--seed s"));
  const [first, second] = await tasks("--seed s");
  assertEquals(first!.flags.slice(-2), ["--seed", "s-1"]);
  assertEquals(second!.flags.slice(-2), ["--seed", "s-2"]);
  assertEquals((await tasks(""))[0]!.flags.slice(-2), ["--seed", "seed-1-1"]);
});

Deno.test("the swarm counts runs without a verdict, and does not count them as failures", async () => {
  const { status, out } = await swarm("--minutes 0.1 --jobs 1 --challenge 4", (number) => {
    return { ...SURVIVED, hasVerdict: number === 6 };
  });
  assertEquals(status, 0);
  assertMatch(out, /\n4 {2}g-counter +6 +600 +0\.06 +5 +0\n\n6 runs in 0:06, 1\.0 a second\n$/);
});

Deno.test("the swarm ends with status 2 if a challenge has no verdict", async () => {
  const silent = await swarm("--minutes 0.1 --jobs 1 --challenge 4", () => ({ ...SURVIVED, hasVerdict: false }));
  assertEquals(silent.status, 2);
  assertMatch(silent.out, /\n\n6 runs [^\n]*\n\nNo verdict on 4: none of 6 runs has one\n$/);
  const one = await swarm("--minutes 0.01 --jobs 1 --challenge 4", () => ({ ...SURVIVED, hasVerdict: false }));
  assertStringIncludes(one.out, "\n\nNo verdict on 4: the only run has none\n");
  const failing = await swarm("--challenge 4 --jobs 1", () => ({ ...SURVIVED, survived: false, hasVerdict: false }));
  assertEquals([failing.status, failing.out.includes("No verdict on")], [1, false]);
});

Deno.test("a swarm too short for every challenge passes, and says which were not tested", async () => {
  const short = await swarm("--minutes 0.01 --jobs 1 --seed s --challenge 1,2,3a");
  assertEquals([short.status, short.received.length], [0, 1]);
  const rest = ["1", "2", "3a"].filter((challenge) => challenge !== short.received[0]!.task.challenge);
  assertMatch(
    short.out,
    new RegExp(`second\n\nNot tested: ${rest.join(", ")}; every challenge is drawn once in 3 runs\n$`),
  );
  const long = await swarm("--minutes 0.05 --jobs 1 --seed s --challenge 1,2,3a");
  assertEquals([long.status, long.received.length, long.out.includes("Not tested")], [0, 3, false]);
});

Deno.test("the swarm ends with the first test that fails: runs it again, stores, shrinks and explains it", async () => {
  const { status, out, received, ran } = await swarm(
    "--minutes 9 --jobs 1 --seed s --challenge 3c --store kept",
    (number) => ({ ...SURVIVED, survived: number < 3 }),
    {
      runs: ({ simulation }) => ({
        valid: false,
        passed: false,
        anomalies: LOST,
        store: simulation!.keep === "repeat" ? "kept/here" : null,
      }),
    },
  );
  assertEquals([status, received.length], [1, 3]);
  const { flags } = received[2]!.task;
  assertEquals(flags.slice(0, 2), ["--store", "kept"]);
  const repeat = `\n  run again    ./maelstrom.sh 3c --sim ${flags.join(" ")}\n`;
  const [before, after] = out.split(repeat);
  assertMatch(before!, /^Run 3 of the swarm with seed s has failed\n\n {2}not official /);
  assertMatch(
    after!,
    /^\n✗ 3c broadcast: INVALID \(lost\)\n[^]*\n {2}stored in {4}kept\/here\n\nThe smallest run that fails/,
  );
  // Everything that was drawn is printed.
  const told = out.replaceAll(/\s+/g, " ");
  for (const [, flag, value] of flags.join(" ").matchAll(/--((?!seed|store)[\w-]+) (\S+)/g)) {
    assertStringIncludes(told, `--${flag} ${value} (official `);
  }
  const small = "./maelstrom.sh 3c --sim --store kept --node-count 1 --time-limit 1 --rate 1 --nemesis none";
  assertMatch(out, /\nThe smallest run that fails for the same reason: \d+ were tried\n/);
  assertStringIncludes(out, `\n  run again    ${small} --seed s-3\n`);
  assertEquals(ran.map(({ request }) => request.simulation!.keep).filter((keep) => keep === "repeat").length, 2);
  assertMatch(out, /\n3c broadcast +3 +300 +0\.03 +0 +1\n\n3 runs in 0:03, 1\.0 a second\n$/);
});

Deno.test("the swarm prints a failed test before it runs it again", async () => {
  let told = "";
  await swarm("--challenge 3c --seed s", () => ({ ...SURVIVED, survived: false }), {
    runs(this: FakeMachine) {
      told ||= this.out;
      return { valid: false, passed: false, anomalies: LOST };
    },
  });
  assertMatch(told, /^Run 1 of the swarm with seed s has failed\n\n {2}not official [^]* --seed s-1\n\n$/);
});

Deno.test("the swarm prints the table if it is interrupted while a failed test runs again", async () => {
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

Deno.test("the swarm prints the smallest test found so far if it is interrupted while shrinking", async () => {
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
  // One more run, to store the smallest one.
  assertEquals([ran.length, ran.at(-1)!.request.simulation!.keep], [before + 1, "repeat"]);
  assertMatch(
    out,
    /\nThe smallest run that fails for the same reason: \d+ were tried\n[^]*\n1 runs in 0:01, [^\n]*\n$/,
  );
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

Deno.test("the swarm names a test that ended without results, and prints the table", async () => {
  const { status, out, err, closed } = await swarm("--jobs 2 --seed s --challenge 1", (number) => {
    return number === 3 ? Promise.reject(new FailedError("Cannot go on: a worker has ended")) : SURVIVED;
  });
  assertEquals([status, err, closed], [255, "Cannot go on: a worker has ended\n", true]);
  assertMatch(
    out,
    /^Run 3 of the swarm with seed s has ended without results\n\n[^]* --seed s-3\n\n +runs [^]*\n1 {2}echo +3 /,
  );
});

Deno.test("the swarm says so if a failed test does not fail again", async () => {
  const { status, out } = await swarm("--challenge 3c", () => ({ ...SURVIVED, survived: false }));
  assertEquals(status, 1);
  assertStringIncludes(
    out,
    "\nThe second run with the same seed has not failed: the program is not deterministic. ",
  );
});

Deno.test("the swarm prints the table if it is interrupted", async () => {
  const { status, out, closed } = await swarm("--jobs 1 --challenge 1", (number, { machine }) => {
    if (number < 3) return SURVIVED;
    machine.interrupt();
    return new Promise(() => {});
  });
  assertEquals([status, closed], [0, true]);
  assertMatch(out, /^[^\n]*\n1 {2}echo +2 +200 +0\.02 +0 +0\n\n2 runs in 0:03, 0\.7 a second\n$/);
});

Deno.test("the swarm names a test that takes the processor for more than two minutes", async () => {
  for (const minutes of [1, 60]) {
    // Two jobs share the processor.
    for (const [time, expected] of [[240_000, 0], [240_001, 1]] as const) {
      let end = () => {};
      const line = `--minutes ${minutes} --jobs 2 --seed s --challenge 1`;
      const { status, out, closed } = await swarm(line, (number, surroundings) => {
        if (number === 1) return new Promise((resolve) => end = () => resolve(SURVIVED));
        if (number !== 3) return SURVIVED;
        surroundings.pass(time - 3000);
        surroundings.machine.tick();
        if (expected === 0) end();
        return SURVIVED;
      });
      assertEquals([status, closed], [expected, true], out);
      const told = new RegExp(
        "^Run 1 of the swarm with seed s has not ended after 120 s of processor time\n\n" +
          "[^]* 1 --sim [^\n]* --seed s-1\n\n +runs ",
      );
      assertEquals(told.test(out), expected === 1, out);
    }
  }
});

Deno.test("a test to which the machine gave no time has no verdict, however long it takes", async () => {
  const starved = (realTime: number) => {
    let end = () => {};
    return swarm("--minutes 600 --jobs 2 --seed s --challenge 1", (number, { machine, pass }) => {
      if (number === 1) return new Promise((resolve) => end = () => resolve(SURVIVED));
      if (number > 3) pass(36_000_000);
      if (number !== 3) return SURVIVED;
      pass(realTime - 3000, 5000);
      machine.tick();
      if (realTime <= 1_800_000) end();
      return SURVIVED;
    });
  };
  assertEquals((await starved(1_800_000)).status, 0);
  const { status, out, closed } = await starved(1_800_001);
  assertEquals([status, closed], [2, true], out);
  assertStringIncludes(
    out,
    "Run 1 of the swarm with seed s was not judged: it has not ended after 30 min, but had less than 120 s of " +
      "processor time; the machine was too slow\n",
  );
});

Deno.test("the swarm shows its progress on a terminal", async () => {
  const { err } = await swarm("--minutes 0.1 --jobs 1 --seed s --challenge 1,2", (number, { machine }) => {
    if (number === 3) machine.tick();
    return SURVIVED;
  }, { isTerminal: { stdout: true, stderr: true }, width: () => 200 });
  const parts = ["swarm s", "2 runs", "3 s left", "0\\.7 runs/s", "0\\.02 virtual hours", "1:\\d 2:\\d"];
  const line = String.raw`\r\x1b\[K${parts.join(" {2}")}\r\x1b\[K`;
  assertMatch(err, new RegExp(`^${line}$`));
});

Deno.test("the swarm rejects a bad argument before it runs anything", async () => {
  for (
    const [line, message] of [
      ["--challenge 3c --bin ./none", "Cannot find --bin ./none: expected the module that exports a node's program\n"],
      ["--jobs 0", 'Cannot use --jobs "0": expected a whole number above 0\n'],
    ] as const
  ) {
    const { status, out, err, received } = await swarm(line);
    assertEquals({ status, out, err, received }, { status: 254, out: "", err: message, received: [] });
  }
  const failing = await swarm("--challenge 3c", () => Promise.reject(new UsageError("Cannot simulate it")));
  assertEquals([failing.status, failing.err, failing.closed], [254, "Cannot simulate it\n", true]);
});

const WRONG = `${ROOT}/tests/wrong/broadcast_without_retry.ts`;

testWithStore("the swarm finds the mistake of a wrong program, and none in the right one", async (store) => {
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
  const resources = { machine, clock: { now: () => time, processorTime: () => time }, cores: 1, openPool: () => pool };
  const line = `--challenge 3c --seed dune --store ${store} --minutes 0.15`;
  assertEquals(await runSwarm(line.split(" "), resources), 0, out);
  assertStringIncludes(out, "9 runs in 0:09");
  out = "";
  assertEquals(await runSwarm([...line.split(" "), "--bin", WRONG], resources), 1, out);
  assertStringIncludes(out, "✗ 3c broadcast: INVALID (lost");
  assertMatch(out, /\nThe smallest run that fails for the same reason: /);
});

Deno.test({
  name: "workers give the same results as this thread, and report what cannot be run",
  ignore: IGNORED,
  async fn() {
    const flags = ["--node-count", "3", "--time-limit", "4", "--nemesis", "partition", "--seed", "dune"];
    const tasks: Task[] = [
      { challenge: "3c", flags },
      { challenge: "3c", flags: [...flags, "--bin", WRONG, "--nemesis-interval", "1"] },
    ];
    const machine = createMachine(ROOT);
    const pool = openPool(ROOT, 2);
    try {
      const results = await Promise.all(tasks.map((task, job) => pool.run(job, task)));
      assertEquals(results.map(({ survived }) => survived), [true, false]);
      assert(results.every(({ operations, duration }) => operations > 20 && duration >= 14_000));
      for (const [index, task] of tasks.entries()) {
        assertEquals(await runTask(task, machine.engines.simulation, machine), results[index]);
      }
      const broken = { challenge: "3c", flags: ["--bin", `${ROOT}/tests/workbench/programs/throws.ts`] };
      const rejected = await assertRejects(() => pool.run(0, broken), FailedError);
      // Of a mistake in a program, the message is for a person: it has no stack trace of the workbench.
      assertMatch(rejected.message, /^Cannot simulate .*: it cannot be imported: no such luck at .*$/);
      const mistaken = { ...broken, flags: ["--bin", `${ROOT}/none.ts`] };
      await assertRejects(() => pool.run(0, mistaken), UsageError, "Cannot find --bin");
      const exits = { challenge: "3c", flags: [...flags, "--bin", `${ROOT}/tests/workbench/programs/exits.ts`] };
      assertEquals((await pool.run(0, exits)).survived, false);
      // A worker continues after a task that cannot be run.
      assertEquals(await pool.run(0, tasks[0]!), results[0]);
      await assertRejects(() => pool.run(1, { challenge: "none", flags: [] }), FailedError);
    } finally {
      pool.close();
    }
  },
});

Deno.test({
  name: "maelstrom.sh swarm works from another folder, with a program of another project",
  ignore: IGNORED || Deno.permissions.querySync({ name: "run" }).state !== "granted",
  async fn() {
    assertEquals(denoJSON.tasks.swarm.command, "./maelstrom.sh swarm");
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({ imports: { "@/": `file://${ROOT}/challenges/` } }),
    );
    await Deno.writeTextFile(`${folder}/node.ts`, 'export { default } from "@/broadcast.ts";\n');
    const { code, stdout, stderr } = await new Deno.Command(`${ROOT}/maelstrom.sh`, {
      args: "swarm --minutes 0.01 --jobs 1 --seed s --challenge 3a --bin node.ts".split(" "),
      cwd: folder,
      env: { NO_COLOR: "1", DENO: Deno.execPath() },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertMatch(new TextDecoder().decode(stdout), /\n3a broadcast +[1-9]\d* [^\n]*\n\n\d+ runs in 0:0\d/);
    await Deno.remove(folder, { recursive: true });
  },
});
