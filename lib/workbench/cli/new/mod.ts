/**
 * `new FOLDER [-w WORKLOAD]`: creates a project with a node to begin with, its test, and all that it needs to run.
 *
 * The node is one of `templates/`: it passes its workload on one node. `files.ts` has the other files.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { relative } from "node:path";
import { expectedOneOf, UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { shellWord } from "../../request/command_line.ts";
import { EXIT_STATUS } from "../exit_status.ts";
import { projectFiles, templateOf, TESTS } from "./files.ts";

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
  const created = projectFiles({ workload, template, workbench, root, origin });
  for (const { path, text, isExecutable } of created) machine.createFile(`${folder}/${path}`, text, isExecutable);
  const script = files.inspect(".").path === root ? "./maelstrom.sh" : `${root}/maelstrom.sh`;
  stdout(report(folder, workload, created.map((file) => file.path), shellWord(script)));
  return EXIT_STATUS.passed;
}

function parse(words: readonly string[]): { folder: string; workload: string } {
  const given = parseArgs([...words], {
    string: ["workload", "_"],
    alias: { workload: "w" },
    unknown(word, name) {
      if (name !== undefined) throw new UsageError(`Cannot use ${word} with new: expected a folder and -w WORKLOAD`);
    },
  });
  const [folder, extra] = given._.map(String);
  if (folder === undefined) throw new UsageError("Missing folder: expected new FOLDER [-w WORKLOAD]");
  if (extra !== undefined) throw new UsageError(`Cannot use ${extra} with new: expected one folder`);
  const workload = given.workload ?? "echo";
  const known = Object.keys(TESTS);
  if (known.includes(workload)) return { folder, workload };
  throw new UsageError(`Cannot use workload ${workload}: ${expectedOneOf(workload, known)}`);
}

function report(folder: string, workload: string, paths: readonly string[], script: string): string {
  const at = shellWord(folder);
  return `Created ${folder}: a node for the workload ${workload}, which passes on one node.

  ${paths.join("  ")}

Test it, simulate the workload, and run it with real processes:

  ${script} deno test --config ${at}/deno.json ${at}
  ${script} test -w ${workload} --bin ${at}/node.ts --node-count 1 --sim
  ${script} test -w ${workload} --bin ${at}/node.sh --node-count 1 --time-limit 5
`;
}
