/**
 * Help, formatted from the tables of commands, challenges and flags.
 *
 * @module
 */

import denoJSON from "../../../deno.json" with { type: "json" };
import { createStyle, wrap } from "../base/text.ts";
import type { Machine } from "../engines/machine.ts";
import { formatChallenges } from "../report/challenge_list.ts";
import { type Screen, screenOf } from "../report/screen.ts";
import { type Challenge, CHALLENGES } from "../request/challenges.ts";
import type { Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import type { Command } from "./command.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";
import { GRADE_FLAGS } from "./grade/options.ts";

const EXAMPLES = [
  "./maelstrom.sh kafka",
  "./maelstrom.sh 3d --bin ./my-node -- --fan-out 4",
  "./maelstrom.sh 5c --sim --seeds 20 --nemesis partition,loss",
  "./maelstrom.sh test -w broadcast --bin ./my-node --node-count 5 --nemesis partition",
];

const ENVIRONMENT = [
  ["MAELSTROM", "the real Maelstrom's executable"],
  ["DENO", "the Deno to use"],
  ["NO_COLOR", "if set, no colours"],
  ["others", "nodes get the usual ones only, such as PATH and HOME: docs/environment.md lists them; --env adds more"],
];

/** Narrowest column of text beside the names, in characters. */
const MIN_TEXT = 24;
/** Number of allowed values that a flag's help lists. Elle has more consistency models. */
const MAX_VALUES = 12;

/** Shows the general help, which lists these commands, and returns the exit status. */
export function showHelp(commands: readonly Command[], machine: Machine): number {
  return show(formatHelp(commands, screenOf(machine)), machine);
}

/** Shows all flags, and returns the exit status. */
export function showFlagsHelp(machine: Machine): number {
  return show(formatFlagsHelp(screenOf(machine)), machine);
}

/** Shows a challenge and all flags, and returns the exit status. */
export function showChallengeHelp(challenge: Challenge, machine: Machine): number {
  const screen = screenOf(machine);
  return show(`${formatChallenges([challenge], screen)}\n\n${formatFlagsHelp(screen)}`, machine);
}

/** Shows the flags of `check`, and returns the exit status. */
export function showCheckHelp(machine: Machine): number {
  return show(formatCheckHelp(screenOf(machine)), machine);
}

/** Shows the flags of `grade`, and returns the exit status. */
export function showGradeHelp(machine: Machine): number {
  return show(formatGradeHelp(screenOf(machine)), machine);
}

/** Shows the help of a command that has none of its own, and returns the exit status. */
export function showCommandHelp(command: Command, machine: Machine): number {
  return show(formatCommandHelp(command, screenOf(machine)), machine);
}

/** Shows the version of this project and of Deno, and returns the exit status. */
export function showVersion(_: readonly string[], machine: Machine): number {
  return show(`maelstrom.sh ${denoJSON.version} (Deno ${machine.denoVersion})`, machine);
}

function show(text: string, { stdout }: Machine): number {
  stdout(`${text}\n`);
  return EXIT_STATUS.passed;
}

/** Formats the general help: commands, challenges, exit statuses and examples. */
export function formatHelp(commands: readonly Command[], screen: Screen): string {
  const challenges = [...Map.groupBy(CHALLENGES, ({ name }) => name)].map(([name, parts]) => {
    const [first, last] = [parts[0]!.id, parts.at(-1)!.id];
    return first === last ? `${first} ${name}` : `${first} to ${last} ${name}`;
  });
  const rows = commands.map(({ name, help }) => [name, help]);
  return sections("The Gossip Glomers challenges, and Maelstrom's test bench without a JVM", screen, {
    "Usage": ["./maelstrom.sh COMMAND [flags] [-- arguments of the node]"],
    "Commands": pairs([["CHALLENGE", "Run a challenge, and check its official limits"], ...rows], screen),
    "Challenges": [
      ...wrap(challenges.join(", "), screen.width - 2),
      "A name alone means its most demanding part",
      ...wrap(
        "A challenge passes if Maelstrom would accept it. With --strict, findings that Maelstrom does not look for " +
          "count as well, as they do in test and with --sim; --as-maelstrom is the opposite",
        screen.width - 2,
      ),
    ],
    "Exit status": exitStatusLines({
      killed: "killed: with --sim, a node or its module computes without end",
      error: "the test failed to run: a node crashed, printed a bad line, cannot be simulated …",
    }, screen),
    "Examples": EXAMPLES,
  });
}

/** Formats the help of a command from its description, notes and flags. */
export function formatCommandHelp({ name, usage, help, notes = [], flags = [] }: Command, screen: Screen): string {
  const words = ["./maelstrom.sh", name, ...usage === undefined ? [] : [usage], ...flags.length > 0 ? ["[flags]"] : []];
  return sections([help, ...notes].flatMap((text) => ["", ...wrap(text, screen.width)]).slice(1).join("\n"), screen, {
    "Usage": [words.join(" ")],
    ...flags.length > 0 ? { "Flags": flagLines(flags, screen) } : {},
  });
}

/** Formats the help of `test`: all flags. */
export function formatFlagsHelp(screen: Screen): string {
  const flags: readonly Flag[] = FLAGS;
  const ignored = flags.filter((flag) => flag.ignored !== undefined).map(({ name }) => `--${name}`);
  return sections("Runs a program as the nodes of a cluster, and checks what its clients see", screen, {
    "Usage": [
      "./maelstrom.sh test -w WORKLOAD --bin FILE [flags] [-- arguments of the node]",
      "./maelstrom.sh CHALLENGE [flags that override the official ones] [-- …]",
    ],
    "Flags of Maelstrom": flagLines(flags.filter(({ origin }) => origin !== "workbench"), screen),
    "Flags of the workbench": flagLines(flags.filter(({ origin }) => origin === "workbench"), screen),
    "Accepted without effect": wrap(ignored.join(", "), screen.width - 2),
    "Environment": pairs(ENVIRONMENT, screen),
  });
}

/** Formats the help of `check`. */
export function formatCheckHelp(screen: Screen): string {
  const flags = (FLAGS as readonly Flag[]).filter(({ check }) => check !== undefined)
    .map((flag) => ({ ...flag, help: flag.check!, ...flag.name === "workload" ? { default: undefined } : {} }));
  return sections("Checks a test that was run here or by Maelstrom again; report writes its page", screen, {
    "Usage": [
      "./maelstrom.sh check PATH [flags]",
      "./maelstrom.sh analyze [--test INDEX|PATH] [--store FOLDER] [flags]",
      "./maelstrom.sh report FOLDER [--export NAMES] [flags]",
    ],
    "Path": [
      "A run's folder, such as store/latest; your flags override the stored ones",
      "A history: our history.jsonl, or Jepsen's history.edn; also with gzip",
      "The index of a run in the store: -1 is the newest, 0 the oldest",
    ],
    "Flags": flagLines(flags, screen),
    "Exit status": exitStatusLines(
      { killed: undefined, error: "the history cannot be read, or its nodes crashed" },
      screen,
    ),
  });
}

/** Formats the help of `grade`. */
export function formatGradeHelp(screen: Screen): string {
  return sections("Gives points for each claim of the challenges: docs/course/README.md", screen, {
    "Usage": ["./maelstrom.sh grade --bin PATH [flags] [-- arguments of the node]"],
    "Flags": flagLines(GRADE_FLAGS, screen),
    "Exit status": pairs([
      ["0", "all points"],
      ["1", "some points are missing"],
      ["130", "ended by Ctrl-C; the report has what was graded"],
      ["254", "the arguments are bad"],
      ["255", "the grader itself has failed"],
    ], screen),
  });
}

/** Meaning of each exit status; undefined for one that a command does not have. */
type StatusMeanings = Record<keyof typeof EXIT_STATUS, string | undefined>;

/** Lines with the exit statuses. */
function exitStatusLines(own: Pick<StatusMeanings, "killed" | "error">, screen: Screen): string[] {
  const meanings: StatusMeanings = {
    passed: "valid, and within all limits",
    failed: "invalid, or not within its limits",
    unknown: "unknown: the recorded operations do not decide it",
    interrupted: "ended by Ctrl-C; what was recorded was judged",
    usage: "the arguments are bad",
    ...own,
  };
  const rows = Object.entries(EXIT_STATUS).flatMap(([name, status]) => {
    const meaning = meanings[name as keyof typeof EXIT_STATUS];
    return meaning === undefined ? [] : [[String(status), meaning]];
  });
  return pairs(rows, screen);
}

function sections(purpose: string, { colour }: Screen, contents: Readonly<Record<string, readonly string[]>>): string {
  const { bold } = createStyle(colour);
  const texts = Object.entries(contents).map(([title, lines]) =>
    [bold(title), ...lines.map((line) => `  ${line}`)].join("\n")
  );
  return [purpose, ...texts].join("\n\n");
}

/** Two columns, a name and a wrapped text; on a narrow screen, the text goes below the name. */
function pairs(rows: readonly (readonly string[])[], { width }: Screen): string[] {
  const indent = Math.max(...rows.map(([name]) => name!.length)) + 2;
  return rows.flatMap(([name, text]) => {
    if (width - 2 - indent < MIN_TEXT) return [name!.trimStart(), ...wrap(text!, width - 2, "    ")];
    const [first, ...rest] = wrap(text!, width - 2, " ".repeat(indent));
    return [name!.padEnd(indent) + first!.trimStart(), ...rest];
  });
}

function flagLines(flags: readonly Flag[], screen: Screen): string[] {
  const rows = flags.filter(({ ignored }) => ignored === undefined).map((flag) => {
    const { name, short, placeholder } = flag;
    const letter = short === undefined ? "   " : `-${short},`;
    return [`${letter} --${name}${placeholder === undefined ? "" : ` ${placeholder}`}`, flagText(flag)];
  });
  return pairs(rows, screen);
}

function flagText({ help, allowed, default: initial }: Flag): string {
  const values = allowed === undefined || allowed.length > MAX_VALUES ? [] : [allowed.join(", ")];
  const notes = [...values, ...initial === undefined ? [] : [`default ${initial}`]];
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}
