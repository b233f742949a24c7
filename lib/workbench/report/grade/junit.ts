/**
 * JUnit file of a grading, which CI systems and learning platforms read: a suite for each challenge, a test case for
 * each claim.
 *
 * @module
 */

import type { GradedClaim, GradeDocument } from "./document.ts";
import { escapeMarkup } from "./markup.ts";

/** Formats the JUnit file. */
export function formatJUnit({ claims }: GradeDocument): string {
  const suites = [...Map.groupBy(claims, ({ challenge }) => challenge).values()];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="grade" ${counts(claims)}>`,
    ...suites.flatMap(suiteLines),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines(claims: readonly GradedClaim[]): string[] {
  const { challenge, title } = claims[0]!;
  return [
    `  <testsuite name="${escapeMarkup(`${challenge} ${title}`)}" ${counts(claims)}>`,
    ...claims.flatMap(caseLines),
    "  </testsuite>",
  ];
}

function counts(claims: readonly GradedClaim[]): string {
  const count = (wanted: GradedClaim["status"]) => claims.filter(({ status }) => status === wanted).length;
  return `tests="${claims.length}" failures="${count("failed")}" errors="0" skipped="${count("not-graded")}"`;
}

function caseLines({ challenge, claim, status, reason }: GradedClaim): string[] {
  const start = `    <testcase classname="${escapeMarkup(challenge)}" name="${escapeMarkup(claim)}"`;
  if (status === "passed") return [`${start}/>`];
  const element = status === "failed" ? "failure" : "skipped";
  const text = escapeMarkup(reason ?? "");
  const [first] = text.split("\n", 1);
  return [`${start}>`, `      <${element} message="${first}">${text}</${element}>`, "    </testcase>"];
}
