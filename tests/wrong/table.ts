/**
 * Prints the table of `docs/wrong_programs.md`, and the list below it: `deno run tests/wrong/table.ts`.
 *
 * @module
 */

import { CASES, findMistake, SEEDS, test } from "./cases.ts";

/** Longest explanation in the list, in characters. */
const MAX_LENGTH = 480;

const rows = [
  "| mistake | program | anomaly | first seed | of 50 seeds |",
  "| --- | --- | --- | --: | --: |",
];
const explanations: string[] = [];
for (const each of CASES) {
  const { file, mistake, anomaly, wrong } = each;
  const found: { seed: number; explanation: string }[] = [];
  for (const seed of SEEDS) {
    const explanation = findMistake(each, await test(wrong, each, seed))?.explanation;
    if (explanation !== undefined) found.push({ seed, explanation });
  }
  const text = found[0]?.explanation.split("\n").slice(0, anomaly.startsWith("G-") ? undefined : 1).join("; ") ?? "";
  const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  rows.push(`| ${mistake} | \`${file}\` | \`${anomaly}\` | ${found[0]?.seed} | ${found.length} |`);
  explanations.push(`- ${mistake}: “${shown}”`);
}
Deno.stdout.writeSync(new TextEncoder().encode([...rows, "", ...explanations, ""].join("\n")));
