/**
 * The command line of `maelstrom.sh`. This folder has one file for each command, and decides on exit statuses. It may
 * use every other folder of the workbench, and no folder may use it. A new command goes into `commands.ts`, a new flag
 * into `request/flags.ts`.
 *
 * 1. `commands.ts` finds the command; any other word must be a challenge.
 * 2. The command runs, and shows its results on stdout.
 * 3. `report_errors.ts` turns what it throws into one line on stderr.
 *
 * @module
 */

import { startWatchdog } from "../base/watchdog.ts";
import type { Machine } from "../engines/machine.ts";
import { createMachine } from "../engines/real_machine.ts";
import { findChallenge } from "../request/challenges.ts";
import { findCommand, help, unknownCommand } from "./commands.ts";
import { exitOnUncaught, reportErrors } from "./report_errors.ts";
import { ROOT } from "./root.ts";
import { runChallenge } from "./run.ts";

/**
 * Runs a command line.
 *
 * @param words What was written after `maelstrom.sh`.
 * @returns The exit status, one of those in `exit_status.ts`.
 */
export async function main(words: readonly string[], machine: Machine): Promise<number> {
  return await reportErrors(() => runCommand(words, machine), machine);
}

async function runCommand([word = "help", ...words]: readonly string[], machine: Machine): Promise<number> {
  const command = findCommand(word);
  const challenge = findChallenge(word);
  if ((command ?? challenge) !== undefined && asksForHelp(words)) return help([word], machine);
  if (command?.run !== undefined) return await command.run(words, machine);
  if (challenge !== undefined) return await runChallenge(challenge, words, machine);
  throw unknownCommand(word);
}

function asksForHelp(words: readonly string[]): boolean {
  return beforeEnd(words).some((word) => word === "--help" || word === "-h");
}

/** True if the command simulates. `maelstrom.sh` looks for the same words. */
function isSimulated(words: readonly string[]): boolean {
  return words[0] === "swarm" || beforeEnd(words).some((word) => word === "--sim" || word === "--sim=true");
}

/** The words before those of the program. */
function beforeEnd(words: readonly string[]): readonly string[] {
  return words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
}

if (import.meta.main) {
  const machine = createMachine(ROOT);
  // In a simulation, the guard has the uncaught errors of nodes.
  if (isSimulated(Deno.args)) startWatchdog();
  else exitOnUncaught(machine);
  Deno.exit(await main(Deno.args, machine));
}
