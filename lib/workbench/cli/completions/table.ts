/**
 * Everything that a shell completes, from the tables of commands, challenges and flags.
 *
 * @module
 */

import { type Challenge, CHALLENGE_NAMES, findChallenge } from "../../request/challenges.ts";
import type { Flag } from "../../request/flag.ts";
import { FLAGS } from "../../request/flags.ts";
import type { Command, Values } from "../command.ts";

/** A flag, as shells complete it. */
export interface CompletedFlag {
  name: string;
  /** Letter for it. */
  short?: string;
  help: string;
  /** Values; undefined for a switch. */
  values?: Values;
  /** True if values are separated by commas. */
  isList: boolean;
  isRepeatable: boolean;
}

/** Commands that take the same flags and arguments. */
export interface CommandGroup {
  names: readonly string[];
  flags: readonly CompletedFlag[];
  takes?: Values;
}

/** Everything that a shell completes. */
export interface CompletionTable {
  /** All words that may come first, with their descriptions. */
  words: readonly { word: string; help: string }[];
  groups: readonly CommandGroup[];
}

/** Creates the table for some commands and all challenges. */
export function createTable(commands: readonly Command[]): CompletionTable {
  const named = commands.filter(({ name }) => !name.startsWith("-"));
  const challenges = CHALLENGE_NAMES.map((name) => ({ word: name, help: titleOf(findChallenge(name)!) }));
  const words = [...named.map(({ name, help }) => ({ word: name, help })), ...challenges];
  const test = { names: CHALLENGE_NAMES, flags: completedFlags(FLAGS) };
  const groups = named.map(({ name, flags = [], takes }) => ({ names: [name], flags: completedFlags(flags), takes }));
  const help = { names: ["help"], flags: [], takes: words.map(({ word }) => word) };
  return { words, groups: joinEqual([...groups.filter(({ names: [name] }) => name !== "help"), test, help]) };
}

function titleOf({ id, title }: Challenge): string {
  return `${id}: ${title}`;
}

/** Joins groups with the same flags and arguments. */
function joinEqual(groups: readonly CommandGroup[]): CommandGroup[] {
  const equal = Map.groupBy(groups, ({ flags, takes }) => JSON.stringify([flags, takes]));
  return [...equal.values()].map((same) => ({ ...same[0]!, names: same.flatMap(({ names }) => names) }));
}

function completedFlags(flags: readonly Flag[]): CompletedFlag[] {
  return flags.filter(({ ignored }) => ignored === undefined).map((flag) => ({
    name: flag.name,
    short: flag.short,
    help: flag.help,
    values: flag.kind === "switch" ? undefined : valuesOf(flag),
    isList: flag.kind === "list",
    isRepeatable: flag.repeatable ?? false,
  }));
}

function valuesOf({ allowed, placeholder }: Flag): Values {
  if (allowed !== undefined) return allowed;
  if (placeholder === "FILE" || placeholder === "PATH") return "file";
  return placeholder === "FOLDER" ? "folder" : "any";
}

/** Returns the words that name a flag: `--workload` and `-w`. */
export function wordsOfFlag({ name, short }: CompletedFlag): string[] {
  return [`--${name}`, ...short === undefined ? [] : [`-${short}`]];
}
