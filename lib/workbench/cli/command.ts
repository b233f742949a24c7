/**
 * The shape of a command.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";

/** A command besides the challenges. */
export interface Command {
  /** The word after `maelstrom.sh`. */
  name: string;
  /** Other words for it. */
  aliases?: readonly string[];
  /** Its form in the help; its name by default. */
  usage?: string;
  /** Its description in the help. */
  help: string;
  /** The flags that it takes, which have a help of their own; undefined if it has none or few. */
  flags?: "test" | "check" | "grade";
  /**
   * Runs it; undefined if `maelstrom.sh` itself does that.
   *
   * @param words What was written after its name.
   * @returns The exit status.
   */
  run?(words: readonly string[], machine: Machine): number | Promise<number>;
}
