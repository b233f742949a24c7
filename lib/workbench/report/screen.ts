/**
 * The screen that a report is written for.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";

/** Size and abilities of the screen. */
export interface Screen {
  /** In characters. */
  width: number;
  colour: boolean;
}

/** Widest line that is written, in characters; longer ones are hard to read. */
const MAX_WIDTH = 100;
/** Width if stdout is not a terminal, in characters. */
const DEFAULT_WIDTH = 80;

/** Returns the screen that stdout is: as wide as the terminal, in colour unless `NO_COLOR` is set. */
export function screenOf({ isTerminal, env, width }: Pick<Machine, "isTerminal" | "env" | "width">): Screen {
  return {
    colour: isTerminal.stdout && !env("NO_COLOR"),
    width: Math.min(isTerminal.stdout ? width() : DEFAULT_WIDTH, MAX_WIDTH),
  };
}
