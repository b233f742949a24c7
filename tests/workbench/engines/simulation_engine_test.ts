import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { CHALLENGES, findChallenge } from "../../../lib/workbench/request/challenges.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import type { EngineHooks } from "../../../lib/workbench/engines/engine.ts";
import { runInSimulation } from "../../../lib/workbench/engines/simulation_engine.ts";
import { FailedError, UsageError } from "../../../lib/workbench/base/errors.ts";
import { createRequest } from "../../../lib/workbench/request/request.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { testWithStore } from "../run/store/test_with_store.ts";

const PROGRAMS = `${ROOT}/tests/workbench/programs`;

/** Helpers of a test. */
interface Bench {
  /** Runs a command line, such as `3e --seed 7`, with `--sim`. */
  run(line: string, hooks?: Partial<EngineHooks>): Promise<Results>;
  /** Returns the folders of the stored runs, in order. */
  stored(): string[];
  /** Returns the names of a folder's entries. */
  names(folder: string): string[];
  /** Reads a file. */
  read(path: string): string;
  /** Lines received by the hook `log`. */
  lines: string[];
}

function test(name: string, fn: (bench: Bench) => Promise<void>): void {
  testWithStore(name, (store) => fn(openBench(store)));
}

function openBench(store: string): Bench {
  const lines: string[] = [];
  const { files } = createMachine(ROOT);
  const runs = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`);
  return {
    lines,
    run(line, hooks = {}) {
      const [command = "", ...words] = line.split(" ");
      const challenge = command === "test" ? null : findChallenge(command)!;
      const request = createRequest(challenge, parseArguments(["--sim", ...words]), { root: ROOT, files });
      return runInSimulation(ROOT, { ...request, store }, {
        signal: new AbortController().signal,
        log: (line) => void lines.push(line),
        output() {},
        progress() {},
        ...hooks,
      });
    },
    stored: () => runs(store).filter((path) => !path.endsWith("latest")).flatMap(runs).sort(),
    names: (folder) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(),
    read: (path) => Deno.readTextFileSync(path),
  };
}

const FILES = ["history.jsonl", "messages.jsonl", "results.json"];
const SHORT = "--time-limit 2 --rate 20";

test("the same seed is stored as the same bytes", async ({ run, stored, read }) => {
  const first = await run(`3e ${SHORT} --seed 7 --nemesis partition`);
  const second = await run(`3e ${SHORT} --seed 7 --nemesis partition`);
  assertEquals([first.valid, first.mode, first.seed, first.challenge], [true, "simulation", "7", "3e"]);
  const folders = stored();
  assertEquals([first.store, second.store].sort(), folders);
  for (const file of FILES) {
    const [a, b] = folders.map((folder) => read(`${folder}/${file}`));
    assert(a !== undefined && a.length > 500, file);
    assertEquals(a, b, file);
  }
  const results = JSON.parse(read(`${first.store}/results.json`));
  assertEquals(results, { ...JSON.parse(JSON.stringify(first)), store: null });
});

for (const { id } of CHALLENGES) {
  test(`challenge ${id} is deterministic with its official program and arguments`, async ({ run }) => {
    const results = await run(`${id} ${SHORT} --seed 7 --check-determinism`);
    assertEquals([results.valid, results.exceptions, results.deterministic], [true, [], true]);
  });
}

test("a run without --seed gets a new seed", async ({ run }) => {
  const [a, b] = [await run(`1 ${SHORT}`), await run(`1 ${SHORT}`)];
  assertMatch(a.seed!, /^[a-z0-9]{8}$/);
  assert(a.seed !== b.seed);
});

test("arguments after -- go to the program", async ({ run }) => {
  const mesh = await run(`3e ${SHORT} --seed 7 -- --profile fast`);
  const hub = await run(`3e ${SHORT} --seed 7`);
  assert(mesh.net!.servers.msgs_per_op! > hub.net!.servers.msgs_per_op!);
  await assertRejects(() => run(`3e ${SHORT} -- --profile fats`), UsageError, "Cannot use --profile fats");
});

test("logs of nodes are stored, with --debug in detail, and shown with --log-stderr", async (bench) => {
  const { run, stored, lines, names, read } = bench;
  await run(`test -w echo --bin ${PROGRAMS}/as_default.ts ${SHORT} --node-count 2`);
  const [folder] = stored();
  assertEquals(names(`${folder}/node-logs`), ["n0.log", "n1.log"]);
  assertEquals(read(`${folder}/node-logs/n0.log`), "");
  lines.length = 0;
  const talkative = `test -w echo --bin ${PROGRAMS}/logs.ts ${SHORT} --node-count 1 --log-stderr`;
  const quiet = await run(talkative);
  assertEquals(read(`${quiet.store}/node-logs/n0.log`), "0.000 info hello\n");
  assertEquals(lines, ["n0: 0.000 info hello"]);
  const debug = await run(`${talkative} -- --debug`);
  assertEquals(read(`${debug.store}/node-logs/n0.log`), "0.000 debug details\n0.000 info hello\n");
});

test("of many runs only those that fail are stored, unless --store is given", async ({ run, stored, read }) => {
  const good = await run(`test -w echo --bin ${PROGRAMS}/as_default.ts ${SHORT} --seeds 3`);
  assertEquals([good.passed, good.store, stored()], [true, null, []]);
  const bad = await run(
    `test -w broadcast --bin ${ROOT}/tests/wrong/broadcast_without_retry.ts --seeds 3 ${PARTITION}`,
  );
  assertEquals([bad.passed, [bad.store]], [false, stored()]);
  const results = JSON.parse(read(`${bad.store}/results.json`));
  assertEquals([results.valid, results.seed, results.anomalies.length > 0], [false, bad.seed, true]);
  await run(`test -w echo --bin ${PROGRAMS}/as_default.ts ${SHORT} --seeds 3 --store elsewhere`);
  assertEquals(stored().length, 2);
});

/** Flags with which a broadcast without retry fails. */
const PARTITION = "--seed 1 --node-count 5 --rate 20 --time-limit 20 --nemesis partition --nemesis-interval 3";

test("a run that cannot be stored is judged, and its results do not claim to be stored", async ({ run, stored }) => {
  const line = `test -w echo --bin ${PROGRAMS}/as_default.ts ${SHORT} --node-count 1`;
  for (const file of ["history.jsonl", "results.json"]) {
    const results = await run(line, {
      // When the test begins, a folder blocks the file's place.
      progress: () => Deno.mkdirSync(`${stored().at(-1)}/${file}`),
    });
    assertEquals([results.passed, results.store, results.exceptions.length], [true, null, 1]);
    const [{ type, message }] = results.exceptions as [Results["exceptions"][number]];
    assertEquals(type, "not-stored");
    assertStringIncludes(message, `Cannot store all of the run in ${stored().at(-1)}: `);
  }
});

test("a seed repeats a run that fails", async ({ run }) => {
  const line = `test -w broadcast --bin ${ROOT}/tests/wrong/broadcast_without_retry.ts ${PARTITION}`;
  const [first, second] = [await run(line), await run(line)];
  assertEquals(first.valid, false);
  assertEquals({ ...first, store: null }, { ...second, store: null });
});

test("--check-determinism detects a program with state outside of itself", async ({ run, stored, read }) => {
  const results = await run(`test -w unique-ids --bin ${PROGRAMS}/keeps_global_state.ts ${SHORT} --check-determinism`);
  assertEquals([results.valid, results.passed, results.exceptions.length], [false, false, 1]);
  const [{ type, message, fatal }] = results.exceptions as [Results["exceptions"][number]];
  assertEquals([type, fatal], ["nondeterminism", undefined]);
  assertMatch(message, /^Two runs of the same seed differ, first in line 2 of history\.jsonl\n +first: .*\n +second: /);
  const { valid, deterministic, exceptions } = JSON.parse(read(`${stored()[0]}/results.json`));
  assertEquals([valid, deterministic, exceptions.length], [false, false, 1]);
});

test("the result of --check-determinism is stored", async ({ run, stored, read }) => {
  const echo = `test -w echo --bin ${PROGRAMS}/as_default.ts ${SHORT}`;
  assertEquals((await run(echo)).deterministic, undefined);
  const results = await run(`${echo} --check-determinism`);
  assertEquals(results.deterministic, true);
  assertEquals(stored().map((folder) => JSON.parse(read(`${folder}/results.json`)).deterministic), [undefined, true]);
});

test("--check-determinism detects what the guard does not", async ({ run }) => {
  const line = `test -w unique-ids --bin ${PROGRAMS}/uses_file_time.ts ${SHORT}`;
  assertEquals((await run(line)).valid, true);
  const results = await run(`${line} --check-determinism --seeds 2`);
  assertEquals(results.exceptions.map(({ type }) => type), ["nondeterminism"]);
  assert(results.store !== null);
});

test("each node has state of its own, at the top level of modules too", async ({ run }) => {
  const line = `test -w broadcast --bin ${PROGRAMS}/keeps_state.ts --time-limit 2 --rate 20`;
  const alone = await run(`${line} --node-count 1`);
  assertEquals([alone.valid, alone.anomalies], [true, []]);
  const { valid, anomalies } = await run(`${line} --node-count 2`);
  assertEquals([valid, anomalies.map(({ type }) => type)], [false, ["lost", "not-converged"]]);
});

test("nodes that would share state are refused, with the place of the state", async ({ run }) => {
  await assertRejects(
    () => run(`test -w unique-ids --bin ${PROGRAMS}/shares_state.ts ${SHORT}`),
    FailedError,
    `Cannot simulate ${PROGRAMS}/shares_state.ts: all nodes would share count, which changes, at ` +
      `${PROGRAMS}/shares_state.ts:6: expected the state of a node inside its program (there can be no instance of ` +
      `the module for each node: ${PROGRAMS}/shares_state.ts waits at its top level)`,
  );
});

test("a program that uses the real clock ends the test", async ({ run }) => {
  const { valid, exceptions } = await run(`test -w unique-ids --bin ${PROGRAMS}/uses_clock.ts ${SHORT}`);
  assertEquals(valid, false);
  assertEquals([exceptions[0]!.type, exceptions[0]!.fatal], ["nondeterminism", true]);
  assertStringIncludes(exceptions[0]!.message, `Cannot call Date.now() at ${PROGRAMS}/uses_clock.ts:7:`);
});

test("a program that cannot be simulated has failed, and nothing is stored", async ({ run, stored }) => {
  const reject = (name: string, message: string) =>
    assertRejects(() => run(`test -w echo --bin ${PROGRAMS}/${name}.ts`), FailedError, message);
  await reject("without_program", "expected its program as its default export, which is a function of a node");
  await reject("throws", "it cannot be imported: no such luck");
  assertEquals(stored(), []);
});

test("a run that is ended early is stored", async ({ run, stored }) => {
  const stop = new AbortController();
  let asked = 0;
  const results = await run("3b --seeds 2 --check-determinism --store kept", {
    signal: stop.signal,
    progress() {
      asked++;
      stop.abort(new Error("interrupted"));
    },
  });
  assertEquals([asked, results.passed, stored().length], [1, false, 1]);
});

test("a run that fails is stored unchanged, and convergence is not measured again", async ({ run, stored, read }) => {
  const program = `${PROGRAMS}/counts_starts.ts`;
  const started = { count: 0 };
  Object.defineProperty(globalThis, "started", { value: started, configurable: true });
  const line = `test -w broadcast --bin ${program} ${SHORT} --node-count 1 --seed 7`;
  const plain = await run(line);
  assert(plain.anomalies.some(({ type }) => type === "not-converged"));
  // One start for the test, one to measure convergence.
  assertEquals(started.count, 2);
  const failing = await run(`${line} --seeds 2`);
  assertEquals(started.count, 2 + 3);
  assertEquals({ ...failing, store: null }, { ...plain, store: null });
  const [first, second] = stored().map((folder) => FILES.map((file) => read(`${folder}/${file}`)));
  assertEquals(first, second);
});

/** Returns hooks that interrupt the run with this number when it begins. */
function interruptAt(number: number): Partial<EngineHooks> {
  const stop = new AbortController();
  let begun = 0;
  return {
    signal: stop.signal,
    progress() {
      if (++begun === number) stop.abort(new Error("interrupted"));
    },
  };
}

test("two runs are not compared if one was interrupted", async ({ run }) => {
  const { passed, exceptions, deterministic } = await run(`1 ${SHORT} --seed 7 --check-determinism`, interruptAt(2));
  assertEquals([passed, exceptions, deterministic], [true, [], undefined]);
});

test("a failed run is stored whole, even if Ctrl-C comes while it is repeated", async ({ run, stored, read }) => {
  const line = `test -w broadcast --bin ${PROGRAMS}/counts_starts.ts ${SHORT} --node-count 1 --seed 7 --seeds 2`;
  const { valid, interrupted } = await run(line, interruptAt(2));
  assertEquals([valid, interrupted], [false, false]);
  const results = JSON.parse(read(`${stored()[0]}/results.json`));
  assertEquals([results.valid, results.interrupted], [false, false]);
});
