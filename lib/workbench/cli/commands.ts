/**
 * The commands of `maelstrom.sh`. The help and the near matches come from this table, so a new command goes here.
 * Flags are in `request/flags.ts`, challenges in `request/challenges.ts`.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { CHALLENGE_NAMES, findChallenge } from "../request/challenges.ts";
import { analyze } from "./analyze.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { doc } from "./doc.ts";
import { grade } from "./grade/mod.ts";
import { showCheckHelp, showFlagsHelp, showGradeHelp, showHelp, showVersion } from "./help.ts";
import { install } from "./install.ts";
import { list } from "./list.ts";
import { createProject } from "./new/mod.ts";
import { runAllChallenges, runPlainTest } from "./run.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  { name: "all", help: "Run all challenges, one after another", flags: "test", run: runAllChallenges },
  { name: "list", help: "Show the challenges with their official flags and limits", run: orHelp(list) },
  { name: "test", help: "Run any program: test -w WORKLOAD --bin FILE", flags: "test", run: runPlainTest },
  {
    name: "new",
    help: "Create a project with a node of your own: new FOLDER -w WORKLOAD",
    run: orHelp(createProject),
  },
  {
    name: "grade",
    help: "Give points for each claim of a challenge, for a course: grade --bin FILE",
    flags: "grade",
    run: grade,
  },
  { name: "demo", help: "Run each of our programs for some seconds, as a self-test", flags: "test", run: demo },
  { name: "check", help: "Check a recorded history, ours or Jepsen's: check PATH", flags: "check", run: check },
  {
    name: "analyze",
    help: "Check a stored run again, the newest or that of --test INDEX or PATH",
    flags: "check",
    run: analyze,
  },
  { name: "doc", help: "Show the messages of all workloads, or of the named ones, as Markdown", run: orHelp(doc) },
  {
    name: "install",
    help: "Fetch the real Maelstrom, or unpack it --from FILE; later tests then use it",
    run: orHelp(install),
  },
  { name: "deno", usage: "deno …", help: "Run the Deno that maelstrom.sh uses" },
  { name: "help", aliases: ["--help", "-h"], usage: "help test", help: "Show all flags", run: help },
  { name: "--version", help: "Show the version", run: showVersion },
];

/** Adds to a command that has no help of its own that `--help` shows the general one. */
function orHelp(run: NonNullable<Command["run"]>): NonNullable<Command["run"]> {
  return (words, machine) =>
    words.some((word) => ["--help", "-h"].includes(word)) ? help([], machine) : run(words, machine);
}

/** Shows the flags of a command or a challenge; the general help if it has none, or without one. */
function help([topic]: readonly string[], machine: Machine): number {
  if (topic === undefined) return showHelp(COMMANDS, machine);
  if (findChallenge(topic) !== undefined) return showFlagsHelp(machine);
  const command = findCommand(topic);
  if (command === undefined) throw unknownCommand(topic);
  if (command.flags === "check") return showCheckHelp(machine);
  if (command.flags === "grade") return showGradeHelp(machine);
  return command.flags === "test" ? showFlagsHelp(machine) : showHelp(COMMANDS, machine);
}

/** Creates the error for a word that is neither a command nor a challenge. */
export function unknownCommand(word: string): UsageError {
  const known = [...CHALLENGE_NAMES, ...COMMANDS.map(({ name }) => name)];
  return new UsageError(`Cannot find ${word}: ${expectedOneOf(word, known)}`);
}

/** Finds the command of a word such as `test` or `-h`. */
export function findCommand(word: string): Command | undefined {
  return COMMANDS.find(({ name, aliases }) => name === word || aliases?.includes(word));
}
