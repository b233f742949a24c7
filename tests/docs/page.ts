/**
 * Pages that are run as printed: their files are written, their commands run, and their outputs compared.
 *
 * - A block in a programming language is a file if the line before it ends with a path and a colon: `` `node.ts`: ``.
 * - A block `sh` is a script. It runs in a folder that has all files so far, and `maelstrom.sh`.
 * - A block `text` right after a script is all that the script prints on stdout. A script without one must succeed.
 *
 * `deno test -A tests/docs -- --update` writes the outputs into the pages instead of comparing them.
 */

import { assertEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";

/** True if the tests may run a page. */
export const MAY_RUN_PAGES = (["read", "write", "run", "env"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/** Block of code on a page. */
export interface Block {
  language: string;
  text: string;
  /** Path of the file that it is; undefined if it is none. */
  path: string | undefined;
  /** Index in the page of its text, and of what follows the text. */
  start: number;
  end: number;
}

/** Finds the blocks of a page. */
export function blocksOf(page: string): Block[] {
  return Array.from(page.matchAll(/^```(\w+).*\n([^]*?)^```$/gm), (match) => {
    const [whole, language, text] = match as unknown as [string, string, string];
    const start = match.index + whole.indexOf("\n") + 1;
    const [, path] = /`([\w./-]+)`:\n\n$/.exec(page.slice(0, match.index)) ?? [];
    return { language, text, path, start, end: start + text.length };
  });
}

/** Runs the scripts of blocks in a new folder; returns what each printed, as pages show it. */
export async function runBlocks(page: string, blocks: readonly Block[]): Promise<Map<Block, string>> {
  const folder = await Deno.makeTempDir();
  const outputs = new Map<Block, string>();
  try {
    await Deno.symlink(`${ROOT}/maelstrom.sh`, `${folder}/maelstrom.sh`);
    for (const [index, block] of blocks.entries()) {
      if (block.language === "sh") {
        const hasOutput = outputOf(page, blocks, index) !== undefined;
        outputs.set(block, await runScript(block.text, folder, hasOutput));
      } else if (block.path !== undefined) await Deno.writeTextFile(`${folder}/${block.path}`, block.text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return outputs;
}

/** The block with the output of a script; undefined if there is none. */
function outputOf(page: string, blocks: readonly Block[], index: number): Block | undefined {
  const next = blocks[index + 1];
  return next?.language === "text" && /^```\n\n```text\n$/.test(page.slice(blocks[index]!.end, next.start))
    ? next
    : undefined;
}

async function runScript(script: string, cwd: string, mayFail: boolean): Promise<string> {
  const env = { DENO: Deno.execPath(), NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", script], cwd, env }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0 && !mayFail) throw new Error(`${script}\n${text}${new TextDecoder().decode(stderr)}`);
  return asFormatted(shown(text, cwd));
}

/** Replaces what differs from run to run. */
function shown(text: string, folder: string): string {
  return text.replaceAll(`${ROOT}/maelstrom.sh`, "./maelstrom.sh").replaceAll(`${folder}/`, "")
    .replaceAll(/\d{8}T\d{6}(-\d+)?/g, "20261123T093107").replaceAll(/\((\d+ms|\d+s)\)/g, "(10ms)");
}

/** Removes blanks as the formatter of the pages does: those that all lines begin with, and those at the end. */
function asFormatted(text: string): string {
  const lines = text.trimEnd().split("\n");
  const indent = Math.min(...lines.filter((line) => line !== "").map((line) => /^ */.exec(line)![0].length));
  return lines.map((line) => `${line.slice(indent)}\n`).join("");
}

/** Runs a page, and compares its outputs with those that it shows; with `--update`, writes them into it. */
export async function assertRunsAsPrinted(path: string): Promise<void> {
  const page = await Deno.readTextFile(`${ROOT}/${path}`);
  const blocks = blocksOf(page);
  const outputs = await runBlocks(page, blocks);
  const shownAs = new Map(blocks.flatMap((block, index) => {
    const output = outputs.has(block) ? outputOf(page, blocks, index) : undefined;
    return output === undefined ? [] : [[block, output] as const];
  }));
  if (Deno.args.includes("--update")) {
    let updated = page;
    for (const [block, { start, end }] of [...shownAs].reverse()) {
      updated = updated.slice(0, start) + outputs.get(block) + updated.slice(end);
    }
    return await Deno.writeTextFile(`${ROOT}/${path}`, updated);
  }
  for (const [block, { text }] of shownAs) {
    const message = `${path} shows another output; update it with: deno test -A tests/docs -- --update\n${block.text}`;
    assertEquals(outputs.get(block), text, message);
  }
}
