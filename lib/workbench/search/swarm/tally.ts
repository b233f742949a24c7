/**
 * Counts what a swarm has run, and formats the counts.
 *
 * @module
 */

import { columns, counted } from "../../base/text.ts";
import { type LineSource, textSource } from "../../report/live_line.ts";
import { formatMinutesLeft } from "../../report/time_left.ts";
import type { Challenge } from "../../request/challenges.ts";
import type { TaskResult } from "./task.ts";

/** Counts of one challenge, or of all. */
export interface Count {
  tests: number;
  operations: number;
  /** Virtual time, ms. */
  duration: number;
  /** Tests that were survived, but have no verdict: for example because no request was answered. */
  withoutVerdict: number;
  failed: number;
}

/** Counts by the number of the challenge, for each challenge of the swarm. */
export type Tally = ReadonlyMap<string, Count>;

/** Creates a tally with all counts at 0. */
export function createTally(challenges: readonly Challenge[]): Tally {
  return new Map(challenges.map(({ id }) => [id, createCount()]));
}

function createCount(): Count {
  return { tests: 0, operations: 0, duration: 0, withoutVerdict: 0, failed: 0 };
}

/** Adds the result of a test. */
export function addResult(
  tally: Tally,
  challenge: string,
  result: Pick<TaskResult, "survived" | "hasVerdict" | "operations" | "duration">,
): void {
  const { survived, hasVerdict, operations, duration } = result;
  const counted = tally.get(challenge)!;
  counted.tests++;
  counted.operations += operations;
  counted.duration += duration;
  if (!survived) counted.failed++;
  else if (!hasVerdict) counted.withoutVerdict++;
}

function sum(tally: Tally): Count {
  const total = createCount();
  for (const counted of tally.values()) {
    for (const name of Object.keys(total) as (keyof Count)[]) total[name] += counted[name];
  }
  return total;
}

const HOUR = 3_600_000;

/**
 * Content of the line that shows the progress of a swarm.
 *
 * @param look Returns the real time since the start, and that until the end, ms.
 */
export function tallySource(seed: string, tally: Tally, look: () => { elapsed: number; left: number }): LineSource {
  return textSource(() => {
    const { elapsed, left } = look();
    const { tests, duration } = sum(tally);
    return [
      `swarm ${seed}`,
      counted(tests, "run"),
      `${formatMinutesLeft(Math.max(0, left))} left`,
      `${perSecond(tests, elapsed)} runs/s`,
      `${(duration / HOUR).toFixed(2)} virtual hours`,
      Array.from(tally, ([challenge, { tests }]) => `${challenge}:${tests}`).join(" "),
    ];
  });
}

/**
 * Formats the counts of a swarm as a table.
 *
 * @param elapsed Real time since the start, ms.
 */
export function formatTallyTable(challenges: readonly Challenge[], tally: Tally, elapsed: number): string {
  const row = (name: string, { tests, operations, duration, withoutVerdict, failed }: Count) => [
    name,
    String(tests),
    String(operations),
    (duration / HOUR).toFixed(2),
    String(withoutVerdict),
    String(failed),
  ];
  const total = sum(tally);
  return [
    ...columns([
      ["", "runs", "operations", "virtual hours", "no verdict", "failed"],
      ...challenges.map(({ id, name }) => row(`${id.padEnd(3)}${name}`, tally.get(id)!)),
      ...challenges.length > 1 ? [row("all", total)] : [],
    ]),
    "",
    `${total.tests} runs in ${formatTime(elapsed)}, ${perSecond(total.tests, elapsed)} a second`,
  ].join("\n");
}

/** The part of a swarm that says nothing about a challenge. */
export interface VerdictGaps {
  /** True if a challenge has runs, but no verdict, or if there are no runs at all. */
  isUnknown: boolean;
  /** A line for each such challenge, and one for all that were not drawn. */
  lines: string[];
}

/** Finds the challenges of which nothing is known. One that was not drawn is told, but makes no swarm unknown. */
export function verdictGaps(tally: Tally): VerdictGaps {
  const { tests: all } = sum(tally);
  const undecided = [...tally].filter(([, { tests, withoutVerdict }]) => tests > 0 && withoutVerdict === tests);
  const notDrawn = [...tally].filter(([, { tests }]) => tests === 0).map(([challenge]) => challenge);
  const needed = `every challenge is drawn once in ${counted(tally.size, "run")}`;
  return {
    isUnknown: all === 0 || undecided.length > 0,
    lines: [
      ...undecided.map(([challenge, { tests }]) =>
        `No verdict on ${challenge}: ${tests === 1 ? "the only run has none" : `none of ${tests} runs has one`}`
      ),
      ...notDrawn.length === 0 ? [] : [
        all === 0
          ? `No verdict on ${notDrawn.join(", ")}: no test was run`
          : `Not tested: ${notDrawn.join(", ")}; ${needed}`,
      ],
    ],
  };
}

function perSecond(tests: number, elapsed: number): string {
  return (elapsed === 0 ? 0 : tests / (elapsed / 1000)).toFixed(1);
}

/** Formats a time in minutes and seconds: `2:05`. */
function formatTime(elapsed: number): string {
  const seconds = Math.round(elapsed / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
