/**
 * The program of a cluster: which one a command line means, and what runs it.
 *
 * @module
 */

import type { ClusterProgram } from "../world/cluster/state.ts";
import { findModule } from "./challenges.ts";
import type { MachineWithFiles } from "./files.ts";
import type { TestRequest } from "./request.ts";

/**
 * Finds the program of a cluster for the program of a test. A module that exports a program by default runs in the
 * process of the node, unless its first line (`#!`) names something else than Deno. Any other file is a process.
 *
 * @param program The program, as a test with processes runs it.
 */
export function clusterProgram(
  { bin, args, isModule }: Pick<TestRequest, "bin" | "args" | "isModule">,
  { root, files }: MachineWithFiles,
): ClusterProgram {
  const module = findModule(bin, args, root);
  if (module.path !== bin) return { ...module, kind: "export" };
  if (isModule || MODULE.test(bin)) {
    const text = files.readTextFile(bin);
    if (exportsProgram(text) && isForDeno(text)) return { ...module, kind: "export" };
  }
  return { ...module, kind: isModule ? "module" : "executable" };
}

/** Names of files that may be modules. */
const MODULE = /\.[cm]?[jt]sx?$/;

/** True if a script has no first line that names a program, or one that names Deno. */
function isForDeno(text: string): boolean {
  return !/^#!/.test(text) || /^#!.*\bdeno\b/.test(text);
}

/**
 * True if a module has a default export. It is not imported for that: it might read stdin.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exportsProgram } from "./cluster_program.ts";
 *
 * assertEquals(exportsProgram("export default function (node) {}"), true);
 * assertEquals(exportsProgram('export { echo as default } from "./echo.ts";'), true);
 * assertEquals(exportsProgram("// It has no export default\nawait serve(echo);"), false);
 * ```
 */
export function exportsProgram(text: string): boolean {
  return /^\s*export\s+(?:default\b|\*\s+as\s+default\b|\{[^}]*\bdefault\s*[,}])/m.test(text);
}
