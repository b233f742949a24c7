/**
 * The arguments of the challenge programs, as a person gives them after `--`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type AnyNode, serve } from "../../mod.ts";

/** An argument that cannot be used; the message says why. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}

/**
 * What was given for `--name`; the first of the allowed values by default.
 *
 * @throws {ArgumentError} It is something else.
 */
export function choice<T extends string>(args: readonly string[], name: string, allowed: readonly [T, ...T[]]): T {
  const given = argument(args, name) ?? allowed[0];
  const found = allowed.find((each) => each === given);
  if (found === undefined) throw new ArgumentError(`Cannot use --${name} ${given}: expected ${allowed.join(" or ")}`);
  return found;
}

/**
 * The number of milliseconds given for `--name`.
 *
 * @throws {ArgumentError} It is none.
 */
export function milliseconds(args: readonly string[], name: string, byDefault: number): number {
  const given = argument(args, name);
  if (given === undefined) return byDefault;
  const value = Number(given);
  if (given !== "" && value >= 0 && value < Infinity) return value;
  throw new ArgumentError(`Cannot use --${name} ${given}: expected a number of milliseconds`);
}

function argument(args: readonly string[], name: string): string | undefined {
  return parseArgs([...args], { string: [name] })[name];
}

/** Serves the program that the arguments of this process ask for; where they are bad, says why, and ends it. */
export async function serveWith(createProgram: (args: readonly string[]) => (node: AnyNode) => void): Promise<void> {
  let program: (node: AnyNode) => void;
  try {
    program = createProgram(Deno.args);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
    Deno.exit(2);
  }
  await serve(program);
}
