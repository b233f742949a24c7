/**
 * `deno task pack`: makes an npm package of the library in `dist/`, which installs from the file without a registry.
 *
 * 1. `deno pack` turns the modules into JavaScript, with types beside them, and writes `package.json`.
 * 2. It leaves those names of the import map that stand for a module of ours: {@linkcode replaceNames} puts paths in
 *    their place.
 * 3. A module names its types ({@linkcode withTypes}): outside of `node_modules`, Deno does not look for them.
 *
 * @module
 */

import { basename, dirname, relative } from "node:path";
import denoJSON from "../../../deno.json" with { type: "json" };
import { FailedError, UsageError } from "../base/errors.ts";
import { createMachine } from "../engines/real_machine.ts";
import { ROOT } from "./root.ts";
import { failureText, runDenoTask } from "./deno_task.ts";

/** Name of the package's file. */
export const TARBALL = `${denoJSON.name.replace("@", "").replace("/", "-")}-${denoJSON.version}.tgz`;

/**
 * Replaces names in imports and exports by the paths of the modules that they stand for.
 *
 * @param code Code of a module.
 * @param path Path of the module in the package.
 * @param names Paths in the package by the names that stand for them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { replaceNames } from "./pack.ts";
 *
 * const names = { "@std/uuid": "types/uuid.js" };
 * assertEquals(replaceNames('export * from "@std/uuid";', "lib/kv.js", names), 'export * from "../types/uuid.js";');
 * ```
 */
export function replaceNames(code: string, path: string, names: Readonly<Record<string, string>>): string {
  return code.replaceAll(/\bfrom "([^"]+)"/g, (found, name) => {
    const target = names[name];
    return target === undefined || target === path ? found : `from "${pathTo(target, path)}"`;
  });
}

/** Adds the name of the types beside a module to its code: `kv.d.ts` to that of `kv.js`. */
export function withTypes(code: string, path: string): string {
  return `/* @ts-self-types="./${basename(path, ".js")}.d.ts" */\n${code}`;
}

function pathTo(target: string, path: string): string {
  const way = relative(dirname(path), target);
  return way.startsWith(".") ? way : `./${way}`;
}

/**
 * Makes the package.
 *
 * @param root The project's folder.
 * @param folder Folder for it; made if it does not exist. Another folder is made in it, and removed at the end.
 * @returns Path of the package.
 * @throws {FailedError} This Deno cannot do that, or there is no `tar`.
 */
export function pack(root: string, folder: string): string {
  Deno.mkdirSync(folder, { recursive: true });
  const work = Deno.makeTempDirSync({ dir: folder, prefix: "pack-" });
  try {
    const tarball = `${folder}/${TARBALL}`;
    run(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "-o", `${work}/raw.tgz`], root);
    run("tar", ["-xzf", "raw.tgz"], work);
    mendModules(`${work}/package`);
    run("tar", ["-czf", tarball, "package"], work);
    return tarball;
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}

/** Mends all modules of a package. Names of modules that the package does not have stay: for examples. */
function mendModules(root: string): void {
  const files = createMachine(root).filesIn(root).map(({ path }) => path.slice(root.length + 1));
  const targets = Object.entries(denoJSON.imports).filter(([, target]) => target.startsWith("./"))
    .map(([name, target]) => [name, target.slice(2).replace(/\.ts$/, ".js")] as const);
  const names = Object.fromEntries(targets.filter(([, target]) => files.includes(target)));
  for (const path of files.filter((path) => /\.(?:js|d\.ts)$/.test(path) && !path.startsWith("types/"))) {
    const code = replaceNames(Deno.readTextFileSync(`${root}/${path}`), path, names);
    const hasTypes = files.includes(path.replace(/\.js$/, ".d.ts"));
    Deno.writeTextFileSync(`${root}/${path}`, hasTypes && path.endsWith(".js") ? withTypes(code, path) : code);
  }
}

function run(command: string, args: string[], cwd: string): void {
  const text = failureText(command, args, cwd);
  if (text === undefined) return;
  const reason = text.split("\n\n")[0]!;
  // To an older Deno, the word pack is the name of a module.
  if (args[0] === "pack" && reason.includes("Module not found")) {
    throw new FailedError(`Cannot make the package: Deno ${Deno.version.deno} has no deno pack, expected Deno 2.9`);
  }
  throw new FailedError(`Cannot make the package: ${command.split("/").at(-1)} ${args[0]} failed: ${reason}`);
}

if (import.meta.main) {
  await runDenoTask(([word], { stdout }) => {
    if (word !== undefined) throw new UsageError(`Cannot use ${word} with pack: expected no arguments`);
    stdout(`${pack(ROOT, `${ROOT}/dist`).slice(ROOT.length + 1)}\n`);
  });
}
