import { assertEquals } from "@std/assert";
import { clusterProgram } from "../../../lib/workbench/request/cluster_program.ts";

const FILES: Record<string, string> = {
  "/me/program.ts": "export default function (node) {}",
  "/me/deno.ts": "#!/usr/bin/env -S deno run\nexport default (node) => {};\n",
  "/me/node.js": "#!/usr/bin/env node\nmodule.exports = {};\nexport default 1;\n",
  "/me/serves.ts": 'import { serve } from "x";\n// There is no\n//   export default\nawait serve(echo);\n',
};

/** Returns the kind of a file. */
function kindOf(bin: string, isModule: boolean): string {
  const files = {
    inspect: () => ({ kind: "file" as const, path: bin }),
    readTextFile: (path: string) => FILES[path] ?? "\x7fELF",
  };
  return clusterProgram({ bin, args: [], isModule }, { root: "/project", files }).kind;
}

Deno.test("a module that exports a program runs in the node's process, anything else in its own", () => {
  assertEquals(kindOf("/me/program.ts", true), "export");
  assertEquals(kindOf("/me/deno.ts", false), "export");
  assertEquals(kindOf("/project/challenges/bin/echo", false), "export");
  assertEquals(kindOf("/me/serves.ts", true), "module");
  assertEquals(kindOf("/me/node.js", false), "executable");
  assertEquals(kindOf("/me/binary", false), "executable");
});
