/**
 * The shape of a command.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import type { Flag } from "../request/flag.ts";

/** Arguments of a command, or values of a flag: paths of files or folders, some words, or anything. */
export type Values = "file" | "folder" | "any" | readonly string[];

/** A command besides the challenges. */
export interface Command {
  name: string;
  /** Other words for it. */
  aliases?: readonly string[];
  /** The form of its arguments besides flags, such as `FOLDER`, if it has any. */
  usage?: string;
  /** The arguments themselves; none by default. */
  takes?: Values;
  /** Its description in the help, in one line. */
  help: string;
  /** Paragraphs of its own help. */
  notes?: readonly string[];
  /** The flags that it takes. */
  flags?: readonly Flag[];
  /** Shows its own help, and returns the exit status; by default, that is formatted from what is here. */
  showHelp?(machine: Machine): number;
  /**
   * Runs it; undefined if `maelstrom.sh` itself does that.
   *
   * @param words What was written after its name.
   * @returns The exit status.
   */
  run?(words: readonly string[], machine: Machine): number | Promise<number>;
}
