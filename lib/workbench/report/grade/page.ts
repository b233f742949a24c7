/**
 * Page of a grading for teachers and students: one HTML file without scripts, which can be printed.
 *
 * @module
 */

import type { GradedClaim, GradeDocument } from "./document.ts";
import { escapeMarkup } from "./markup.ts";

const STYLE = `
  body { font: 11pt/1.4 sans-serif; color: #000; background: #fff; max-width: 60em; margin: 2em auto; padding: 0 1em }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #bbb; padding: .3em .6em; text-align: left; vertical-align: top }
  td.points { text-align: right; white-space: nowrap }
  tr { break-inside: avoid }
  p.reason { margin: .2em 0 0; white-space: pre-wrap; overflow-wrap: anywhere }
  code { overflow-wrap: anywhere }
  @media print { body { margin: 0; max-width: none } }
`;

const MARKS: Readonly<Record<GradedClaim["status"], string>> = {
  passed: "✓ passed",
  failed: "✗ failed",
  "not-graded": "– not graded",
};

/** Formats the page. */
export function formatPage(document: GradeDocument): string {
  const { points, max_points, bin, claims } = document;
  const title = `${points} of ${max_points} points`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<p>Program: <code>${escapeMarkup(bin ?? "the project's own")}</code></p>
${noteLines(document).map((line) => `<p>${escapeMarkup(line)}</p>`).join("\n")}
<table>
<thead><tr><th>Challenge</th><th>Claim</th><th>Result</th><th>Points</th></tr></thead>
<tbody>
${claims.map((claim) => row(claim, document)).join("\n")}
</tbody>
</table>
</html>
`;
}

/** Sentences on the grading as a whole. */
export function noteLines({ complete, mode, seeds, hidden_seeds }: GradeDocument): string[] {
  const how = mode === "simulation" ? "simulated" : "run with real processes";
  const whose = hidden_seeds ? "hidden seeds, derived from a secret" : "new seeds";
  const runs = seeds === 1 ? "once" : `${seeds} times`;
  return [
    ...complete ? [] : ["This grading was ended early, or is still under way: claims that are not graded count 0."],
    `Each test was ${how} ${runs}, with ${whose}. A claim has its points only if every run fulfils it.`,
  ];
}

function row(claim: GradedClaim, { seeds }: GradeDocument): string {
  const { challenge, title, status, points, max_points, reason, command, seeds_passed, seeds_run } = claim;
  const share = status === "failed" && seeds > 1 ? ` (${seeds_run - seeds_passed} of ${seeds_run} runs)` : "";
  const explanation = reason === null ? "" : `<p class="reason">${escapeMarkup(reason)}</p>`;
  const again = command === null ? "" : `<p>Run it again: <code>${escapeMarkup(command)}</code></p>`;
  return `<tr><td>${escapeMarkup(`${challenge} ${title}`)}</td>` +
    `<td>${escapeMarkup(claim.claim)}${explanation}${again}</td>` +
    `<td>${MARKS[status]}${share}</td><td class="points">${points} / ${max_points}</td></tr>`;
}
