/**
 * The commands of `maelstrom.sh`. The help and the near matches come from this table, so a new command goes here.
 * Flags are in `request/flags.ts`, challenges in `request/challenges.ts`.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { CHALLENGE_NAMES, findChallenge } from "../request/challenges.ts";
import type { Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import { SWARM_FLAGS } from "../search/swarm/options.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { analyze, ANALYZE_FLAGS } from "./analyze.ts";
import { check, CHECK_FLAGS } from "./check.ts";
import { down } from "./cluster/down.ts";
import { status, STATUS_FLAGS, STATUS_NOTES } from "./cluster/status.ts";
import { up, UP_FLAGS, UP_NOTES } from "./cluster/up.ts";
import type { Command } from "./command.ts";
import { compare, COMPARE_FLAGS, COMPARE_NOTES } from "./compare.ts";
import { SHELLS, showCompletions } from "./completions/mod.ts";
import { demo } from "./demo.ts";
import { doc } from "./doc.ts";
import { grade } from "./grade/mod.ts";
import { GRADE_FLAGS } from "./grade/options.ts";
import {
  showChallengeHelp,
  showCheckHelp,
  showCommandHelp,
  showFlagsHelp,
  showGradeHelp,
  showHelp,
  showVersion,
} from "./help.ts";
import { install, INSTALL_FLAGS } from "./install.ts";
import { list, LIST_FLAGS } from "./list.ts";
import { createProject, NEW_FLAGS } from "./new/mod.ts";
import { report, REPORT_FLAGS } from "./report.ts";
import { prune, PRUNE_FLAGS, PRUNE_NOTES } from "./prune.ts";
import { runAllChallenges, runPlainTest } from "./run.ts";
import { SERVE_FLAGS, SERVE_NOTES, serveRuns } from "./serve.ts";
import { swarm } from "./swarm.ts";
import { TRACE } from "./trace.ts";

const TEST = { flags: FLAGS as readonly Flag[], showHelp: showFlagsHelp };

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  { name: "all", help: "Run all challenges, one after another", ...TEST, run: runAllChallenges },
  { name: "list", help: "Show the challenges with their official flags and limits", flags: LIST_FLAGS, run: list },
  { name: "test", help: "Run any program: test -w WORKLOAD --bin FILE", ...TEST, run: runPlainTest },
  {
    name: "new",
    usage: "FOLDER",
    help: "Create a project with a node of your own: new FOLDER -w WORKLOAD",
    flags: NEW_FLAGS,
    run: createProject,
  },
  {
    name: "up",
    usage: "CHALLENGE | --bin FILE",
    takes: CHALLENGE_NAMES,
    help: "Start a cluster: nodes of a challenge, or of your program, as services on NATS and etcd",
    notes: UP_NOTES,
    flags: UP_FLAGS,
    run: up,
  },
  {
    name: "status",
    help: "Show the processes of the cluster; status 0 only if all of them run",
    notes: STATUS_NOTES,
    flags: STATUS_FLAGS,
    run: status,
  },
  { name: "down", help: "End the cluster, and remove its data and logs", flags: [], run: down },
  { name: "swarm", help: "Simulate random tests on all cores, until one fails", flags: SWARM_FLAGS, run: swarm },
  { name: "demo", help: "Run each of our programs for some seconds, as a self-test", ...TEST, run: demo },
  {
    name: "check",
    usage: "PATH",
    takes: "file",
    help: "Check a recorded history, ours or Jepsen's: check PATH",
    flags: CHECK_FLAGS,
    showHelp: showCheckHelp,
    run: check,
  },
  {
    name: "grade",
    help: "Give points for each claim of a challenge, for a course: grade --bin FILE",
    flags: GRADE_FLAGS,
    showHelp: showGradeHelp,
    run: grade,
  },
  {
    name: "analyze",
    help: "Check a stored run again, the newest or that of --test INDEX or PATH",
    flags: ANALYZE_FLAGS,
    showHelp: showCheckHelp,
    run: analyze,
  },
  {
    name: "report",
    usage: "FOLDER",
    takes: "folder",
    help: "Write report.html of a stored run, ours or Maelstrom's; with --export also other forms",
    notes: ["The run is checked again, as check does it; docs/trace.md describes the other forms."],
    flags: REPORT_FLAGS,
    run: report,
  },
  TRACE,
  {
    name: "serve",
    help: "Show all stored runs in a browser, with those under way",
    notes: SERVE_NOTES,
    flags: SERVE_FLAGS,
    run: serveRuns,
  },
  {
    name: "compare",
    usage: "FOLDER FOLDER…",
    takes: "folder",
    help: "Compare stored runs: figures and curves on one page",
    notes: COMPARE_NOTES,
    flags: COMPARE_FLAGS,
    run: compare,
  },
  {
    name: "prune",
    help: "Remove stored runs, but for the newest",
    notes: PRUNE_NOTES,
    flags: PRUNE_FLAGS,
    run: prune,
  },
  {
    name: "doc",
    usage: "[WORKLOAD…]",
    takes: Object.keys(WORKLOADS),
    help: "Show the messages of all workloads, or of the named ones, as Markdown",
    run: doc,
  },
  {
    name: "install",
    help: "Fetch the real Maelstrom, or unpack it --from FILE; later tests then use it",
    flags: INSTALL_FLAGS,
    run: install,
  },
  {
    name: "completions",
    usage: SHELLS.join("|"),
    takes: SHELLS,
    help: "Print the completions for a shell: completions bash, zsh or fish",
    notes: [
      "Write them to a file that the shell reads, or load them with: source <(./maelstrom.sh completions bash)",
    ],
    run: completions,
  },
  { name: "deno", usage: "…", takes: "file", help: "Run the Deno that maelstrom.sh uses" },
  {
    name: "help",
    aliases: ["--help", "-h"],
    usage: "[COMMAND]",
    help: "Show the help of a command: help test shows all flags",
    run: help,
  },
  { name: "--version", help: "Show the version", run: showVersion },
];

/** Shows the help of a command or a challenge; without one, the general help. */
export function help([topic]: readonly string[], machine: Machine): number {
  if (topic === undefined) return showHelp(COMMANDS, machine);
  const challenge = findChallenge(topic);
  if (challenge !== undefined) return showChallengeHelp(challenge, machine);
  const command = findCommand(topic);
  if (command === undefined) throw unknownCommand(topic);
  if (command.run === help) return showHelp(COMMANDS, machine);
  return command.showHelp?.(machine) ?? showCommandHelp(command, machine);
}

function completions(words: readonly string[], machine: Machine): number {
  return showCompletions(words, COMMANDS, machine);
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
