/**
 * The arguments of the challenge programs, as a person gives them after `--`.
 *
 * @module
 */
// @ts-types="../types/cli.d.ts"
import { parseArgs } from "@std/cli/parse-args";

/** What was given for `--name`; the first of the allowed values by default. Ends the program where it is something else. */
export function choice<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  const given = argument(name) ?? allowed[0];
  const found = allowed.find((each) => each === given);
  return found ?? refuse(`Cannot use --${name} ${given}: expected ${allowed.join(" or ")}`);
}

/** The number of milliseconds given for `--name`. Ends the program where it is none. */
export function milliseconds(name: string, byDefault: number): number {
  const given = argument(name);
  if (given === undefined) return byDefault;
  const value = Number(given);
  if (given !== "" && value >= 0 && value < Infinity) return value;
  return refuse(`Cannot use --${name} ${given}: expected a number of milliseconds`);
}

function argument(name: string): string | undefined {
  return parseArgs(Deno.args, { string: [name] })[name];
}

function refuse(text: string): never {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exit(2);
}
