/**
 * The screen that a report is written for.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";

/** How wide to write, and whether in colour. */
export interface Screen {
  /** In characters. */
  width: number;
  colour: boolean;
}

/** What to write on stdout with: as wide as the terminal, in colour where a person looks who has not said no to it. */
export function screenOf({ isTerminal, env, width }: Machine): Screen {
  return { colour: isTerminal.stdout && !env("NO_COLOR"), width: Math.min(isTerminal.stdout ? width() : 80, 100) };
}
