import { assertEquals, assertStringIncludes } from "@std/assert";
import { pack, replaceNames } from "../../../lib/workbench/cli/pack.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { blocksOf, MAY_RUN_PAGES } from "../../docs/page.ts";

Deno.test("replaceNames() puts paths in the place of names in imports and exports", () => {
  const names = { "@std/uuid": "types/uuid.js", "d3-array": "types/d3.js" };
  const code = 'import { v7 } from "@std/uuid";\nimport x from "@std/uuid/v7";\nexport * from "d3-array";\n';
  const replaced = (uuid: string, d3: string) => code.replace('"@std/uuid"', `"${uuid}"`).replace("d3-array", d3);
  assertEquals(replaceNames(code, "lib/a/b.js", names), replaced("../../types/uuid.js", "../../types/d3.js"));
  assertEquals(replaceNames(code, "mod.js", names), replaced("./types/uuid.js", "./types/d3.js"));
  assertEquals(replaceNames(code, "types/d3.js", names), replaced("./uuid.js", "d3-array"));
});

/** Returns why the package cannot be made here; undefined if it can. */
function obstacle(): string | undefined {
  if (!MAY_RUN_PAGES) return "needs permissions";
  const { success } = new Deno.Command(Deno.execPath(), { args: ["pack", "--help"], stderr: "null" }).outputSync();
  if (!success) return `Deno ${Deno.version.deno} has no deno pack`;
  return isInstalled("tar") ? undefined : "there is no tar";
}

function isInstalled(program: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success;
}

const REQUESTS = `{"src":"c1","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}
{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":2,"echo":"hi"}}
`;
const REPLIES = `{"src":"n0","dest":"c1","body":{"type":"init_ok","in_reply_to":1}}
{"src":"n0","dest":"c1","body":{"type":"echo_ok","echo":"hi","in_reply_to":2}}
`;

const SIMULATION = `import { simulate } from "@gossip-glomers/maelstrom/simulate";
import echo from "./node.ts";
const client = simulate({ program: echo, nodes: 1 }).client();
const { echo: answer } = await client.rpc("n0", { type: "echo", echo: "hi" });
if (answer !== "hi") throw new Error("no echo");
`;

const problem = obstacle();

Deno.test({
  name: `the npm package runs as docs/packages.md says${problem === undefined ? "" : ` (ignored: ${problem})`}`,
  ignore: problem !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const tarball = pack(ROOT, folder);
      await run("tar", ["xzf", tarball], folder);
      for (const { path, text } of blocksOf(await Deno.readTextFile(`${ROOT}/docs/packages.md`))) {
        if (path !== undefined) await Deno.writeTextFile(`${folder}/${path}`, text);
      }
      await Deno.writeTextFile(`${folder}/simulation.ts`, SIMULATION);
      const deno = ["run", "--check", "--quiet", "--no-prompt"];
      assertEquals(await run(Deno.execPath(), [...deno, "node.ts"], folder, REQUESTS), REPLIES);
      await run(Deno.execPath(), [...deno, "simulation.ts"], folder);
      // Without source maps, no path of this machine is in it.
      assertEquals((await Deno.readTextFile(`${folder}/package/lib/kv_update.js`)).includes("sourceMapping"), false);
      if (isInstalled("node")) assertEquals(await run("node", ["node.mjs"], folder, REQUESTS), REPLIES);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Runs a command that must succeed; returns what it prints. */
async function run(command: string, args: string[], cwd: string, input = ""): Promise<string> {
  const child = new Deno.Command(command, { args, cwd, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assertEquals(success, true, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

Deno.test(
  "the version of the package in docs/packages.md is that of deno.json",
  { ignore: !MAY_RUN_PAGES },
  async () => {
    const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
    const page = await Deno.readTextFile(`${ROOT}/docs/packages.md`);
    assertStringIncludes(page, `dist/gossip-glomers-maelstrom-${version}.tgz`);
  },
);
