/**
 * A flag as data: its name, the kind of its value, its effect. `flags.ts` is the table of those of `test`.
 *
 * @module
 */

import type { Variable } from "../world/hosts/process/environment.ts";

/** The value of each kind of flag. */
export interface KindValues {
  /** Given without a value. */
  switch: true;
  text: string;
  /** Text without control characters: it can be copied from a terminal. */
  seed: string;
  /** Comma-separated. */
  list: string[];
  /** A whole number. */
  integer: number;
  number: number;
  /** Bytes. */
  size: number;
  /** Duration, ms: `7d`. */
  age: number;
  /** Nodes of a role: `storage=n2,n3`. */
  role: { name: string; nodes: string[] };
  /** Workers: `4`, or `4n` for four per node. */
  concurrency: { count: number; perNode: boolean };
  /** Variable of an environment; without a value, the one of that name here. */
  variable: Variable;
  /** `"total"`, or the least fraction of operations that must succeed. */
  availability: "total" | number;
}

/** One flag. */
export interface Flag {
  /** Name without dashes. */
  name: string;
  /** Letter for it. */
  short?: string;
  kind: keyof KindValues;
  /** Stands for the value in the help. */
  placeholder?: string;
  /** Text of the value if the flag is not given. */
  default?: string;
  /** The allowed values; any of its kind by default. */
  allowed?: readonly string[];
  /** The value must be greater than this. */
  above?: number;
  /** The value must not be less than this. */
  least?: number;
  /** The value must not be more than this. */
  most?: number;
  /** True if it may be given more than once. */
  repeatable?: boolean;
  /** Its effect, for the help. */
  help: string;
  /** The program it comes from. Maelstrom knows those of Jepsen, too. */
  origin: "maelstrom" | "jepsen" | "workbench";
  /** True if changing it changes what is tested. */
  shapesTest?: boolean;
  /** Its effect on `check`. A flag without it is refused by `check`. */
  check?: string;
  /** Reason why it has no effect in the workbench. */
  ignored?: string;
}

/** Finds the flag that a word such as `--rate` or `-w` names. */
export function findFlag(word: string, flags: readonly Flag[]): Flag | undefined {
  return flags.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
}

/** Values of some flags by name; flags without a value are missing. */
export type ValuesOf<Flags extends readonly Flag[]> = {
  [F in Flags[number] as F["name"]]?: F extends { repeatable: true } ? KindValues[F["kind"]][] : KindValues[F["kind"]];
};
