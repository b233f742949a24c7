import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../../lib/workbench/request/challenges.ts";
import { exitStatus } from "../../../lib/workbench/cli/exit_status.ts";
import { refusal, runWithMaelstrom } from "../../../lib/workbench/engines/maelstrom_engine.ts";
import type { EngineHooks } from "../../../lib/workbench/engines/engine.ts";
import { FailedError, UsageError } from "../../../lib/workbench/base/errors.ts";
import { createRequest, type TestRequest } from "../../../lib/workbench/request/request.ts";
import { fakeMachine } from "./fake_machine.ts";

const TESTDATA = new URL("../../testdata/", import.meta.url);
const ALLOWED = ["read", "write", "run"].every((name) =>
  Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state === "granted"
);

/** Declares a test with a fake Maelstrom, in a folder of its own. */
function testFakeMaelstrom(name: string, recorded: string | null, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !ALLOWED,
    async fn() {
      const folder = await Deno.realPath(await Deno.makeTempDir());
      try {
        await Deno.copyFile(new URL("maelstrom", TESTDATA), `${folder}/maelstrom`);
        for (const file of recorded === null ? [] : ["results.edn", "history.edn"]) {
          await Deno.copyFile(new URL(`histories/${recorded}/${file}`, TESTDATA), `${folder}/${file}`);
        }
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

function request(line: string): TestRequest {
  const [command, ...args] = line.split(" ");
  return createRequest(
    findChallenge(command!) ?? null,
    parseArguments(args),
    fakeMachine(),
  );
}

/** Returns hooks that collect what is printed. */
function listen(signal = new AbortController().signal, onOutput = () => {}): EngineHooks & { printed: string } {
  const hooks = {
    printed: "",
    signal,
    log() {},
    progress() {},
    output(text: string) {
      hooks.printed += text;
      onOutput();
    },
  };
  return hooks;
}

testFakeMaelstrom(
  "runWithMaelstrom() passes on the flags and reads the results",
  "broadcast-grid-25",
  async (folder) => {
    const hooks = listen();
    const results = await runWithMaelstrom(
      `${folder}/maelstrom`,
      request(`3d --time-limit 10 --rate 50 --log-stderr --json --store ${folder}/store -- --fan-out 4`),
      hooks,
    );
    assertEquals((await Deno.readTextFile(`${folder}/arguments`)).trimEnd().split("\n"), [
      ..."test --workload broadcast --node-count 25 --time-limit 10 --rate 50 --latency 100 --log-stderr".split(" "),
      ..."--bin /project/challenges/bin/broadcast-fast -- --fan-out 4".split(" "),
    ]);
    assertEquals((await Deno.readTextFile(`${folder}/folder`)).trimEnd(), folder);
    assertStringIncludes(hooks.printed, "INFO jepsen core: Running test\n");
    assertStringIncludes(hooks.printed, "WARN somebody: a warning\n");
    const { challenge, workload, engine, mode, seed, valid, passed, store } = results;
    assertEquals({ challenge, workload, engine, mode, seed, valid, passed, store }, {
      challenge: "3d",
      workload: "broadcast",
      engine: "maelstrom",
      mode: "process",
      seed: null,
      valid: true,
      passed: false,
      store: `${folder}/store/broadcast/20261122T120000.000+0000`,
    });
    assertEquals(results.targets, [
      { name: "msgs_per_op", limit: 30, value: 55.43205, met: false },
      { name: "median_latency_ms", limit: 400, value: 369, met: true },
      { name: "max_latency_ms", limit: 600, value: 765, met: false },
    ]);
    assertEquals(Object.keys(results.latency_ms!), ["broadcast", "read"]);
    assertEquals(exitStatus(results), 1);
  },
);

testFakeMaelstrom("runWithMaelstrom() runs inside a store that is not called store", "echo-ok", async (folder) => {
  const results = await runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/runs`), listen());
  assertEquals((await Deno.readTextFile(`${folder}/folder`)).trimEnd(), `${folder}/runs`);
  assertEquals(results.store, `${folder}/runs/store/echo/20261122T120000.000+0000`);
  assertEquals([results.passed, exitStatus(results)], [true, 0]);
});

testFakeMaelstrom(
  "runWithMaelstrom() reads an invalid test, regardless of the exit status",
  "echo-wrong",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/status`, "1");
    const results = await runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/store`), listen());
    assertEquals([results.valid, exitStatus(results)], [false, 1]);
    assertEquals(results.anomalies.map(({ type, count }) => [type, count]), [["wrong-echo", 2]]);
  },
);

testFakeMaelstrom("runWithMaelstrom() has no latencies if the history cannot be read", "echo-ok", async (folder) => {
  await Deno.writeTextFile(`${folder}/history.edn`, "{:type");
  const results = await runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/store`), listen());
  assertEquals(results.latency_ms, null);
});

testFakeMaelstrom("runWithMaelstrom() does not read the results of an earlier run", null, async (folder) => {
  await Deno.mkdir(`${folder}/store/echo/20261122T110000.000+0000`, { recursive: true });
  await Deno.copyFile(
    new URL("histories/echo-ok/results.edn", TESTDATA),
    `${folder}/store/echo/20261122T110000.000+0000/results.edn`,
  );
  await Deno.writeTextFile(`${folder}/status`, "255");
  const run = () => runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/store`), listen());
  const { message } = await assertRejects(run, FailedError);
  assertEquals(
    message,
    "Cannot judge the test: Maelstrom ended with exit status 255 and left no results, its output says why",
  );
});

testFakeMaelstrom("runWithMaelstrom() distinguishes refused arguments from other failures", null, async (folder) => {
  const run = () => runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/store`), listen());
  await Deno.writeTextFile(`${folder}/status`, "254");
  assertStringIncludes((await assertRejects(run, UsageError)).message, "it refused the arguments");
  await Deno.writeTextFile(`${folder}/status`, "127");
  assertStringIncludes((await assertRejects(run, FailedError)).message, "is Java 11 or newer installed?");
});

testFakeMaelstrom("runWithMaelstrom() rejects results that cannot be parsed", null, async (folder) => {
  await Deno.writeTextFile(`${folder}/results.edn`, "{:valid? ");
  const run = () => runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/store`), listen());
  const { message } = await assertRejects(run, FailedError, "Cannot judge the test by ");
  assertStringIncludes(message, "results.edn: Cannot parse EDN at line 1");
});

testFakeMaelstrom(
  "runWithMaelstrom() rejects an executable that cannot be run, and a store that cannot be created",
  null,
  async (folder) => {
    await Deno.writeTextFile(`${folder}/maelstrom`, "#!/no/such/interpreter\n", { mode: 0o755 });
    const run = (store: string) => runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${store}`), listen());
    assertStringIncludes(
      (await assertRejects(() => run(`${folder}/store`), UsageError)).message,
      "Cannot run Maelstrom at ",
    );
    const blocked = `${folder}/maelstrom/runs`;
    assertStringIncludes(
      (await assertRejects(() => run(blocked), UsageError)).message,
      `Cannot use --store ${blocked}: `,
    );
  },
);

testFakeMaelstrom(
  "runWithMaelstrom() interrupts Maelstrom, and reads the results that it still writes",
  "echo-ok",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/patient`, "");
    const controller = new AbortController();
    const hooks = listen(controller.signal, () => controller.abort());
    const results = await runWithMaelstrom(`${folder}/maelstrom`, request(`1 --store ${folder}/store`), hooks);
    assert(results.valid === true);
  },
);

Deno.test("Maelstrom refuses lin-kv unless each node has an even number of workers", async () => {
  const text = "Maelstrom does not run lin-kv with 3 workers on 3 nodes: it expects --concurrency 2n, 4n, 6n …";
  const linKV = "test -w lin-kv --bin ./node --node-count 3";
  assertEquals(refusal(request(linKV)), text);
  for (const fits of ["2n", "4n", "12"]) assertEquals(refusal(request(`${linKV} --concurrency ${fits}`)), undefined);
  for (const other of ["3n", "1", "7"]) assert(refusal(request(`${linKV} --concurrency ${other}`)) !== undefined);
  assertEquals(refusal(request("test -w g-set --bin ./node --node-count 3")), undefined);
  await assertRejects(
    () => runWithMaelstrom("/none", request(linKV), listen()),
    UsageError,
    `Cannot run this: ${text}; or use`,
  );
});

Deno.test("a test that needs what only the workbench has is not run with Maelstrom", async () => {
  for (
    const [flags, missing] of [
      ["-w lock", "the workload lock"],
      ["-w lin-kv-only", "the workload lin-kv-only"],
      ["-w echo --nemesis partition,loss", "the fault loss"],
      ["-w echo --nemesis membership", "the fault membership"],
      ["-w echo --role storage=n1", "--role"],
      ["-w echo --services none", "--services"],
      ["-w g-set --repeat-adds 0.1", "--repeat-adds"],
      ["-w echo --fail-fast", "--fail-fast"],
    ] as const
  ) {
    await assertRejects(
      () => runWithMaelstrom("/none", request(`test --bin ./node ${flags}`), listen()),
      UsageError,
      `Cannot run this with Maelstrom: it does not have ${missing}; use --engine workbench`,
    );
  }
});
