import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runOnCluster } from "../../../../lib/workbench/engines/cluster_engine.ts";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { parseArguments } from "../../../../lib/workbench/request/arguments.ts";
import { clusterProgram } from "../../../../lib/workbench/request/cluster_program.ts";
import { createRequest, findProgram, type TestRequest } from "../../../../lib/workbench/request/request.ts";
import type { Results } from "../../../../lib/workbench/run/results.ts";
import type { StartedPlan } from "../../../../lib/workbench/world/cluster/state.ts";
import { supervise } from "../../../../lib/workbench/world/cluster/supervisor.ts";
import { nodeEnvironment } from "../../../../lib/workbench/world/hosts/process/environment.ts";
import { testWithServers } from "../../../servers.ts";
import { HOOKS, planFor, ROOT, type Running, withCluster } from "./rig.ts";

/** Cluster of a program. */
interface Rig extends Running {
  folder: string;
  /** Runs a test of the program, or of another one. */
  run(flags: string, bin?: string): Promise<Results>;
}

/** Declares a test of a cluster with one node, which runs a program. */
function test(name: string, text: string | { file: string }, fn: (rig: Rig) => Promise<void>, ending = "sh"): void {
  testWithServers(name, ["nats-server", "etcd"], async ({ folder }) => {
    const bin = typeof text === "string" ? `${folder}/node.${ending}` : text.file;
    if (typeof text === "string") await Deno.writeTextFile(bin, text, { mode: ending === "ts" ? 0o644 : 0o755 });
    await withCluster(ownPlan(folder, bin), async (running) => {
      const run = (flags: string, tested = bin) => runOnCluster(folder, requestFor(flags, tested, folder), HOOKS);
      await fn({ ...running, folder, run });
    });
  });
}

function ownPlan(folder: string, bin: string): StartedPlan {
  const machine = createMachine(ROOT);
  const program = clusterProgram({ ...findProgram(bin, false, machine), args: [] }, machine);
  return planFor(folder, { challenge: null, program, nodes: ["n0"] });
}

function requestFor(flags: string, bin: string, folder: string): TestRequest {
  const words = ["-w", "echo", "--bin", bin, "--node-count", "1", "--store", `${folder}/store`, ...flags.split(" ")];
  return createRequest(null, parseArguments(words), createMachine(ROOT));
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

const NODES = `${ROOT}/docs/nodes`;

test("a shell script runs as a node of a cluster, and is tested", { file: `${NODES}/echo.sh` }, async (rig) => {
  const { run, control } = rig;
  const { valid, operations } = await run("--time-limit 1 --rate 20");
  assertEquals(valid, true);
  assert(operations!.ok > 0);
  await assertRejects(() => run("--time-limit 1", `${NODES}/echo.py`), Error, "echo.py: the cluster runs /");
  assertEquals((await control.report()).nodes[0]!.state, "running");
});

const hasPython =
  ["run", "read"].every((name) =>
    Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state === "granted"
  ) && new Deno.Command("sh", { args: ["-c", "command -v python3"], stdout: "null" }).outputSync().success;

if (hasPython) {
  test(
    "a program in Python runs as a node of a cluster, and is tested",
    { file: `${NODES}/echo.py` },
    async ({ run }) => {
      assertEquals((await run("--time-limit 1 --rate 20")).valid, true);
    },
  );
} else Deno.test.ignore("a program in Python runs as a node of a cluster (ignored: python3 not installed)", () => {});

/** Program without an export, which Deno runs. */
const SERVED = `for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const line of chunk.trim().split("\\n")) {
    const { src, dest, body: { msg_id, ...body } } = JSON.parse(line);
    const reply = { ...body, type: body.type + "_ok", in_reply_to: msg_id };
    console.log(JSON.stringify({ src: dest, dest: src, body: reply }));
  }
}
`;

test("a module without a default export runs in a process of its own", SERVED, async ({ run, state }) => {
  assertEquals(state.program.kind, "module");
  assertEquals((await run("--time-limit 1 --rate 20")).valid, true);
}, "ts");

const EXPORTED = 'export default (node) => node.on("echo", ({ echo }) => ({ echo }));\n';

test("a module with a default export runs in the node's process", EXPORTED, async ({ run, state }) => {
  assertEquals(state.program.kind, "export");
  assertEquals((await run("--time-limit 1 --rate 20")).valid, true);
}, "ts");

/** Answers init; prints nonsense, or ends, when it is asked for an echo. */
const script = (onEcho: string) =>
  `#!/bin/sh
echo "pid $$" >&2
while read -r line; do
  case $line in
    *\'"echo"\'*) ${onEcho} ;;
    *) echo \'{"src":"n0","dest":"the host","body":{"type":"init_ok","in_reply_to":1}}\' ;;
  esac
done
`.replaceAll("\\'", "'");

test("a line that is not a message ends the test, not the node", script("echo nonsense"), async ({ run, control }) => {
  const { valid, exceptions } = await run("--time-limit 5 --rate 20");
  assertEquals([valid, exceptions[0]!.type], [false, "bad-line"]);
  assertStringIncludes(exceptions[0]!.message, "Node n0 printed a line that is not a message: it is not JSON\n");
  assertEquals((await control.report()).nodes[0]!.state, "running");
});

test("the end of the program is a crash of the node with its status", script("exit 7"), async ({ run }) => {
  const { valid, exceptions } = await run("--time-limit 5 --rate 20");
  assertEquals([valid, exceptions[0]!.type], [false, "node-crashed"]);
  assertStringIncludes(exceptions[0]!.message, "exited with status 7");
  assertStringIncludes(exceptions[0]!.message, "error The program exited with status 7");
});

test("what pauses or kills a node pauses or kills the program", script("true"), async ({ folder, control }) => {
  if (Deno.build.os !== "linux") return; // Others do not show the states of processes in /proc.
  const pid = () => Number(/.*pid (\d+)/s.exec(Deno.readTextFileSync(`${folder}/n0.log`))![1]);
  await until(() => Deno.readTextFileSync(`${folder}/n0.log`).includes("pid"));
  const first = pid();
  await control.node("n0", "pause");
  await until(() => stateOf(first) === "T");
  await control.node("n0", "resume");
  await until(() => stateOf(first) === "S");
  await control.node("n0", "kill");
  await until(() => stateOf(first) === undefined || stateOf(first) === "Z");
  await control.node("n0", "start");
  assert(pid() !== first);
});

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await turn();
}

/** State of a process, as `ps` shows it; undefined if there is none. */
function stateOf(pid: number): string | undefined {
  try {
    return /^State:\s+(\w)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  } catch {
    return undefined;
  }
}

testWithServers(
  "a program that cannot run says why, and leaves no cluster",
  ["nats-server", "etcd"],
  async (servers) => {
    const { folder } = servers;
    const bin = `${folder}/node`;
    await Deno.writeTextFile(bin, "#!/usr/bin/env no-such-language\n", { mode: 0o755 });
    const told: string[] = [];
    await supervise(ownPlan(folder, bin), nodeEnvironment(), (line) => told.push(line), new AbortController());
    assertStringIncludes(told.at(-1)!, "failed n0 exited with status 1; the end of its log:");
    assertStringIncludes(told.at(-1)!, "its first line (#!) asks for no-such-language, which is not on the PATH");
  },
);

// Other systems have no setsid.
if (Deno.build.os === "linux") {
  test(
    "what a program has started in another session runs until the cluster ends",
    [
      "#!/bin/bash",
      "setsid sh -c 'echo stray $$ >&2; sleep 600' </dev/null >/dev/null &",
      `exec ${NODES}/echo.sh`,
    ].join("\n"),
    async ({ control, folder, ended }) => {
      let pid: string | undefined;
      while (pid === undefined) {
        [, pid] = /^stray (\d+)$/m.exec(await Deno.readTextFile(`${folder}/n0.log`).catch(() => "")) ?? [];
        await turn();
      }
      await control.node("n0", "kill");
      assertEquals(isRunning(pid), true);
      await control.stop();
      await ended;
      // It has been killed, and ends when it gets the processor.
      await until(() => !isRunning(pid));
    },
  );
}

/** True while a process runs; one that has ended but was not waited for does not count. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
