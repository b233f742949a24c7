/**
 * Table of a grading for the terminal.
 *
 * @module
 */

import { columns, createStyle, type Style, wrap } from "../../base/text.ts";
import type { Screen } from "../screen.ts";
import type { GradedClaim, GradeDocument } from "./document.ts";

const MARKS: Readonly<Record<GradedClaim["status"], string>> = { passed: "✓", failed: "✗", "not-graded": "–" };
const COLOURS: Readonly<Record<GradedClaim["status"], keyof Style>> = {
  passed: "green",
  failed: "red",
  "not-graded": "yellow",
};

/** Formats claims with their points and reasons, and the sum. */
export function formatGrade({ claims, points, max_points, complete }: GradeDocument, screen: Screen): string {
  const style = createStyle(screen.colour);
  const names = columns(claims.map(({ status, challenge, claim }) => [`${MARKS[status]} ${challenge} ${claim}`]));
  const width = Math.max(...names.map((name) => name.length));
  const lines = claims.flatMap((claim, index) => [
    style[COLOURS[claim.status]](`${names[index]!.padEnd(width)}  ${claim.points} / ${claim.max_points}`),
    ...claim.reason === null ? [] : wrap(claim.reason, screen.width, "    "),
    ...claim.command === null ? [] : [`    ${style.dim(claim.command)}`],
  ]);
  const end = complete ? "" : "; ended early";
  return [...lines, "", style.bold(`${points} of ${max_points} points${end}`)].join("\n");
}
