/**
 * The command line of `maelstrom.sh`: which command, with what, and with which exit status it ends.
 *
 * @module
 */

import { CHALLENGE_NAMES, CHALLENGES, findChallenge } from "../request/challenges.ts";
import { checkHistory } from "./check.ts";
import type { Machine } from "../engines/machine.ts";
import { createMachine } from "../engines/real_machine.ts";
import { screenOf } from "../report/screen.ts";
import { expectedOneOf, FailedError, UsageError } from "../base/errors.ts";
import { formatFlagsHelp, formatHelp, VERSION } from "./help.ts";
import { startWatchdog } from "../base/watchdog.ts";
import { install } from "./install.ts";
import { formatList } from "../report/terminal.ts";
import { runChallenges } from "./run.ts";

/** The commands besides the challenges; `maelstrom.sh` itself sees to `deno`. */
const COMMANDS = ["test", "check", "all", "list", "install", "deno", "help"];

/**
 * Carries out a command line.
 *
 * @param args What was written after `maelstrom.sh`.
 * @returns The exit status: 0 valid and within all limits, 1 invalid or not within its limits, 2 unknown, 254 bad arguments, 255 the
 *   test failed to run.
 */
export async function main(args: readonly string[], machine: Machine): Promise<number> {
  return await reportErrors(() => carryOut(args, machine), machine);
}

/** Tells a person of what a command throws; its exit status, or that of the error. */
export async function reportErrors(command: () => Promise<number>, machine: Pick<Machine, "stderr">): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof UsageError) {
      machine.stderr(`${error.message}\n`);
      return 254;
    }
    const { message, stack } = error as Error;
    // A full disk, say: the system names the reason and its number.
    const refused = /\(os error \d+\)/.test(message);
    if (refused) machine.stderr(`Cannot go on: ${message}\n`);
    else machine.stderr(error instanceof FailedError ? `${message}\n` : `This is a bug: ${stack}\n`);
    return 255;
  }
}

async function carryOut([command, ...args]: readonly string[], machine: Machine): Promise<number> {
  const say = (text: string) => {
    machine.stdout(`${text}\n`);
    return 0;
  };
  switch (command) {
    case undefined:
      return say(formatHelp(screenOf(machine)));
    case "help":
    case "--help":
    case "-h":
      if (args[0] === "check") return await checkHistory(["--help"], machine);
      return say(args.length === 0 ? formatHelp(screenOf(machine)) : formatFlagsHelp(screenOf(machine)));
    case "--version":
      return say(`maelstrom.sh ${VERSION} (Deno ${machine.denoVersion})`);
    case "list":
      if (args.length > 0) throw new UsageError(`Cannot use ${args[0]} with list: expected nothing`);
      return say(formatList(CHALLENGES, screenOf(machine)));
    case "install":
      if (args.includes("--help") || args.includes("-h")) return say(formatHelp(screenOf(machine)));
      await install(args, machine);
      return 0;
    case "test":
      return await runChallenges([null], args, machine);
    case "check":
      return await checkHistory(args, machine);
    case "all":
      return await runChallenges(CHALLENGES, args, machine);
  }
  const challenge = findChallenge(command);
  if (challenge !== undefined) return await runChallenges([challenge], args, machine);
  throw new UsageError(`Cannot find ${command}: ${expectedOneOf(command, [...CHALLENGE_NAMES, ...COMMANDS])}`);
}

if (import.meta.main) {
  if (Deno.args.includes("--sim")) startWatchdog();
  const root = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
  Deno.exit(await main(Deno.args, createMachine(decodeURIComponent(root))));
}
