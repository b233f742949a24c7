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

/** Arguments by name. Of one that is given twice, the last counts. */
export type ProgramArguments = Readonly<Record<string, string | undefined>>;

/**
 * Reads the arguments of a program, written as `--name value` or `--name=value`.
 *
 * @param names Names of the arguments that it takes. Besides these there is only `--debug`, which `serve()` reads.
 * @throws {ArgumentError} There is another argument.
 */
export function readArguments(args: readonly string[], names: readonly string[]): ProgramArguments {
  const expected = names.length === 0 ? "no arguments" : names.map((name) => `--${name}`).join(" or ");
  return parseArgs([...args], {
    string: [...names],
    boolean: ["debug"],
    unknown(word) {
      throw new ArgumentError(`Cannot use argument ${word}: expected ${expected}`);
    },
  }) as unknown as ProgramArguments;
}

/**
 * Returns an argument that is one of some words.
 *
 * @returns The first of the allowed words if the argument is missing.
 * @throws {ArgumentError} The argument is not one of them.
 */
export function readChoice<const T extends string>(
  args: ProgramArguments,
  name: string,
  allowed: readonly [T, ...T[]],
): T {
  const given = args[name] ?? allowed[0];
  const found = allowed.find((each) => each === given);
  if (found === undefined) throw new ArgumentError(`Cannot use --${name} ${given}: expected ${allowed.join(" or ")}`);
  return found;
}

/**
 * Returns an argument that is a number of milliseconds.
 *
 * @throws {ArgumentError} The argument is not a number, or it is negative.
 */
export function readMilliseconds(args: ProgramArguments, name: string, defaultValue: number): number {
  const given = args[name];
  if (given === undefined) return defaultValue;
  const value = Number(given);
  if (given !== "" && value >= 0 && value < Infinity) return value;
  throw new ArgumentError(`Cannot use --${name} ${given}: expected a number of milliseconds`);
}

/**
 * Serves a program with the arguments of this process. If the program refuses one, or takes none, prints why and exits
 * with status 2.
 */
export async function serveWithArguments(program: (node: AnyNode, args: readonly string[]) => void): Promise<void> {
  try {
    await serve((node) => {
      if (program.length < 2) readArguments(Deno.args, []);
      program(node, Deno.args);
    });
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
    Deno.exit(2);
  }
}
