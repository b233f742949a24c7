import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { escapeControls } from "../../../lib/workbench/base/text.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { assertRejected, command } from "../engines/fake_command.ts";
import type { FakeMachine } from "../engines/fake_machine.ts";
import { sampleProgress } from "../run/sample_progress.ts";

Deno.test("main() simulates with --sim, with or without a real Maelstrom", async () => {
  const { ran, out, status } = await command("3e --sim --seed 7", { env: () => "./node" });
  assertEquals(ran.map(({ engine, request }) => [engine, request.seed, request.simulation]), [
    ["simulation", "7", { checkDeterminism: false, keep: "all" }],
  ]);
  assertEquals(status, 0);
  assertStringIncludes(out, "./maelstrom.sh 3e --sim --seed 7\n");
  const checked = await command("3e --sim --check-determinism");
  assertEquals(checked.ran[0]!.request.simulation, { checkDeterminism: true, keep: "all" });
  assertStringIncludes(checked.out, "./maelstrom.sh 3e --sim --check-determinism --seed seed-1\n");
  await assertRejected(
    "3e --sim --nemesis kill-etcd",
    "Cannot cause kill-etcd without a cluster: expected ./maelstrom.sh up, and --engine cluster",
  );
  await assertRejected("3e --sim --engine maelstrom", "Cannot use --sim with --engine maelstrom");
  await assertRejected("3e --seeds 3", "Cannot use --seeds without --sim: only a simulation is determined by its seed");
  await assertRejected("3e --check-determinism", "Cannot use --check-determinism without --sim");
  await assertRejected("3e --no-shrink", "Cannot use --no-shrink without --sim");
  await assertRejected("3e --sim --seeds 0", 'Cannot use --seeds "0": expected a whole number above 0');
  await assertRejected("3e --sim --seeds 2 --test-count 2", "Cannot use --seeds with --test-count: ");
});

Deno.test("main() simulates a module that is not executable, and rejects a folder or a missing file", async () => {
  const { ran } = await command("test -w echo --sim --bin ./notes.txt");
  assertEquals(ran[0]!.request.bin, "/home/notes.txt");
  await assertRejected("test --sim --bin /tmp", "it is a folder, expected the module that exports a node's program");
  await assertRejected("test --sim --bin ./none", "expected the module that exports a node's program");
  await assertRejected("test --sim", "Missing --bin: expected --bin FILE, the module that exports a node's program");
});

Deno.test("main() runs every seed of --seeds, each derived from the first", async () => {
  const seeds = async (line: string) => (await command(line)).ran.map(({ request }) => request.seed);
  assertEquals(await seeds("3e --sim --seeds 3 --seed s"), ["s", "s-2", "s-3"]);
  assertEquals(await seeds("3e --sim --seeds 3"), ["seed-1", "seed-1-2", "seed-1-3"]);
  const { ran } = await command("all --sim --seeds 2");
  assertEquals(ran.length, 2 * CHALLENGES.length);
  assertEquals(new Set(ran.map(({ request }) => request.seed)).size, ran.length);
  const kept = async (line: string) => (await command(line)).ran[0]!.request.simulation!.keep;
  assertEquals(await kept("3e --sim --seeds 3"), "failing");
  assertEquals(await kept("3e --sim --seeds 1"), "all");
  assertEquals(await kept("3e --sim --seeds 3 --store kept"), "all");
});

/** Creates an engine that fails for these seeds. */
const failsFor = (...seeds: string[]): FakeMachine["runs"] => ({ seed }) =>
  seeds.includes(seed!)
    ? {
      valid: false,
      passed: false,
      store: `store/of-${seed}`,
      anomalies: [{ type: "lost", count: 2, explanation: `Element of ${seed}` }],
    }
    : { store: null };

Deno.test("main() shows only failed runs and a table for many seeds", async () => {
  const good = await command("3e --sim --seeds 4 --seed s");
  assertEquals([good.status, good.err], [0, "3e broadcast  seed s, s-2, …\n"]);
  assertMatch(good.out, /^ +passed +ops +ok .*\n✓ 3e broadcast +4 of 4 +40 +90 %\n\n4 of 4 passed\n$/);
  const bad = await command("3e --sim --seeds 4 --seed s --rate 50 --no-shrink", { runs: failsFor("s-2", "s-4") });
  assertEquals([bad.status, bad.ran.length], [1, 4]);
  for (const seed of ["s-2", "s-4"]) {
    assertStringIncludes(bad.out, `Element of ${seed}`);
    assertStringIncludes(bad.out, `stored in    store/of-${seed}\n`);
    assertStringIncludes(bad.out, `run again    ./maelstrom.sh 3e --sim --rate 50 --seed ${seed}\n`);
  }
  assertMatch(bad.out, /✗ 3e broadcast +2 of 4 .*\n\n +failed with seed s-2, s-4\n\n2 of 4 passed\n$/);
});

const NO_MESSAGES = { send_count: 0, recv_count: 0, msg_count: 0 };

Deno.test("main() shows new seeds before a simulation begins, unless it is quiet", async () => {
  const shown = async (line: string) => {
    // Output when the first run begins: it must be there even if the run never ends.
    let err = "";
    const runs: FakeMachine["runs"] = function (this: FakeMachine) {
      err ||= this.err || "nothing";
      return {};
    };
    await command(line, { runs });
    return err;
  };
  assertEquals(await shown("3e --sim"), "3e broadcast  seed seed-1\n");
  assertEquals(await shown("3e --sim --seeds 5 --json"), "3e broadcast  seed seed-1, seed-1-2, …\n");
  assertEquals(await shown("3e --sim --seeds 5 --seed s"), "3e broadcast  seed s, s-2, …\n");
  for (const line of ["3e --sim --seed s", "3e --sim --seeds 5 --quiet", "3e --engine workbench"]) {
    assertEquals(await shown(line), "nothing", line);
  }
  const each = await command("all --sim --seeds 2", { runs: () => ({}) });
  assertEquals(each.err.match(/ {2}seed seed-\d+, seed-\d+-2, …\n/g)!.length, CHALLENGES.length);
});

Deno.test("main() rejects a seed with control characters", async () => {
  for (const seed of ["a\nb", "\x1b[31m", "\u202ea", "a\tb"]) {
    const shown = escapeControls(JSON.stringify(seed));
    await assertRejected(
      `3e --sim --seed ${seed}`,
      `Cannot use --seed ${shown}: expected a value without control characters`,
    );
  }
  assertEquals((await command("3e --sim --seed ü…1")).status, 0);
});

Deno.test("main() counts a seed that was interrupted by Ctrl-C as not run", async () => {
  const runs: FakeMachine["runs"] = function (this: FakeMachine, { seed }) {
    if (seed !== "s-3") return {};
    this.interrupt();
    return { valid: "unknown", passed: false, interrupted: true };
  };
  const { status, out } = await command("3e --sim --seeds 5 --seed s", { runs });
  assertEquals(status, 130);
  assertStringIncludes(out, "2 of 2 passed, 3 not run");
  assert(!out.includes("s-3"), out);
  const atOnce: FakeMachine["runs"] = function (this: FakeMachine) {
    this.interrupt();
    return { valid: "unknown", passed: false, interrupted: true };
  };
  const none = await command("3e --sim --seeds 5 --seed s", { runs: atOnce });
  assertEquals(none.status, 130);
  assertStringIncludes(none.out, "0 of 0 passed, 5 not run");
});

Deno.test("main() counts a seed interrupted after its test as failed if it failed, else as not run", async () => {
  const runs = (seed: string): FakeMachine["runs"] =>
    function (this: FakeMachine, request, hooks) {
      if (request.seed === "s-3") this.interrupt();
      return failsFor(seed)(request, hooks);
    };
  const failed = await command("3e --sim --seeds 5 --seed s", { runs: runs("s-3") });
  assertEquals(failed.status, 130);
  assertMatch(failed.out, /\n {2}failed with seed s-3\n\n2 of 3 passed, 2 not run\n$/);
  const passed = await command("3e --sim --seeds 5 --seed s", { runs: runs("none") });
  assertEquals(passed.status, 130);
  assertMatch(passed.out, /\n2 of 2 passed, 3 not run\n$/);
});

Deno.test("main() says that runs were repeated identically, if they were compared", async () => {
  const runs = (deterministic?: boolean) => ({ runs: () => ({ deterministic }) });
  const one = await command("3e --sim --seed s --check-determinism", runs(true));
  assertStringIncludes(one.out, "\n  checked      the same again with the same seed\n  stored in ");
  assertEquals((await command("3e --sim --seed s", runs())).out.includes("same again"), false);
  const many = await command("3e --sim --seeds 3 --check-determinism", runs(true));
  assertMatch(many.out, /\n3 of 3 passed, each the same again with the same seed\n$/);
  assertMatch((await command("3e --sim --seeds 3", runs())).out, /\n3 of 3 passed\n$/);
});

Deno.test("main() compares the worst figures of many seeds with the limits", async () => {
  const figures = (msgs_per_op: number, max: number): Partial<Results> => ({
    net: { all: { ...NO_MESSAGES, msgs_per_op }, clients: NO_MESSAGES, servers: { ...NO_MESSAGES, msgs_per_op } },
    result: { valid: true, stable_latencies: { 0.5: 100, 1: max } },
  });
  const good = await command("3e --sim --seeds 2 --seed s", { runs: ({ seed }) => figures(seed === "s" ? 5 : 9, 700) });
  assertMatch(good.out, /✓ 3e broadcast .* 9 < 20 +100 < 1000 +700 < 2000\n/);
  const { out } = await command("3e --sim --seeds 2 --seed s", {
    runs: ({ seed, limits }) =>
      seed === "s" ? figures(5, 700) : {
        ...figures(5, 2500),
        passed: false,
        targets: limits.map(({ name, limit }) => ({ name, limit, value: 1, met: name !== "max_latency_ms" })),
      },
  });
  assertMatch(out, /✗ 3e broadcast .* 5 < 20 +100 < 1000 +2500 ≥ 2000\n/);
});

Deno.test("main() shows the first failures in full, and only the commands of the others", async () => {
  const { out } = await command("3e --sim --seeds 5 --seed s --no-shrink", {
    runs: failsFor("s", "s-2", "s-3", "s-4", "s-5"),
  });
  assertEquals(out.match(/Element of/g)!.length, 3);
  assertStringIncludes(
    out,
    "✗ 3e broadcast: INVALID (lost)\n  stored in    store/of-s-5\n  run again    ./maelstrom.sh 3e --sim --seed s-5\n",
  );
});

Deno.test("main() limits the list of failed seeds", async () => {
  const { out } = await command("3e --sim --seeds 18 --seed s", { runs: () => ({ valid: false, passed: false }) });
  assertStringIncludes(out.replaceAll(/\s+/g, " "), "failed with seed s, s-2, s-3, ");
  assertStringIncludes(out.replaceAll(/\s+/g, " "), "s-16 … and 2 more 0 of 18 passed");
});

Deno.test("main() names the challenge of each failed seed if there are several challenges", async () => {
  const { out } = await command("all --sim --seeds 2 --seed s", {
    runs: (request, hooks) => request.challenge!.id === "4" ? failsFor("s-2")(request, hooks) : {},
  });
  assertStringIncludes(out, "\n  failed with seed 4 s-2\n");
  assertMatch(out, /✗ 4 {2}g-counter +1 of 2/);
  assertMatch(out, /✓ 5c kafka +2 of 2/);
  assertStringIncludes(out, "\n27 of 28 passed\n");
});

Deno.test("main() prints the same JSON of a simulation for every store", async () => {
  const one = await command("3e --sim --seed s --json");
  const { store, mode, seed } = JSON.parse(one.out);
  assertEquals([store, mode, seed], [null, "simulation", "s"]);
  assertEquals(one.err, "Stored in store/somewhere\n");
  assertEquals((await command("3e --sim --json -q")).err, "");
  assertEquals((await command("3e --json --engine workbench")).err, "");
  const many = await command("3e --sim --seeds 2 --seed s --json --no-shrink", { runs: failsFor("s-2") });
  const document = JSON.parse(many.out);
  assertEquals([document.schema, document.valid, document.passed], [1, false, false]);
  assertEquals(document.runs.map(({ seed, store }: Record<string, unknown>) => [seed, store]), [["s", null], [
    "s-2",
    null,
  ]]);
  assertEquals(many.err.split("\n").slice(1), ["✗ 3e broadcast: INVALID (lost)", "Stored in store/of-s-2", ""]);
  assertEquals(JSON.parse((await command("3e --sim --seeds 1 --json")).out).runs.length, 1);
});

Deno.test("main() shows the progress of many seeds, and their logs only with --log-stderr", async () => {
  const runs: FakeMachine["runs"] = function (this: FakeMachine, _, hooks) {
    hooks.progress(() => sampleProgress({ elapsed: 0 }));
    this.tick();
    hooks.log("start-partition isolates n1");
    return {};
  };
  const { err } = await command("3e --sim --seeds 3", { runs });
  const lines = ["1 of 3: 0 of 20 s", "2 of 3: 0 of 20 s", "3 of 3: 0 of 20 s; about 0 s left"];
  assertEquals(err.split("\n").slice(1), [...lines.map((line) => `3e broadcast, run ${line}`), ""]);
  assertStringIncludes((await command("3e --sim --seeds 2 --log-stderr", { runs })).err, "start-partition");
});

/** Loses values if there are two nodes or more and a partition; otherwise misses a limit. */
const LOSES: FakeMachine["runs"] = ({ options, limits, seed, simulation }) =>
  options.nodes.length >= 2 && options.nemesis.includes("partition")
    ? { ...failsFor(seed!)({ seed } as never, {} as never), store: simulation!.keep === "none" ? null : "store/kept" }
    : { passed: false, targets: limits.map(({ name, limit }) => ({ name, limit, value: limit, met: false })) };

Deno.test("main() shrinks a failed seed, and shows the smallest failing run and its command", async () => {
  const { out, status, ran } = await command("3e --sim --seeds 2 --seed s --nemesis partition,loss", { runs: LOSES });
  assertEquals(status, 1);
  assertEquals(out.match(/Element of/g)!.length, 1);
  assertMatch(
    out,
    /\nThe smallest run that fails for the same reason: \d+ were tried\n\n✗ 3e broadcast: INVALID \(lost\)\n/,
  );
  assertStringIncludes(
    out,
    "  smaller      --nemesis partition (was partition,loss), --node-count 2 (was\n               25), --",
  );
  const small = "--nemesis partition --node-count 2 --concurrency 1 --rate 1 --time-limit 1 --seed s";
  assertStringIncludes(out, `  stored in    store/kept\n  run again    ./maelstrom.sh 3e --sim ${small}\n`);
  // Runs that were only tried are not stored; the one that is shown is.
  assertEquals(ran.map(({ request }) => request.simulation!.keep).slice(0, 3), ["failing", "failing", "none"]);
  const { request } = ran.at(-1)!;
  assertEquals([request.simulation!.keep, request.options.nodes.length, request.seed], ["repeat", 2, "s"]);
});

Deno.test("main() shows a failed run in full and then shrinks it, unless --no-shrink is given", async () => {
  const { out, ran } = await command("3c --sim --seed s", { runs: LOSES });
  assertMatch(out, /^✗ 3c broadcast[^]*--sim --seed s\n\nThe smallest run that fails[^]*\n +run again .* --seed s\n$/);
  assertEquals(ran.length > 2, true);
  const plain = await command("3c --sim --seed s --no-shrink", { runs: LOSES });
  assertEquals([plain.ran.length, plain.out.includes("smallest")], [1, false]);
  assertStringIncludes(plain.out, "run again    ./maelstrom.sh 3c --sim --seed s\n");
  const minimal = await command("3c --sim --seed s --node-count 1 --rate 1 --time-limit 1 --nemesis none", {
    runs: failsFor("s"),
  });
  assertStringIncludes(minimal.out, "\n\nNo smaller run fails for the same reason: 0 were tried\n");
  assertEquals((await command("3c --sim")).ran.length, 1);
  assertEquals((await command("3c", { runs: failsFor("seed-1") })).ran.length, 1);
});

Deno.test("main() shrinks the worst failure of each challenge: a lost value rather than a missed limit", async () => {
  const { ran } = await command("3c --sim --seeds 3 --seed s", {
    runs: (request, hooks) => request.seed === "s-2" ? LOSES(request, hooks) : { passed: false },
  });
  assertEquals(ran[3]!.request.seed, "s-2");
  assertEquals(ran.at(-1)!.request.seed, "s-2");
  const all = await command("all --sim --seeds 2 --seed s", {
    runs: ({ challenge }) => ["3a", "4"].includes(challenge!.id) ? { valid: false, passed: false } : {},
  });
  const further = all.ran.slice(2 * CHALLENGES.length).map(({ request }) => `${request.challenge!.id} ${request.seed}`);
  assertEquals([further[0], further.at(-1)], ["3a s", "4 s"]);
  assertEquals(all.out.match(/The smallest run that fails/g)!.length, 2);
});

Deno.test("main() tries other seeds if the first one does not shrink further", async () => {
  const { out, ran } = await command("3c --sim --seed s", {
    runs: (request, hooks) =>
      request.options.nodes.length >= (request.seed === "s" ? 4 : 2) ? failsFor(request.seed!)(request, hooks) : {},
  });
  assertStringIncludes(out, "run again    ./maelstrom.sh 3c --sim --nemesis none --node-count 2 --concurrency 1 ");
  assertMatch(out, /--time-limit 1 --seed s-2\n$/);
  const seeds = ran.map(({ request }) => request.seed);
  assertEquals([...new Set(seeds)], ["s", "s-2", "s-3"]);
  assertEquals(seeds.at(-1), "s-2");
});

Deno.test("main() prints the shrunk run in the JSON document, the same for every store", async () => {
  const line = "3c --sim --seeds 2 --seed s --json";
  const [one, two] = [await command(line, { runs: LOSES }), await command(line, { runs: LOSES })];
  assertEquals(one.out, two.out);
  const [first, second] = JSON.parse(one.out).runs;
  assertEquals(second.shrunk, undefined);
  const { command: words, changes, tried, results } = first.shrunk;
  assertEquals(words, "./maelstrom.sh 3c --sim --node-count 2 --concurrency 1 --rate 1 --time-limit 1 --seed s");
  assertEquals(changes, [
    "--node-count 2 (was 5)",
    "--concurrency 1 (was 1n)",
    "--rate 1 (was 10)",
    "--time-limit 1 (was 20)",
  ]);
  assertEquals([results.valid, results.seed, results.store, tried > 0], [false, "s", null, true]);
  assertStringIncludes(one.err, "Shrunk, and stored in store/kept\n");
});

Deno.test("main() ends shrinking when it is interrupted, and shows the result so far", async () => {
  const { out, ran, status } = await command("3c --sim --seed s", {
    runs(this: FakeMachine, request, hooks) {
      // The third smaller run is the first with two nodes.
      if (request.simulation!.keep === "none" && request.options.nodes.length === 2) this.interrupt();
      return LOSES(request, hooks);
    },
  });
  assertEquals(status, 1);
  assertEquals(ran.at(-1)!.request.options.nodes.length, 2);
  assertStringIncludes(out, "No smaller run fails for the same reason: 3 were tried\n");
});

Deno.test("main() stores the smallest run completely, even if shrinking is interrupted", async () => {
  const kept: [keep: string, nodes: number, aborted: boolean][] = [];
  const { out, status } = await command("3c --sim --seed s --node-count 4 --concurrency 4 --rate 1 --time-limit 1", {
    runs(this: FakeMachine, request, { signal }) {
      const { simulation, options: { nodes } } = request;
      const { keep } = simulation!;
      if (keep !== "none") kept.push([keep, nodes.length, signal.aborted]);
      // The runs with one node do not fail; the next ones, with two, do, and then with fewer workers.
      else if (nodes.length === 2 && request.options.concurrency === 1) this.interrupt();
      return nodes.length >= 2 ? failsFor("s")(request, {} as never) : {};
    },
  });
  assertEquals(status, 1);
  assertEquals(kept, [["all", 4, false], ["repeat", 2, false]]);
  assertMatch(out, /\n {2}smaller +[^\n]*--node-count 2 \(was 4\)[^]*\n {2}stored in {4}store\/of-s\n/);
});
