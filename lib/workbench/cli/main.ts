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
import { beforeEnd } from "../request/arguments.ts";
import { findChallenge } from "../request/challenges.ts";
import type { Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import { findCommand, help, unknownCommand } from "./commands.ts";
import { exitOnUncaught, reportErrors } from "./report_errors.ts";
import { ROOT } from "./root.ts";
import { runChallenge } from "./run.ts";

const SWITCHES = FLAGS.flatMap((flag: Flag) => flag.kind === "switch" ? flag.short ?? [] : []).join("");
/** A word that asks for help: `--help`, or letters of switches with `h` among them, such as `-qh`. */
const HELP = new RegExp(`^(?:--help(?:=true)?$|-[${SWITCHES}]*h)`);

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
  const asksForHelp = beforeEnd(words).some((word) => HELP.test(word));
  if (asksForHelp && (command ?? challenge) !== undefined) return help([word], machine);
  if (command?.run !== undefined) return await command.run(words, machine);
  if (challenge !== undefined) return await runChallenge(challenge, words, machine);
  throw unknownCommand(word);
}

/**
 * True if the command simulates. `maelstrom.sh` looks for the same words: it has to choose permissions before Deno
 * starts, as this has to choose who gets uncaught errors before anything is parsed.
 */
function isSimulated(words: readonly string[]): boolean {
  return words[0] === "swarm" || beforeEnd(words).some((word) => word === "--sim" || word === "--sim=true");
}

if (import.meta.main) {
  const machine = createMachine(ROOT);
  // In a simulation, the guard has the uncaught errors of nodes.
  if (isSimulated(Deno.args)) startWatchdog();
  else exitOnUncaught(machine);
  Deno.exit(await main(Deno.args, machine));
}
