/**
 * What a swarm has done so far, and how it is shown.
 *
 * @module
 */

import type { Challenge } from "../../request/challenges.ts";
import { columns } from "../../base/text.ts";
import type { Outcome } from "./task.ts";

/** What there was of one challenge, or of all. */
export interface Count {
  tests: number;
  operations: number;
  /** In virtual time, ms. */
  duration: number;
  /** Tests of which nothing is known, such as when nobody was ever answered. */
  unknown: number;
  failed: number;
}

/** The counts by the number of the challenge, for each challenge of the swarm. */
export type Tally = ReadonlyMap<string, Count>;

/** Begins to count. */
export function createTally(challenges: readonly Challenge[]): Tally {
  return new Map(challenges.map(({ id }) => [id, { tests: 0, operations: 0, duration: 0, unknown: 0, failed: 0 }]));
}

/** Counts a test. */
export function count(tally: Tally, challenge: string, { survived, known, operations, duration }: Outcome): void {
  const counted = tally.get(challenge)!;
  counted.tests++;
  counted.operations += operations;
  counted.duration += duration;
  if (!survived) counted.failed++;
  else if (!known) counted.unknown++;
}

function sum(tally: Tally): Count {
  const total = { tests: 0, operations: 0, duration: 0, unknown: 0, failed: 0 };
  for (const counted of tally.values()) {
    for (const name of Object.keys(total) as (keyof Count)[]) total[name] += counted[name];
  }
  return total;
}

const HOUR = 3_600_000;

/**
 * How far a swarm is, in one line.
 *
 * @param elapsed How long it has gone on, ms.
 */
export function formatTally(seed: string, tally: Tally, elapsed: number): string {
  const { tests, duration } = sum(tally);
  const each = Array.from(tally, ([challenge, { tests }]) => `${challenge}:${tests}`);
  const rate = elapsed === 0 ? 0 : tests / (elapsed / 1000);
  return [
    `swarm ${seed}`,
    `${tests} runs`,
    `${rate.toFixed(1)} a second`,
    `${(duration / HOUR).toFixed(2)} virtual hours`,
    each.join(" "),
  ].join("  ");
}

/**
 * What a swarm has done, as a table.
 *
 * @param challenges Those of the swarm.
 * @param elapsed How long it has gone on, ms.
 */
export function formatTallyTable(challenges: readonly Challenge[], tally: Tally, elapsed: number): string {
  const row = (name: string, { tests, operations, duration, unknown, failed }: Count) => [
    name,
    String(tests),
    String(operations),
    (duration / HOUR).toFixed(2),
    String(unknown),
    String(failed),
  ];
  const total = sum(tally);
  const rate = elapsed === 0 ? 0 : total.tests / (elapsed / 1000);
  return [
    ...columns([
      ["", "runs", "operations", "virtual hours", "nothing known", "failed"],
      ...challenges.map(({ id, name }) => row(`${id.padEnd(3)}${name}`, tally.get(id)!)),
      ...challenges.length > 1 ? [row("all", total)] : [],
    ]),
    "",
    `${total.tests} runs in ${formatTime(elapsed)}, ${rate.toFixed(1)} a second`,
  ].join("\n");
}

/** Of which challenges nothing is known, for no run of them came to a verdict, or there was none. */
export function unknownLines(tally: Tally): string[] {
  const unknown = [...tally].filter(([, { tests, unknown }]) => unknown === tests);
  const missing = unknown.filter(([, { tests }]) => tests === 0).map(([challenge]) => challenge);
  return [
    ...unknown.filter(([, { tests }]) => tests > 0).map(([challenge, { tests }]) =>
      `Nothing is known of ${challenge}: none of ${tests} runs came to a verdict`
    ),
    ...missing.length === 0 ? [] : [`Nothing is known of ${missing.join(", ")}: no test was run`],
  ];
}

/** A time as one reads it: `2:05`. */
function formatTime(elapsed: number): string {
  const seconds = Math.round(elapsed / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
