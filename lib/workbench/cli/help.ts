/**
 * The help, made from the tables of flags and challenges.
 *
 * @module
 */

import denoJSON from "../../../deno.json" with { type: "json" };
import { CHALLENGES } from "../request/challenges.ts";
import { type Flag, FLAGS } from "../request/flags.ts";
import { createStyle, wrap } from "../base/text.ts";
import type { Screen } from "../report/screen.ts";

/** The version of this project. */
export const VERSION: string = denoJSON.version;

const COMMANDS = [
  ["CHALLENGE", "Run a challenge, and judge it by its official limits"],
  ["all", "Run all challenges, one after another"],
  ["list", "Show the challenges with their official flags and limits"],
  ["test", "Run any program: test -w WORKLOAD --bin FILE"],
  ["check", "Judge a recorded history, of ours or of Jepsen: check PATH"],
  ["install", "Fetch the real Maelstrom, or unpack it --from FILE; it is then used"],
  ["deno …", "Run the Deno that this uses"],
  ["help test", "Show all flags"],
];

const EXIT_STATUSES = [
  ["0", "valid, and within all limits"],
  ["1", "invalid, or not within its limits"],
  ["2", "unknown: what was recorded does not suffice to tell"],
  ["254", "the arguments are bad"],
  ["255", "the test failed to run: a node crashed, printed a bad line …"],
];

const EXAMPLES = [
  "./maelstrom.sh kafka",
  "./maelstrom.sh 3d --bin ./my-node -- --fan-out 4",
  "./maelstrom.sh 5c --sim --seeds 20 --nemesis partition,loss",
  "./maelstrom.sh test -w broadcast --bin ./my-node --node-count 5 --nemesis partition",
];

/** What is shown without a command. */
export function formatHelp(screen: Screen): string {
  const { bold } = createStyle(screen.colour);
  const names = new Map<string, string[]>();
  for (const { id, name } of CHALLENGES) names.set(name, [...names.get(name) ?? [], id]);
  const challenges = [...names].map(([name, ids]) =>
    ids.length === 1 ? `${ids[0]} ${name}` : `${ids[0]} to ${ids.at(-1)} ${name}`
  );
  return [
    "The Gossip Glomers challenges, and Maelstrom's test bench without a JVM",
    section(bold("Usage"), ["./maelstrom.sh COMMAND [flags] [-- arguments of the node]"]),
    section(bold("Commands"), pairs(COMMANDS, screen)),
    section(bold("Challenges"), [
      ...wrap(challenges.join(", "), screen.width - 2),
      "A name alone means its most demanding part",
    ]),
    section(bold("Exit status"), pairs(EXIT_STATUSES, screen)),
    section(bold("Examples"), EXAMPLES),
  ].join("\n\n");
}

/** What is shown for `help test`: all flags. */
export function formatFlagsHelp(screen: Screen): string {
  const { bold } = createStyle(screen.colour);
  const flags: readonly Flag[] = FLAGS;
  const ignored = flags.filter((flag) => flag.ignored !== undefined).map(({ name }) => `--${name}`);
  return [
    "Runs a program as the nodes of a cluster, and judges what its clients see",
    section(bold("Usage"), [
      "./maelstrom.sh test -w WORKLOAD --bin FILE [flags] [-- arguments of the node]",
      "./maelstrom.sh CHALLENGE [flags that override the official ones] [-- …]",
    ]),
    section(bold("Flags of Maelstrom"), describe(flags.filter(({ origin }) => origin !== "workbench"), screen)),
    section(bold("Flags of the workbench"), describe(flags.filter(({ origin }) => origin === "workbench"), screen)),
    section(bold("Accepted, with nothing to do"), wrap(ignored.join(", "), screen.width - 2)),
    section(
      bold("Environment"),
      pairs([
        ["MAELSTROM", "the real Maelstrom's executable"],
        ["DENO", "the Deno to use"],
        ["NO_COLOR", "if set, no colours"],
      ], screen),
    ),
  ].join("\n\n");
}

/** What is shown for `check --help`. */
export function formatCheckHelp(screen: Screen): string {
  const { bold } = createStyle(screen.colour);
  const flags = (FLAGS as readonly Flag[]).filter(({ check }) => check !== undefined)
    .map((flag) => ({ ...flag, help: flag.check!, ...flag.name === "workload" ? { default: undefined } : {} }));
  return [
    "Judges the history of a test that was run before, here or by Maelstrom",
    section(bold("Usage"), ["./maelstrom.sh check PATH [flags]"]),
    section(bold("Path"), [
      "A run's folder, such as store/latest: its flags are known, yours go first",
      "A history: our history.jsonl, or Jepsen's history.edn; also with gzip",
    ]),
    section(bold("Flags"), describe(flags, screen)),
    section(
      bold("Exit status"),
      pairs([...EXIT_STATUSES.slice(0, -1), ["255", "the history cannot be read, or its nodes crashed"]], screen),
    ),
  ].join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** A narrower column of text than this is hard to read. */
const LEAST_TEXT = 24;

/** Two columns: a name, and what it is, wrapped; one below the other where there is no room for both. */
function pairs(rows: readonly (readonly string[])[], { width }: Screen): string[] {
  const indent = Math.max(...rows.map(([name]) => name!.length)) + 2;
  return rows.flatMap(([name, text]) => {
    if (width - 2 - indent < LEAST_TEXT) return [name!.trimStart(), ...wrap(text!, width - 2, "    ")];
    const [first, ...rest] = wrap(text!, width - 2, " ".repeat(indent));
    return [name!.padEnd(indent) + first!.trimStart(), ...rest];
  });
}

/** The flags, and what they do. */
function describe(flags: readonly Flag[], screen: Screen): string[] {
  const rows = flags.filter(({ ignored }) => ignored === undefined).map((flag) => {
    const { name, short, placeholder } = flag;
    const letter = short === undefined ? "   " : `-${short},`;
    return [`${letter} --${name}${placeholder === undefined ? "" : ` ${placeholder}`}`, flagText(flag)];
  });
  return pairs(rows, screen);
}

function flagText({ help, allowed, default: initial }: Flag): string {
  // Elle knows too many models to list them here.
  const values = allowed === undefined || allowed.length > 12 ? [] : [allowed.join(", ")];
  const notes = [...values, ...initial === undefined ? [] : [`default ${initial}`]];
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}
