/**
 * Command lines that run a test again: ours, and the flags of Maelstrom's `test`.
 *
 * @module
 */

import type { Arguments, FlagTexts } from "./arguments.ts";
import type { Flag } from "./flag.ts";
import { FLAGS } from "./flags.ts";

/** Flags left out of the command that repeats one run. {@linkcode formatCommand} adds that run's own seed. */
const OMITTED_FLAGS: ReadonlySet<string> = new Set(
  ["seed", "seeds", "test-count", "no-shrink", "no-report", "export", "watch", "keep-runs", "json", "quiet"],
);

/**
 * Maelstrom's flags that do not go to Maelstrom as they were given: program and nodes' names are written in another
 * form, and the others are for the workbench, which repeats a test itself.
 */
const NOT_PASSED_ON: ReadonlySet<string> = new Set(["bin", "node", "nodes", "nodes-file", "help", "test-count"]);

/**
 * The words of the command that repeats a test, without its seed, quoted for a shell.
 *
 * @param command The challenge's number, or `test`.
 * @param root The project's folder.
 * @param cwd The folder that the command was given in. Paths in it are as the user wrote them, so it must be repeated
 *   there.
 */
export function repeatCommand({ texts, program }: Arguments, command: string, root: string, cwd: string): string[] {
  const flags = [...texts].filter(([name]) => !OMITTED_FLAGS.has(name)).flatMap(([name, written]) =>
    written.length === 0 ? [`--${name}`] : written.flatMap((text) => [`--${name}`, text])
  );
  const args = program.length > 0 ? ["--", ...program] : [];
  return [scriptPath(root, cwd), command, ...flags, ...args].map(shellWord);
}

/** Path of `maelstrom.sh`, as it can be called in the folder `cwd`. */
export function scriptPath(root: string, cwd: string): string {
  return cwd === root ? "./maelstrom.sh" : `${root}/maelstrom.sh`;
}

/**
 * Formats the command that runs a test with a seed. The seed goes before the arguments of the program.
 *
 * @param command Its words without the seed, as {@linkcode repeatCommand} writes them.
 */
export function formatCommand(command: readonly string[], seed: string | null): string {
  if (seed === null) return command.join(" ");
  const end = command.includes("--") ? command.indexOf("--") : command.length;
  return [...command.slice(0, end), "--seed", shellWord(seed), ...command.slice(end)].join(" ");
}

/** Quotes a word for a shell, if it needs quotes. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * The flags of Maelstrom's `test` for a test, without the program.
 *
 * @param texts The official and the given flags. Maelstrom has the same defaults.
 * @param nodes The names of the nodes. They replace a file of names, whose path may be relative to another folder than
 *   Maelstrom's.
 */
export function maelstromFlags(texts: FlagTexts, nodes: readonly string[]): string[] {
  const flags = (FLAGS as readonly Flag[]).filter(({ name, origin }) =>
    origin !== "workbench" && !NOT_PASSED_ON.has(name)
  );
  const words = flags.flatMap((flag) => maelstromFlag(flag, texts.get(flag.name)));
  const areNamed = texts.has("node") || texts.has("nodes") || texts.has("nodes-file");
  return areNamed && !texts.has("node-count") ? [...words, "--nodes", nodes.join(",")] : words;
}

function maelstromFlag({ name, kind }: Flag, written: readonly string[] | undefined): string[] {
  if (written === undefined) return [];
  if (kind === "switch") return [`--${name}`];
  const text = written[0]!;
  // Maelstrom has no word for no faults.
  if (name === "nemesis" && text.trim() === "none") return [];
  // Maelstrom separates models only at a comma between blanks.
  if (name === "consistency-models") return [`--${name}`, text.trim().split(/\s*,\s*/).join(" , ")];
  return [`--${name}`, text];
}

/**
 * Splits a command line into its words: the inverse of {@linkcode shellWord}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shellWords } from "./command_line.ts";
 *
 * assertEquals(shellWords("'my tests/run.sh' 3e --seed 'don'\\''t'"), ["my tests/run.sh", "3e", "--seed", "don't"]);
 * ```
 */
export function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted = "", escaped = "") => quoted + escaped));
}
