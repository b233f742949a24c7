import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../../../../../lib/workbench/cli/root.ts";
import { resolveName } from "../../../../../../lib/workbench/world/hosts/in_process/instances/import_map.ts";

const ignore = (["read", "write", "run", "env"] as const)
  .some((name) => Deno.permissions.querySync({ name }).state !== "granted");

/** Writes files to a temporary folder, and calls `use` with its path. */
async function withFiles(files: Record<string, string>, use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "import map " });
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = `${folder}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "a name stands for what the nearest configuration says",
  ignore,
  fn: () =>
    withFiles({
      "deno.jsonc": '{ // "a": "no"\n "imports": { "zod": "npm:zod@4", "@/": "./outer/", "//x": "/*y*/", }, }',
      "inner/deno.json": '{ "imports": { "@/": "../src/", "@/deep/": "./deep/", "#a": "./a.ts", "b": "./b/" } }',
      "broken/deno.json": "{",
    }, (folder) => {
      const inner = new URL(`file://${encodeURI(folder)}/inner/node.ts`).href;
      const resolve = (name: string, url = inner) => resolveName(name, url).replace(new URL("..", inner).href, "/");
      assertEquals(resolve("@/peers.ts"), "/src/peers.ts");
      assertEquals(resolve("@/deep/peers.ts"), "/inner/deep/peers.ts");
      assertEquals([resolve("#a"), resolve("#a/b"), resolve("b/c")], ["/inner/a.ts", "#a/b", "b/c"]);
      assertEquals([resolve("zod"), resolve("zod/mini"), resolve("zodiac")], ["npm:zod@4", "npm:zod@4/mini", "zodiac"]);
      assertEquals(resolve("//x"), "file:///*y*/");
      assertEquals([resolve("node:path"), resolve("jsr:@a/b")], ["node:path", "jsr:@a/b"]);
      assertEquals(resolve("@/x.ts", inner.replace("inner", "broken")), "/outer/x.ts");
    }),
});

/** Simulates the `node.ts` of a folder as two nodes of broadcast, and returns what is printed. */
async function simulate(folder: string): Promise<string> {
  const flags = "test -w broadcast --bin node.ts --node-count 2 --rate 20 --time-limit 5 --sim --no-shrink --seed 1";
  const { stdout, stderr } = await new Deno.Command(`${ROOT}/maelstrom.sh`, {
    args: flags.split(" "),
    cwd: folder,
    env: { DENO: Deno.execPath(), NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** Program that sends nothing to other nodes: what is broadcast is known everywhere only if nodes share a module. */
const PROGRAM = `import { one } from "@/one.ts";
import { add, all } from "@/state.ts";
// deno-lint-ignore no-explicit-any
export default function broadcast(node: any): void {
  node.on("topology", () => ({}));
  node.on("read", () => ({ messages: all() }));
  node.on("broadcast", ({ message }: { message: number }) => {
    add(message * one);
    return {};
  });
}
`;

const FILES = {
  "node.ts": PROGRAM,
  "src/one.ts": "export const one = 1;",
  "src/state.ts": "const seen = new Set<number>();\nexport const all = () => [...seen];\n" +
    "export function add(value: number): void {\n  seen.add(value);\n}\n",
};

Deno.test({
  name: "nodes share no module that a project names by its imports",
  ignore,
  fn: () =>
    withFiles({ ...FILES, "deno.json": '{ "imports": { "@/": "./src/" } }' }, async (folder) => {
      assertStringIncludes(await simulate(folder), "✗ broadcast: INVALID (lost, not-converged)");
    }),
});

Deno.test({
  name: "a program is rejected if nodes would share state, also in a module that was not loaded",
  // Deno 2.5 does not read an import map in another file for a linked project.
  ignore: ignore || Deno.version.deno.startsWith("2.5."),
  fn: () =>
    withFiles({
      ...FILES,
      "node.ts": PROGRAM.replace("@/state.ts", "./src/state.ts"),
      "deno.json": '{ "importMap": "./map.json" }',
      "map.json": '{ "imports": { "@/": "./src/" } }',
    }, async (folder) => {
      assertStringIncludes(
        await simulate(folder),
        `all nodes would share seen, which changes, at ${folder}/src/state.ts:1`,
      );
    }),
});
