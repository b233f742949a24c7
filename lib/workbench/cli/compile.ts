/**
 * `deno task compile`: makes a standalone binary of each challenge's program, in `dist/`.
 *
 * Deno fetches the base of such binaries once for each of its versions, which not every network allows.
 *
 * @module
 */

import { PROGRAMS } from "../request/challenges.ts";
import { createMachine } from "../engines/real_machine.ts";
import { FailedError } from "../base/errors.ts";

/**
 * Compiles one of the {@linkcode PROGRAMS}. The binary runs without permissions, as a node should.
 *
 * @param root The project's folder.
 * @param name The program's name.
 * @param output Where the binary goes.
 * @throws {FailedError} It cannot be compiled; says why in Deno's words.
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
  const [, why] = /Setting up base binary\.\s+(?:\d+: )?(.*)/.exec(text) ?? [];
  throw new FailedError(
    why === undefined
      ? `Cannot compile ${name}: ${text.split("\n\nStack backtrace")[0]}`
      : `Cannot compile ${name}: Deno cannot fetch the base of its binaries, ${why}`,
  );
}

if (import.meta.main) {
  const root = decodeURIComponent(new URL("../../..", import.meta.url).pathname).replace(/\/$/, "");
  const { stdout, stderr } = createMachine(root);
  try {
    Deno.mkdirSync(`${root}/dist`, { recursive: true });
    for (const name of Object.keys(PROGRAMS)) {
      compile(root, name, `${root}/dist/${name}`);
      stdout(`dist/${name}\n`);
    }
  } catch (error) {
    stderr(`${(error as Error).message}\n`);
    Deno.exit(1);
  }
}
