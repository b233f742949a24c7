/**
 * `new FOLDER [-w WORKLOAD]`: creates a project with a node to begin with, its test, and all that it needs to run.
 *
 * The node is one of `templates/`: it passes its workload on one node. `files.ts` has the other files.
 *
 * @module
 */

import { relative } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseArguments } from "../../request/arguments.ts";
import { shellWord } from "../../request/command_line.ts";
import type { Flag } from "../../request/flag.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";
import { type Place, projectFiles, templateOf, TESTS } from "./files.ts";

/** The flags of `new`. */
export const NEW_FLAGS = [
  {
    name: "workload",
    short: "w",
    kind: "text",
    placeholder: "NAME",
    default: "echo",
    allowed: Object.keys(TESTS),
    help: "The workload that the node answers",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/**
 * Creates a project.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad, or the folder exists.
 * @throws {FailedError} The files cannot be written.
 */
export function createProject(words: readonly string[], machine: Machine): number {
  const { folder, workload } = parse(words);
  const { files, outputOf, root, stdout } = machine;
  if (files.inspect(folder).kind !== "missing") {
    throw new UsageError(`Cannot create ${folder}: it exists; expected the name of a new folder`);
  }
  const template = files.readTextFile(`${root}/lib/workbench/cli/new/templates/${templateOf(workload)}.ts`);
  const origin = outputOf("git", ["-C", root, "config", "remote.origin.url"])?.trim();
  const workbench = relative(machine.createFolder(folder), root);
  const place = placeInRepository(folder, machine);
  const created = projectFiles({ workload, template, workbench, root, origin, place });
  for (const { path, text, isExecutable } of created) machine.createFile(`${folder}/${path}`, text, isExecutable);
  const script = files.inspect(".").path === root ? "./maelstrom.sh" : `${root}/maelstrom.sh`;
  stdout(report(folder, workload, created.map((file) => file.path), shellWord(script)));
  if (place !== undefined) stdout(moveWords(folder, place));
  return EXIT_STATUS.passed;
}

function parse(words: readonly string[]): { folder: string; workload: string } {
  const { given: { workload = "echo" }, program: [folder, extra] } = parseArguments(words, NEW_FLAGS);
  if (folder === undefined) throw new UsageError("Missing folder: expected new FOLDER [-w WORKLOAD]");
  if (extra !== undefined) throw new UsageError(`Cannot use ${extra} with new: expected one folder`);
  return { folder, workload };
}

/**
 * Finds the repository around a project. A project in the workbench's own repository, or in none, is to become one:
 * then the result is undefined.
 */
function placeInRepository(folder: string, { outputOf, root }: Machine): Place | undefined {
  const output = outputOf("git", ["-C", folder, "rev-parse", "--show-toplevel", "--show-prefix"]);
  const [repository, prefix] = output?.split("\n") ?? [];
  return !repository || !prefix || repository === root ? undefined : { repository, prefix: prefix.replace(/\/$/, "") };
}

function moveWords(folder: string, { repository, prefix }: Place): string {
  const target = `${repository}/.github/workflows`;
  const name = `${prefix.replaceAll("/", "-")}.yml`;
  return `
${folder} is inside the repository ${repository}, and GitHub runs only workflows at its root. Move this one there:

  mkdir -p ${shellWord(target)}
  mv ${shellWord(`${repository}/${prefix}/.github/workflows/test.yml`)} ${shellWord(`${target}/${name}`)}
`;
}

function report(folder: string, workload: string, paths: readonly string[], script: string): string {
  // A word that begins with - would be a flag of Deno.
  const at = shellWord(folder.startsWith("-") ? `./${folder}` : folder);
  return `Created ${folder}: a node for the workload ${workload}, which passes on one node.

  ${paths.join("  ")}

Test it, which also checks its types (a run does not), simulate the workload, and run it with real processes:

  ${script} deno test -q --config ${at}/deno.json ${at}
  ${script} test -w ${workload} --bin ${at}/node.ts --node-count 1 --sim
  ${script} test -w ${workload} --bin ${at}/node.sh --node-count 1 --rate 50 --time-limit 5
`;
}
