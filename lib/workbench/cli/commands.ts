/**
 * The commands of `maelstrom.sh`. The help and the near matches come from this table, so a new command goes here.
 * Flags are in `request/flags.ts`, challenges in `request/challenges.ts`.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { analyze } from "./analyze.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { doc } from "./doc.ts";
import { showHelp, showVersion } from "./help.ts";
import { install } from "./install.ts";
import { list } from "./list.ts";
import { createProject } from "./new/mod.ts";
import { runAllChallenges, runPlainTest } from "./run.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  { name: "all", help: "Run all challenges, one after another", run: runAllChallenges },
  { name: "list", help: "Show the challenges with their official flags and limits", run: orHelp(list) },
  { name: "test", help: "Run any program: test -w WORKLOAD --bin FILE", run: runPlainTest },
  {
    name: "new",
    help: "Create a project with a node of your own: new FOLDER -w WORKLOAD",
    run: orHelp(createProject),
  },
  { name: "demo", help: "Run each of our programs for some seconds, as a self-test", run: demo },
  { name: "check", help: "Check a recorded history, ours or Jepsen's: check PATH", run: check },
  {
    name: "analyze",
    help: "Check a stored run again, the newest or that of --test INDEX or PATH",
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

/** Adds `--help` to a command that has no help of its own: it shows the general one. */
function orHelp(run: NonNullable<Command["run"]>): Command["run"] {
  return (words, machine) => words.includes("--help") || words.includes("-h") ? help([], machine) : run(words, machine);
}

/** Shows the help of `check`, all flags for any other command, or the general help without a command. */
function help(words: readonly string[], machine: Machine): number {
  return showHelp(words[0], COMMANDS, machine);
}

/** Finds the command of a word such as `test` or `-h`. */
export function findCommand(word: string): Command | undefined {
  return COMMANDS.find(({ name, aliases }) => name === word || aliases?.includes(word));
}
