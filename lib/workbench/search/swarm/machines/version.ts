/**
 * The version of everything that decides about a test: this project's code, and the program under test. Two processes
 * with the same versions draw and run the same tests.
 *
 * @module
 */

import denoJSON from "../../../../../deno.json" with { type: "json" };
import type { Machine } from "../../../engines/machine.ts";
import { importedFiles } from "../../../world/hosts/in_process/imported_files.ts";
import type { Versions } from "./definition.ts";

/** Files and folders of this project that decide about a test. */
const SOURCES = ["challenges", "lib", "types", "mod.ts", "deno.json"];

/**
 * Computes the versions here.
 *
 * @param bin Path of the program that is tested instead of ours.
 */
export async function findVersions(machine: Machine, bin: string | undefined): Promise<Versions> {
  const { root } = machine;
  const own = SOURCES.flatMap((name) => machine.filesIn(`${root}/${name}`)).map(({ path }) => path);
  const digest = await digestOf(own.filter((path) => /\.(?:ts|json)$/.test(path)), root, machine);
  const version = `${denoJSON.version}-${digest}`;
  if (bin === undefined) return { version, program: null };
  const { path } = machine.files.inspect(bin);
  // Some of them are only texts that look like imports.
  const imported = importedFiles(path).filter((file) =>
    !own.includes(file) && !["missing", "folder"].includes(machine.files.inspect(file).kind)
  );
  return { version, program: await digestOf(imported, path.slice(0, path.lastIndexOf("/")), machine) };
}

/** Digest of files with their names, which are relative to a folder. It is the same on every machine. */
async function digestOf(paths: readonly string[], folder: string, { files, hmac }: Machine): Promise<string> {
  const named = paths.map((path) => [relative(path, folder), path] as const).sort(([a], [b]) => a < b ? -1 : 1);
  const texts = named.map(([name, path]) => JSON.stringify([name, files.readTextFile(path)]));
  return (await hmac("version", texts.join("\n"))).slice(0, 12);
}

/** Name of a file relative to a folder: `../lib/a.ts`. */
function relative(path: string, folder: string): string {
  const [from, to] = [folder.split("/"), path.split("/")];
  const different = from.findIndex((name, index) => name !== to[index]);
  const shared = different === -1 ? from.length : different;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/");
}
