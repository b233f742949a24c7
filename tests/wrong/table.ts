/**
 * Prints the table of `docs/wrong_programs.md`, and the list below it: `deno run tests/wrong/table.ts`.
 *
 * @module
 */

import { CASES, findMistake, SEEDS, test } from "./cases.ts";

/** How much of an explanation goes into the list. */
const LENGTH = 480;

const rows = [
  "| mistake | program | anomaly | first seed | of 50 seeds |",
  "| --- | --- | --- | --: | --: |",
];
const told: string[] = [];
for (const each of CASES) {
  const { file, mistake, anomaly, wrong } = each;
  const found: { seed: number; explanation: string }[] = [];
  for (const seed of SEEDS) {
    const explanation = findMistake(each, await test(wrong, each, seed))?.explanation;
    if (explanation !== undefined) found.push({ seed, explanation });
  }
  const text = found[0]?.explanation.split("\n").slice(0, anomaly.startsWith("G-") ? undefined : 1).join("; ") ?? "";
  const shown = text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
  const program = `[\`${file}.ts\`](../tests/wrong/${file}.ts)`;
  rows.push(`| ${mistake} | ${program} | \`${anomaly}\` | ${found[0]?.seed} | ${found.length} |`);
  told.push(`- ${mistake}: “${shown}”`);
}
Deno.stdout.writeSync(new TextEncoder().encode([...rows, "", ...told, ""].join("\n")));
