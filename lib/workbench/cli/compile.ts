/**
 * `deno task compile [PROGRAM…]`: compiles the challenges' programs, or those named, to standalone binaries in `dist/`.
 *
 * Deno downloads the base of such binaries once for each of its versions. Not every network allows that.
 *
 * @module
 */

import { expectedOneOf, FailedError, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { PROGRAMS } from "../request/challenges.ts";
import { ROOT } from "./root.ts";
import { failureText, runDenoTask } from "./deno_task.ts";

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
  const text = failureText(Deno.execPath(), ["compile", ...options, `${root}/challenges/${file}`, ...args]);
  if (text === undefined) return;
  const [, fetchProblem] = /Setting up base binary\.\s+(?:\d+: )?(.*)/.exec(text) ?? [];
  throw new FailedError(
    fetchProblem === undefined
      ? `Cannot compile ${name}: ${text.split("\n\nStack backtrace")[0]}`
      : `Cannot compile ${name}: Deno cannot fetch the base of its binaries, ${fetchProblem}`,
  );
}

/** Compiles the named programs, or all if none is named. */
function compileAll(names: readonly string[], { stdout }: Machine): void {
  const known = Object.keys(PROGRAMS);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`Cannot compile ${unknown}: ${expectedOneOf(unknown, known)}`);
  Deno.mkdirSync(`${ROOT}/dist`, { recursive: true });
  for (const name of names.length === 0 ? known : names) {
    compile(ROOT, name, `${ROOT}/dist/${name}`);
    stdout(`dist/${name}\n`);
  }
}

if (import.meta.main) await runDenoTask(compileAll);
