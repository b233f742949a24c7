import { assertEquals } from "@std/assert";
import { importedFiles } from "../../../../../lib/workbench/world/hosts/in_process/imported_files.ts";
import { IGNORED } from "../../../run/store/test_with_store.ts";

Deno.test({
  name: "importedFiles() lists a module and the files that it imports in any way, also if they have mistakes",
  ignore: IGNORED,
  async fn() {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    const files: Record<string, string> = {
      "deno.json": '{ "imports": { "@/": "./src/", "zod": "npm:zod@4" } }',
      "my node.ts": `import { a } from "./a.ts";
import "@/b.ts";
import data from './data.json' with { type: "json" };
import { z } from "zod"; import "@std/assert"; import "npm:x"; import "node:fs"; import "https://e.org/f.ts";
const late = () => import("./late.ts");
`,
      "a.ts": 'export * from "./my node.ts"; export { c } from "./src/c.ts"; const = ;',
      "src/b.ts": "export default {",
      "src/c.ts": 'import "../missing.ts";',
      "data.json": "{}",
      "late.ts": "",
      "other.ts": "",
    };
    await Deno.mkdir(`${folder}/src`);
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    const found = importedFiles(`${folder}/my node.ts`).map((path) => path.slice(folder.length + 1));
    assertEquals(found, ["my node.ts", "a.ts", "src/b.ts", "data.json", "late.ts", "src/c.ts", "missing.ts"]);
    await Deno.remove(folder, { recursive: true });
  },
});
