/**
 * The help, made from the tables of flags and challenges.
 *
 * @module
 */

import denoJson from "../../deno.json" with { type: "json" };
import { CHALLENGES } from "./challenges.ts";
import { type Flag, FLAGS } from "./flags.ts";
import { columns, createStyle, wrap } from "./report/text.ts";
import type { Screen } from "./report/terminal.ts";

/** The version of this project. */
export const VERSION: string = denoJson.version;

const COMMANDS = [
  ["CHALLENGE", "Run a challenge, and judge it by its official limits"],
  ["all", "Run all challenges, one after another"],
  ["list", "Show the challenges with their official flags and limits"],
  ["test", "Run any program: test -w WORKLOAD --bin FILE"],
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
    section(bold("Commands"), pairs(COMMANDS)),
    section(bold("Challenges"), [
      ...wrap(challenges.join(", "), screen.width - 2),
      "A name alone means its most demanding part",
    ]),
    section(bold("Exit status"), pairs(EXIT_STATUSES)),
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
      ]),
    ),
  ].join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}

function pairs(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name!.length));
  return rows.map(([name, text]) => `${name!.padEnd(width)}  ${text}`);
}

/** Two columns: the flag, and what it does, wrapped. */
function describe(flags: readonly Flag[], { width }: Screen): string[] {
  const shown = flags.filter(({ ignored }) => ignored === undefined);
  const names = columns(shown.map(({ name, short, placeholder }) => [
    `${short === undefined ? "   " : `-${short},`} --${name}${placeholder === undefined ? "" : ` ${placeholder}`}`,
  ]));
  const indent = Math.max(...names.map((name) => name.length)) + 2;
  return shown.flatMap((flag, index) => {
    const [first, ...rest] = wrap(flagText(flag), width - 2, " ".repeat(indent));
    return [names[index]!.padEnd(indent) + first!.trimStart(), ...rest];
  });
}

function flagText({ help, allowed, default: initial }: Flag): string {
  // Elle knows too many models to list them here.
  const values = allowed === undefined || allowed.length > 12 ? [] : [allowed.join(", ")];
  const notes = [...values, ...initial === undefined ? [] : [`default ${initial}`]];
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}
