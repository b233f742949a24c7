/**
 * Small tests with faults, drawn from a seed. The tests of 300 seeds run each challenge in 300 of them.
 *
 * @module
 */

import type { AnyNode } from "../../lib/node.ts";
import { parseArguments } from "../../lib/workbench/request/arguments.ts";
import type { Challenge } from "../../lib/workbench/request/challenges.ts";
import { defaultTexts } from "../../lib/workbench/request/configuration.ts";
import { type Random, seededRandom } from "../../lib/workbench/world/random.ts";
import { formatCommand } from "../../lib/workbench/request/command_line.ts";
import { createRequest, type TestRequest } from "../../lib/workbench/request/request.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { runVirtualTest, type VirtualTestHooks } from "../../lib/workbench/engines/virtual_run.ts";
import { SURVIVES } from "../../lib/workbench/run/survives.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";

/** Drawn test, and the command that repeats it. */
export interface DrawnTest {
  request: TestRequest;
  command: string;
}

/** Highest rate of a drawn test, even if the official one is higher. */
const MOST_RATE = 80;

/**
 * Draws a test of some seconds, in which all faults that the challenge claims to survive come and go several times,
 * all at once.
 *
 * It has between a quarter of the official nodes and all of them, and likewise of the rate. A worker whose node is
 * killed waits 5 s for its reply; tests with `kill` have more workers and more time, so that some workers are always
 * busy with running nodes.
 */
export function drawTest(challenge: Challenge, seed: string): DrawnTest {
  const random = seededRandom(seed).stream("world");
  const official = (flag: string) => Number(defaultTexts(challenge).get(flag)![0]);
  const faults = SURVIVES[challenge.id]!;
  const killing = faults.includes("kill");
  const nodes = quarterToWhole(official("node-count"), random);
  const flags = {
    "node-count": nodes,
    "concurrency": `${killing ? Math.ceil(between(30, 60, random) / nodes) : between(1, 3, random)}n`,
    "time-limit": killing ? between(8, 12, random) : between(4, 8, random),
    "rate": quarterToWhole(Math.min(official("rate"), MOST_RATE), random),
    "latency": official("latency") || random.pick([0, 5, 20, 100]),
    "latency-dist": random.pick(["constant", "uniform", "exponential"]),
    "nemesis": faults.join(),
    "nemesis-interval": random.pick([0.3, 0.6, 1]),
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const request = createRequest(challenge, parseArguments([...words, "--sim", "--seed", seed]), {
    root: "",
    files: NO_FILES,
  });
  return { request, command: formatCommand(request.command, seed) };
}

/** Draws from a quarter of a figure up to the whole, preferring small ones; at least two, unless the figure is one. */
function quarterToWhole(figure: number, random: Random): number {
  const draw = () => between(Math.max(Math.min(2, figure), figure / 4), figure, random);
  return Math.min(draw(), draw());
}

/** Replaces the file system: the programs of the challenges are imported here. */
const NO_FILES = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };

/** Draws a whole number, both bounds included. */
function between(least: number, most: number, random: Random): number {
  return Math.ceil(least) + random.integer(Math.floor(most) - Math.ceil(least) + 1);
}

/** Program of a challenge, whatever messages it declares. */
export type ChallengeProgram = (node: AnyNode) => void;

/** Runs the program of a challenge in a drawn test. */
export function runDrawnTest(
  { request: { options, challenge, workload, seed } }: DrawnTest,
  program: ChallengeProgram,
  hooks: VirtualTestHooks = {},
): Promise<Results> {
  const settings = { seed: seed!, limits: [], logNetSend: false, logNetRecv: false };
  return runVirtualTest(
    { ...options, ...settings, challenge: challenge!.id, workload: WORKLOADS[workload]! },
    program,
    hooks,
  );
}
