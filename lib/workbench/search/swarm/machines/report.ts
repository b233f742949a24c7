/**
 * Reports of a swarm over many machines: progress, the table, the report at the end, and the same as JSON.
 *
 * @module
 */

import { columns, counted, type Paint } from "../../../base/text.ts";
import { type LineSource, type LineText, textSource } from "../../../report/live_line.ts";
import { formatMinutesLeft } from "../../../report/time_left.ts";
import { findChallenge } from "../../../request/challenges.ts";
import { formatTallyTable, verdictGaps } from "../tally.ts";
import { OVERDUE } from "../time_limits.ts";
import { type FailedTest, isComplete, type SwarmResults, type WorkerCount } from "./results.ts";

/** A worker without results for longer than this is not shown as working, ms. */
const WORKER_SILENCE = 30_000;
/** Most workers and failures that a report lists. */
const MAX_ROWS = 20;

/** Words for the outcomes of tests that did not survive. */
const OUTCOMES: Readonly<Record<string, string>> = {
  "no-results": "ended without results",
  "stuck": OVERDUE.stuck,
};

/** A test that failed, as a report shows it. */
export interface FailureFacts extends FailedTest {
  /** Command that repeats the test. */
  command: string;
  /** Folder of the run here; null if it was not stored. */
  store: string | null;
}

/**
 * Content of the line that shows the progress of a swarm.
 *
 * @param look Returns the time, ms since 1970, and the number of results a second during the last seconds.
 */
export function swarmSource(results: SwarmResults, look: () => { now: number; rate: number }): LineSource {
  return textSource(({ pink }) => {
    const { now, rate } = look();
    const { definition: { name, seeds }, numbers, workers, failures } = results;
    const working = workers.values().filter(({ lastAt }) => now - lastAt < WORKER_SILENCE).toArray().length;
    const left = seeds - numbers.size;
    return [
      `swarm ${name}`,
      `${numbers.size} of ${counted(seeds, "run")}`,
      failedText(failures.length, pink),
      rate === 0 ? "" : `${formatMinutesLeft(1000 * left / rate)} left`,
      `${rate.toFixed(1)} runs/s`,
      counted(working, "worker"),
    ];
  });
}

/** Content of the line that shows the progress of a worker. */
export function workerSource(worker: string, counts: { tests: number; failed: number }): LineSource {
  return textSource(({ pink }) => [worker, counted(counts.tests, "run"), failedText(counts.failed, pink)]);
}

function failedText(count: number, pink: Paint): LineText {
  return count === 0 ? "0 failed" : [`${count} failed`, pink];
}

/** Formats the table of a swarm so far: its challenges, and its workers. */
export function formatSwarmTables(results: SwarmResults): string {
  const { definition, tally, workers, lastAt } = results;
  const challenges = definition.challenges.map((id) => findChallenge(id)!);
  return [
    formatTallyTable(challenges, tally, lastAt - definition.createdAt),
    ...workers.size === 0 ? [] : ["", ...workerTable(workers)],
  ].join("\n");
}

/** The workers with the most tests. */
function workerTable(workers: ReadonlyMap<string, WorkerCount>): string[] {
  const sorted = [...workers].sort(([, a], [, b]) => b.tests - a.tests);
  const row = ([name, { tests, failed, busy }]: [string, WorkerCount]) => [
    name,
    String(tests),
    (busy / tests).toFixed(0),
    String(failed),
  ];
  return [
    ...columns([["worker", "runs", "ms a run", "failed"], ...sorted.slice(0, MAX_ROWS).map(row)]),
    ...more(sorted.length, "worker"),
  ];
}

function more(count: number, word: string): string[] {
  return count <= MAX_ROWS ? [] : [`and ${counted(count - MAX_ROWS, `more ${word}`)}: --json lists all`];
}

/** Formats the report at the end. */
export function formatSwarmReport(results: SwarmResults, failures: readonly FailureFacts[]): string {
  const gaps = verdictGaps(results.tally).lines;
  return [
    formatSwarmTables(results),
    ...failures.length === 0 ? [] : ["", ...failures.slice(0, MAX_ROWS).flatMap(failureLines)],
    ...more(failures.length, "failure"),
    ...gaps.length === 0 ? [] : ["", ...gaps],
  ].join("\n");
}

function failureLines({ number, result, command, store }: FailureFacts): string[] {
  const { challenge, outcome, findings = [], problem } = result;
  const words = OUTCOMES[outcome] ?? `has failed: ${findings.join(", ")}`;
  return [
    `Run ${number} ${words}${problem === undefined ? "" : `: ${problem.split("\n")[0]}`} (${challenge})`,
    `  run again    ${command}`,
    ...store === null ? [] : [`  stored in    ${store}`],
  ];
}

/** Creates the JSON document of a swarm. */
export function createSwarmDocument(results: SwarmResults, failures: readonly FailureFacts[]): Record<string, unknown> {
  const { definition, numbers, tally, workers, lastAt } = results;
  const { name, seed, seeds, version } = definition;
  return {
    schema: 1,
    swarm: name,
    seed,
    seeds,
    version,
    counted: numbers.size,
    complete: isComplete(results),
    seconds: (lastAt - definition.createdAt) / 1000,
    challenges: Array.from(tally, ([challenge, { tests, operations, duration, withoutVerdict, failed }]) => ({
      challenge,
      runs: tests,
      operations,
      virtual_seconds: duration / 1000,
      no_verdict: withoutVerdict,
      failed,
    })),
    workers: Array.from(workers, ([worker, { tests, failed, busy }]) => ({
      worker,
      runs: tests,
      failed,
      busy_seconds: busy / 1000,
    })),
    failures: failures.map(({ number, result, command, store }) => ({
      number,
      challenge: result.challenge,
      outcome: result.outcome,
      findings: result.findings ?? [],
      problem: result.problem ?? null,
      command,
      store,
    })),
  };
}
