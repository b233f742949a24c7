import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { createProject } from "../../../lib/workbench/cli/new/mod.ts";
import { templateOf, TESTS } from "../../../lib/workbench/cli/new/files.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { runInSimulation } from "../../../lib/workbench/engines/simulation_engine.ts";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { createRequest } from "../../../lib/workbench/request/request.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { fakeMachine } from "../engines/fake_machine.ts";

const ALLOWED = (["read", "write", "run", "env"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/**
 * Creates a project on a fake machine; returns its files by path, and what was printed.
 *
 * @param around What git says of the repository around it: its path, and that of the project in it.
 */
function create(words: string, origin = "https://example.org/workbench.git", around?: string): {
  files: Record<string, string>;
  out: string;
} {
  const files: Record<string, string> = {};
  const machine = fakeMachine({
    files: {
      inspect: (path) => ({ kind: path === "." || path === "old" ? "folder" : "missing", path: "/home" }),
      readTextFile: (path) => `import { serve } from "../../../../../mod.ts"; // ${path}`,
    },
    createFolder: (path) => `/home/${path}`,
    createFile: (path, text) => void (files[path] = text),
    outputOf: (_, args) => args.includes("rev-parse") ? around : `${origin}\n`,
  });
  createProject(words.split(" ").filter((word) => word !== ""), machine);
  return { files, out: machine.out };
}

Deno.test("createProject() links the workbench, whatever the folders", () => {
  const { files, out } = create("my_node -w broadcast");
  assertEquals(JSON.parse(files["my_node/deno.json"]!), {
    imports: { "@gossip-glomers/maelstrom": "jsr:@gossip-glomers/maelstrom@^0.1.0" },
    links: ["../../project"],
    nodeModulesDir: "none",
  });
  assertEquals(
    files["my_node/node.ts"],
    'import { serve } from "@gossip-glomers/maelstrom"; // /project/lib/workbench/cli/new/templates/broadcast.ts',
  );
  assertStringIncludes(out, "/project/maelstrom.sh test -w broadcast --bin my_node/node.ts --node-count 1 --sim\n");
});

Deno.test("createProject() prints commands in which a folder that begins with - is no flag", () => {
  const { out } = create("-- -x");
  assertStringIncludes(out, "deno test -q --config ./-x/deno.json ./-x\n");
  assertStringIncludes(out, "--bin ./-x/node.sh ");
});

/** Returns the commands of the workflow of a project on a fake machine. Each must be a JSON string. */
function workflowCommands(origin?: string): string[] {
  const text = create("my_node", origin).files["my_node/.github/workflows/test.yml"]!;
  return Array.from(text.matchAll(/- run: (.*)$/gm), ([, json]) => JSON.parse(json!));
}

Deno.test("the workflow gets the workbench, also around the project, and runs the node", () => {
  assertEquals(workflowCommands(), [
    "git init ../../project && git -C ../../project pull --depth 1 https://example.org/workbench.git",
    "../../project/maelstrom.sh deno test",
    "../../project/maelstrom.sh test -w echo --bin node.ts --node-count 1 --sim --seeds 20",
  ]);
});

Deno.test("the workflow does not contain the password of the workbench's address", () => {
  const [get] = workflowCommands("https://me:secret@example.org/me@home/workbench.git");
  assertStringIncludes(get!, "pull --depth 1 https://example.org/me@home/workbench.git");
  assertStringIncludes(workflowCommands("git@example.org:workbench.git")[0]!, "1 git@example.org:workbench.git");
});

Deno.test("createProject() says where GitHub looks for the workflow of a project inside a repository", () => {
  const { files, out } = create("nodes/crdt", undefined, "/home/mono\nnodes/crdt/\n");
  assertStringIncludes(
    out,
    "nodes/crdt is inside the repository /home/mono, and GitHub runs only workflows at its root",
  );
  const moved = "/home/mono/.github/workflows/nodes-crdt.yml";
  assertStringIncludes(out, `mv /home/mono/nodes/crdt/.github/workflows/test.yml ${moved}\n`);
  const text = files["nodes/crdt/.github/workflows/test.yml"]!;
  assertStringIncludes(text, 'defaults:\n  run:\n    working-directory: "nodes/crdt"\njobs:\n');
  // A repository of its own, none, and that of the workbench.
  for (const around of ["/home/my_node\n\n", undefined, "/project\nmy_node/\n"]) {
    const { files, out } = create("my_node", undefined, around);
    assertEquals(out.includes("GitHub runs"), false);
    assertEquals(files["my_node/.github/workflows/test.yml"]!.includes("working-directory"), false);
  }
});

Deno.test("createProject() refuses bad arguments, and folders that exist", () => {
  const complaint = (words: string) => assertThrows(() => create(words), UsageError).message;
  assertEquals(complaint(""), "Missing folder: expected new FOLDER [-w WORKLOAD]");
  assertEquals(complaint("a b"), "Cannot use b with new: expected one folder");
  assertEquals(complaint("old"), "Cannot create old: it exists; expected the name of a new folder");
  assertEquals(complaint("a --node-count 3"), "Cannot use flag --node-count: expected --workload");
  assertStringIncludes(complaint("a -w brodcast"), "Cannot use --workload brodcast: expected one of echo,");
  assertStringIncludes(complaint("a -w brodcast"), "did you mean broadcast?");
});

Deno.test("each workload has a test for a new project", () => {
  assertEquals(Object.keys(TESTS).sort(), Object.keys(WORKLOADS).sort());
});

for (const workload of Object.keys(TESTS)) {
  Deno.test({
    name: `the template for ${workload} passes on one node`,
    ignore: !ALLOWED,
    async fn() {
      const bin = `${ROOT}/lib/workbench/cli/new/templates/${templateOf(workload)}.ts`;
      const words = ["--sim", "-w", workload, "--bin", bin, "--node-count", "1", "--concurrency", "4n"];
      const args = parseArguments([...words, "--rate", "50", "--time-limit", "5", "--seed", "new"]);
      const request = createRequest(null, args, createMachine(ROOT));
      const { passed, anomalies } = await runInSimulation(ROOT, {
        ...request,
        simulation: { checkDeterminism: false, keep: "none" },
      }, { signal: new AbortController().signal, log() {}, output() {}, progress() {} });
      assertEquals([passed, anomalies], [true, []]);
    },
  });
}

Deno.test({
  name: "the run that new prints has enough operations: any seed passes with the node for lin-kv",
  ignore: !ALLOWED,
  async fn() {
    const line = create("node -w lin-kv").out.split("\n").find((line) => line.includes("/node.sh --"))!;
    const flags = line.slice(line.indexOf("--node-count")).trim().split(" ");
    const bin = `${ROOT}/lib/workbench/cli/new/templates/lin_kv.ts`;
    for (let seed = 1; seed <= 20; seed++) {
      const args = parseArguments(["--sim", "-w", "lin-kv", "--bin", bin, ...flags, "--seed", `${seed}`]);
      const request = createRequest(null, args, createMachine(ROOT));
      const { passed, anomalies } = await runInSimulation(ROOT, {
        ...request,
        simulation: { checkDeterminism: false, keep: "none" },
      }, { signal: new AbortController().signal, log() {}, output() {}, progress() {} });
      assertEquals([seed, passed, anomalies], [seed, true, []]);
    }
  },
});

/** Runs a command of a shell in a folder; returns its status and all that it printed. */
async function shell(command: string, cwd: string): Promise<{ code: number; text: string }> {
  const env = { DENO: Deno.execPath(), NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", `${command} 2>&1`], cwd, env }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "new creates a project anywhere, and the commands that it prints work",
  ignore: !ALLOWED,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "a % #" });
    try {
      const { code, text } = await shell(`'${ROOT}/maelstrom.sh' new 'my node'`, folder);
      assertEquals(code, 0, text);
      const commands = text.replace("--time-limit 5", "--time-limit 1").split("\n").filter((line) =>
        line.includes("maelstrom.sh ")
      );
      assertEquals(commands.length, 3);
      for (const command of commands) {
        const { code, text } = await shell(command, folder);
        assertEquals(code, 0, `${command}\n${text}`);
        assertStringIncludes(text, command.includes("deno test") ? "1 passed" : "valid");
      }
      // Without a wrapper, too, and beside a package.json.
      await Deno.writeTextFile(`${folder}/my node/package.json`, '{ "type": "module" }');
      const { text: direct } = await shell(commands[2]!.replace("node.sh", "node.ts"), folder);
      assertStringIncludes(direct, "valid");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
