/**
 * `deno task compile`: compiles each challenge's program to a standalone binary in `dist/`.
 *
 * Deno downloads the base of such binaries once for each of its versions. Not every network allows that.
 *
 * @module
 */

import { FailedError } from "../base/errors.ts";
import { createMachine } from "../engines/real_machine.ts";
import { PROGRAMS } from "../request/challenges.ts";
import { EXIT_STATUS } from "./exit_status.ts";
import { reportErrors } from "./report_errors.ts";
import { ROOT } from "./root.ts";

/**
 * Compiles one of the {@linkcode PROGRAMS}. Like a node, the binary has no permissions.
 *
 * @param root The project's folder.
 * @param name The program's name.
 * @param output Path of the binary.
 * @throws {FailedError} It cannot be compiled; the message has Deno's reason.
 */
export function compile(root: string, name: string, output: string): void {
  const [file, ...args] = PROGRAMS[name]!;
  const options = ["--quiet", "--no-prompt", "--config", `${root}/deno.json`, "--output", output];
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["compile", ...options, `${root}/challenges/${file}`, ...args],
    stdin: "null",
  }).outputSync();
  if (success) return;
  const text = new TextDecoder().decode(stderr).trim();
  const [, fetchProblem] = /Setting up base binary\.\s+(?:\d+: )?(.*)/.exec(text) ?? [];
  throw new FailedError(
    fetchProblem === undefined
      ? `Cannot compile ${name}: ${text.split("\n\nStack backtrace")[0]}`
      : `Cannot compile ${name}: Deno cannot fetch the base of its binaries, ${fetchProblem}`,
  );
}

if (import.meta.main) {
  const machine = createMachine(ROOT);
  const compileAll = async () => {
    await Deno.mkdir(`${ROOT}/dist`, { recursive: true });
    for (const name of Object.keys(PROGRAMS)) {
      compile(ROOT, name, `${ROOT}/dist/${name}`);
      machine.stdout(`dist/${name}\n`);
    }
    return EXIT_STATUS.passed;
  };
  Deno.exit(await reportErrors(compileAll, machine));
}
