import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import type { EngineHooks } from "../../../lib/workbench/engines/engine.ts";
import { runWithProcesses } from "../../../lib/workbench/engines/process_engine.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { createRequest } from "../../../lib/workbench/request/request.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { runTest } from "../../../lib/workbench/run/run.ts";
import type { StoredProgress } from "../../../lib/workbench/run/store/stored_progress.ts";
import { openStore } from "../../../lib/workbench/run/store/store.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { RealClock } from "../../../lib/workbench/world/real_clock.ts";
import { processWorld } from "../../../lib/workbench/world/hosts/process/process.ts";
import { createDisk } from "../run/store/full_disk.ts";
import { testWithStore } from "../run/store/test_with_store.ts";
import { testOptions } from "../run/stand_in.ts";
import { IGNORED } from "../world/hosts/process/process_rig.ts";

/** Echo node in shell, which writes 100 kB to stderr at its start, and each message. */
const ECHO = `head -c 100000 /dev/zero | tr '\\0' x >&2
while read -r line; do
  echo "got $line" >&2
  id=$(echo "$line" | sed 's/.*"msg_id":\\([0-9]*\\).*/\\1/')
  src=$(echo "$line" | sed 's/.*"src":"\\([^"]*\\)".*/\\1/')
  case $line in
    *'"init"'*) body='"type":"init_ok"' ;;
    *) body='"type":"echo_ok","echo":'$(echo "$line" | sed 's/.*"echo":\\("[^"]*"\\).*/\\1/') ;;
  esac
  echo '{"src":"n0","dest":"'$src'","body":{'$body',"in_reply_to":'$id'}}'
done`;

const FLAGS = ["-w", "echo", "--bin", "/bin/sh", "--node-count", "1", "--rate", "20", "--time-limit", "1"];

/** Runs a test of the echo node. */
function run(store: string, flags: readonly string[] = [], hooks: Partial<EngineHooks> = {}): Promise<Results> {
  const args = parseArguments([...FLAGS, ...flags, "--store", store, "--", "-c", ECHO]);
  const request = createRequest(null, args, { root: ROOT, files: createMachine(ROOT).files });
  const { signal } = new AbortController();
  return runWithProcesses(request, { signal, log() {}, output() {}, progress() {}, ...hooks });
}

function test(name: string, fn: (store: string) => Promise<void>): void {
  if (IGNORED) Deno.test({ name, ignore: true, fn() {} });
  else testWithStore(name, fn);
}

test("an uncaught error of the workbench ends the test, not the process; what there is is stored", async (store) => {
  const log: string[] = [];
  const throwSoon: EngineHooks["progress"] = (ask) => {
    const timer = setInterval(() => {
      if (ask().ok === 0) return;
      clearInterval(timer);
      throw new Error("boom");
    }, 5);
  };
  const results = await run(store, ["--time-limit", "60"], { log: (line) => void log.push(line), progress: throwSoon });
  const [{ type, message, fatal }] = results.exceptions as [Results["exceptions"][number]];
  assertEquals([results.valid, results.passed, type, fatal], ["unknown", false, "workbench-crashed", true]);
  assertStringIncludes(message, "The workbench has failed, and ended the test. This is a bug: Error: boom\n");
  assertEquals(log, [message]);
  const stored = JSON.parse(await Deno.readTextFile(`${results.store}/results.json`));
  assertEquals(stored.exceptions, results.exceptions);
  assert((await Deno.readTextFile(`${results.store}/history.jsonl`)).startsWith('{"index":0,'));
});

test("a full disk costs files, not the verdict", async (root) => {
  for (const free of [0, 1000]) {
    const store = openStore(root, "echo", new Date(), { disk: createDisk(free) });
    const clock = new RealClock();
    const world = processWorld({ clock, bin: "/bin/sh", args: ["-c", ECHO], openLog: store.openNodeLog });
    const options = {
      ...testOptions({ nodes: ["n0"] }),
      timeLimitSeconds: 1,
      rate: 50,
      challenge: null,
      workload: WORKLOADS.echo!,
      seed: "dune",
      limits: [],
      logNetSend: false,
      logNetRecv: false,
    };
    const results = await runTest(options, world, { store });
    store.close();
    assertEquals([results.valid, results.passed, results.store], [true, true, null]);
    assertEquals(results.exceptions.map(({ type, count }) => [type, count]), [["not-stored", 1]]);
    assertStringIncludes(
      results.exceptions[0]!.message,
      `Cannot store all of the run in ${store.path}: No space left on device; missing or incomplete: `,
    );
    for (const name of ["node-logs/n0.log", "messages.jsonl", "history.jsonl", "results.json"]) {
      assertStringIncludes(results.exceptions[0]!.message, name);
    }
  }
});

test("--max-store ends messages and logs; the rest is stored, counted and judged", async (store) => {
  const results = await run(store, ["--max-store", "60kB"]);
  assertEquals([results.valid, results.exceptions.map(({ type }) => type)], [true, ["not-stored"]]);
  assertStringIncludes(results.exceptions[0]!.message, "have reached the limit of 60 kB (--max-store): ");
  const sizes = await Promise.all(
    ["messages.jsonl", "node-logs/n0.log"].map(async (name) => (await Deno.stat(`${results.store}/${name}`)).size),
  );
  assert(sizes[0]! + sizes[1]! <= 45_000, sizes.join());
  // Sends and receives of two messages for each operation, and of those for init.
  assertEquals(results.net!.all.recv_count, 2 * results.operations!.count + 2);
});

test("a store that cannot be written is a mistake in the command", async (folder) => {
  await Deno.writeTextFile(`${folder}/file`, "");
  await assertRejects(
    () => run(`${folder}/file`),
    UsageError,
    `Cannot write to --store ${folder}/file: Not a directory`,
  );
});

test("a missing folder for temporary files is told as such", async (store) => {
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", `${store}/missing`);
  try {
    await assertRejects(
      () => run(store),
      UsageError,
      `Cannot run nodes in ${store}/missing, the folder for temporary files: No such file or directory; ` +
        "set TMPDIR to a folder",
    );
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
});

test("a test under way has its progress in the store, which is gone at its end", async (store) => {
  const seen: StoredProgress[] = [];
  const path = `${store}/latest/progress.json`;
  const results = await run(store, [], { progress: () => seen.push(JSON.parse(Deno.readTextFileSync(path))) });
  assertEquals(seen.map(({ workload, seed, phase, total_ms }) => [workload, seed, phase, total_ms]), [
    ["echo", results.seed, "starting", 1000],
  ]);
  const names = await Array.fromAsync(Deno.readDir(results.store!), ({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith("progress")), []);
});
