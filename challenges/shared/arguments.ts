/**
 * Arguments of the programs: what stands after `--` in the command, such as `--period 500`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type AnyNode, serve } from "../../mod.ts";

/** An argument that cannot be used. The message says which values can. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}

/**
 * Reads an argument that is one of some words.
 *
 * @returns The first of the allowed words if the argument is missing.
 * @throws {ArgumentError} The argument is not one of them.
 */
export function readChoice<const T extends string>(
  args: readonly string[],
  name: string,
  allowed: readonly [T, ...T[]],
): T {
  const given = readArgument(args, name) ?? allowed[0];
  const found = allowed.find((each) => each === given);
  if (found === undefined) throw new ArgumentError(`Cannot use --${name} ${given}: expected ${allowed.join(" or ")}`);
  return found;
}

/**
 * Reads an argument that is a number of milliseconds.
 *
 * @throws {ArgumentError} The argument is not a number, or it is negative.
 */
export function readMilliseconds(args: readonly string[], name: string, defaultValue: number): number {
  const given = readArgument(args, name);
  if (given === undefined) return defaultValue;
  const value = Number(given);
  if (given !== "" && value >= 0 && value < Infinity) return value;
  throw new ArgumentError(`Cannot use --${name} ${given}: expected a number of milliseconds`);
}

function readArgument(args: readonly string[], name: string): string | undefined {
  return parseArgs([...args], { string: [name] })[name];
}

/**
 * Serves a program with the arguments of this process. If the program refuses one, prints why and exits with status 2.
 */
export async function serveWithArguments(program: (node: AnyNode, args: readonly string[]) => void): Promise<void> {
  try {
    await serve((node) => program(node, Deno.args));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
    Deno.exit(2);
  }
}
