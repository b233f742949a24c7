/**
 * The test of 300 seeds: a challenge in as many small worlds, each with all faults that it claims to survive.
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
import { drawWorld, type Program, runWorld } from "./worlds.ts";

/** How many worlds. */
const SEEDS = 300;
/** The part of the runs in which a thing must have happened, for the test to be worth something. */
const MOST = 0.9;
const MANY = 0.5;
/** So many operations must have succeeded in most runs. */
const LEAST_OK = 8;
/** How many failures are told in full. */
const TOLD = 3;

/** Programs whose nodes have nothing to tell each other, however many there are, nor to ask of a service. */
const SILENT = ["2"];

/** Declares the test of a challenge. */
export function testSeeds(id: string, program: Program): void {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const faults = SURVIVES[id]!;
  Deno.test(`${id} survives ${faults.join(", ")}, all at once, with ${SEEDS} seeds`, async () => {
    const runs: Run[] = [];
    const failures: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const drawn = drawWorld(challenge, String(seed));
      const { store, history } = openHistory();
      const results = await runWorld(drawn, program, { store });
      runs.push({ results, history: history(), talks: drawn.request.options.nodes.length > 1 && !SILENT.includes(id) });
      if (!isSurvived(results)) failures.push(`challenge ${id}, seed ${seed}: ${describe(results)}\n${drawn.command}`);
    }
    const more = failures.length > TOLD ? [`… and ${failures.length - TOLD} more seeds`] : [];
    assertEquals(failures.length, 0, [...failures.slice(0, TOLD), ...more].join("\n\n"));
    checkWorth(runs, faults);
  });
}

/** A run, and what happened in it. */
interface Run {
  results: Results;
  history: readonly Operation[];
  /** Whether there is anything that its nodes have to tell each other. */
  talks: boolean;
}

/** A store that keeps nothing but the history. */
function openHistory(): { store: Store; history(): readonly Operation[] } {
  let recorded: readonly Operation[] = [];
  const store: Store = {
    path: "",
    nodeLog: String,
    message() {},
    history: (history) => void (recorded = history),
    results() {},
    problem: () => undefined,
    close() {},
  };
  return { store, history: () => recorded };
}

function describe({ anomalies, exceptions }: Results): string {
  const told = [
    ...anomalies.filter(({ allowed }) => !allowed).map(({ type, explanation }) => `${type}: ${explanation}`),
    ...exceptions.map(({ type, message }) => `${type}: ${message}`),
  ];
  return told.map((text) => text.split("\n")[0]).join("\n  ");
}

/**
 * The faults came and went, messages were lost by them, clients got on with their work all the same, and so the
 * verdicts mean something.
 */
function checkWorth(runs: readonly Run[], faults: readonly string[]): void {
  const inMost = (what: string, holds: (run: Run) => boolean, part = MOST) => {
    const count = runs.filter(holds).length;
    assert(count >= part * runs.length, `${what}: in ${count} of ${runs.length} runs only`);
  };
  for (const fault of faults) {
    inMost(`${fault} has begun, ended and begun again`, ({ history }) => isRepeated(fault, history));
  }
  inMost("clients were answered", ({ results }) => results.operations!.ok >= LEAST_OK);
  inMost("there is a verdict", ({ results }) => results.valid === true);
  inMost("messages were sent where there is something to tell", ({ results: { net }, talks }) => {
    return net!.servers.send_count > 0 === talks;
  });
  if (!runs.some(({ talks }) => talks)) return;
  // Who talks to services only is not hurt by every fault.
  inMost("messages were lost", ({ results: { net } }) => net!.servers.recv_count < net!.servers.send_count, MANY);
}

/** Whether a fault has begun, ended and begun again. */
export function isRepeated(fault: string, history: readonly Operation[]): boolean {
  const { begin, end } = FAULTS[fault]!;
  const steps = history.map(({ f }) => f).filter((f) => f === begin.f || f === end.f);
  const ended = steps.indexOf(end.f, steps.indexOf(begin.f));
  return steps.includes(begin.f) && ended >= 0 && steps.includes(begin.f, ended);
}
