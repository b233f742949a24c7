/**
 * The test of 300 seeds: a challenge in as many drawn tests, each with all faults that it claims to survive.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { CHALLENGES } from "../../lib/workbench/request/challenges.ts";
import { FAULTS } from "../../lib/workbench/run/nemesis/faults.ts";
import type { Operation } from "../../lib/workbench/history/operation.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import type { Store } from "../../lib/workbench/run/store/store.ts";
import { isSurvived, SURVIVES } from "../../lib/workbench/run/survives.ts";
import { type ChallengeProgram, drawTest, runDrawnTest } from "./drawn_tests.ts";

/** Number of drawn tests for each challenge. */
const SEEDS = 300;
/** Share of the runs in which faults and answers must have happened, or else the test would show little. */
const MOST = 0.9;
/** Share of the runs in which messages must have been lost. */
const MANY = 0.5;
/** Least number of operations that must have succeeded in most runs. */
const LEAST_OK = 8;
/** Most failures that are printed in full. */
const PRINTED = 3;

/** Challenges whose nodes send no messages to each other or to services. */
const SILENT = ["2"];

/** Declares the test of a challenge. */
export function testSeeds(id: string, program: ChallengeProgram): void {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const faults = SURVIVES[id]!;
  Deno.test(`${id} survives ${faults.join(", ")}, all at once, with ${SEEDS} seeds`, async () => {
    const runs: Run[] = [];
    const failures: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const drawn = drawTest(challenge, String(seed));
      const { store, history } = createHistoryStore();
      const results = await runDrawnTest(drawn, program, { store });
      runs.push({ results, history: history(), talks: drawn.request.options.nodes.length > 1 && !SILENT.includes(id) });
      if (!isSurvived(results)) failures.push(`challenge ${id}, seed ${seed}: ${describe(results)}\n${drawn.command}`);
    }
    const more = failures.length > PRINTED ? [`… and ${failures.length - PRINTED} more seeds`] : [];
    assertEquals(failures.length, 0, [...failures.slice(0, PRINTED), ...more].join("\n\n"));
    checkWorth(runs, faults);
  });
}

/** Run of a drawn test. */
interface Run {
  results: Results;
  history: readonly Operation[];
  /** True if its nodes have to send messages to each other. */
  talks: boolean;
}

/** Creates a store that keeps only the history. */
function createHistoryStore(): { store: Store; history(): readonly Operation[] } {
  let recorded: readonly Operation[] = [];
  const store: Store = {
    path: "",
    message() {},
    history(history) {
      recorded = history;
    },
    results() {},
    problem: () => undefined,
    close() {},
  };
  return { store, history: () => recorded };
}

function describe({ anomalies, exceptions }: Results): string {
  const problems = [
    ...anomalies.filter(({ allowed }) => !allowed).map(({ type, explanation }) => `${type}: ${explanation}`),
    ...exceptions.map(({ type, message }) => `${type}: ${message}`),
  ];
  return problems.map((text) => text.split("\n")[0]).join("\n  ");
}

/**
 * Checks that the runs tested something: faults came and went, messages were lost, and clients got answers
 * nevertheless.
 */
function checkWorth(runs: readonly Run[], faults: readonly string[]): void {
  const inMost = (claim: string, holds: (run: Run) => boolean, part = MOST) => {
    const count = runs.filter(holds).length;
    assert(count >= part * runs.length, `${claim}: in ${count} of ${runs.length} runs only`);
  };
  for (const fault of faults) {
    inMost(`${fault} has begun, ended and begun again`, ({ history }) => isRepeated(fault, history));
  }
  inMost("clients were answered", ({ results }) => results.operations!.ok >= LEAST_OK);
  inMost("there is a verdict", ({ results }) => results.valid === true);
  inMost("messages were sent if and only if nodes need them", ({ results: { net }, talks }) => {
    return net!.servers.send_count > 0 === talks;
  });
  if (!runs.some(({ talks }) => talks)) return;
  // Some faults do not reach messages to services.
  inMost("messages were lost", ({ results: { net } }) => net!.servers.recv_count < net!.servers.send_count, MANY);
}

/** Returns true if a fault has begun, ended and begun again. */
export function isRepeated(fault: string, history: readonly Operation[]): boolean {
  const { begin, end } = FAULTS[fault]!;
  const steps = history.map(({ f }) => f).filter((f) => f === begin.f || f === end.f);
  const ended = steps.indexOf(end.f, steps.indexOf(begin.f));
  return steps.includes(begin.f) && ended >= 0 && steps.includes(begin.f, ended);
}
