/**
 * Small faulty worlds, drawn from a seed: what the tests of 300 seeds run the challenges in.
 *
 * @module
 */

import type { AnyNode } from "../../lib/node.ts";
import { parseArguments } from "../../lib/workbench/request/arguments.ts";
import type { Challenge } from "../../lib/workbench/request/challenges.ts";
import { usualTexts } from "../../lib/workbench/request/configuration.ts";
import { type Random, seededRandom } from "../../lib/workbench/world/random.ts";
import { formatCommand } from "../../lib/workbench/request/command_line.ts";
import { createRequest, type TestRequest } from "../../lib/workbench/request/request.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { runVirtualTest, type VirtualTestHooks } from "../../lib/workbench/engines/virtual_run.ts";
import { SURVIVES } from "../../lib/workbench/run/survives.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";

/** What the program of a challenge is run in. */
export interface Drawn {
  request: TestRequest;
  /** The command that runs the same. */
  command: string;
}

/** Operations a second are no more than this, whatever the official rate. */
const MOST_RATE = 80;

/**
 * Draws a world: some seconds, in which all faults that the challenge claims to survive come and go several times,
 * all at once.
 *
 * There are from a quarter of the official nodes up to all of them, and from a quarter of the rate up to all of it. A
 * worker whose node is killed waits for 5 s in vain: there are more workers then, and more time, so that there is
 * always somebody at work.
 */
export function drawWorld(challenge: Challenge, seed: string): Drawn {
  const random = seededRandom(seed).stream("world");
  const official = (flag: string) => Number(usualTexts(challenge).get(flag)![0]);
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
    // Nobody is asked to answer who is paused or down.
    ...faults.includes("pause") ? { availability: 0 } : {},
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const request = createRequest(challenge, parseArguments([...words, "--sim", "--seed", seed]), {
    root: "",
    files: NO_FILES,
  });
  return { request, command: formatCommand(request.command, seed) };
}

/**
 * From a quarter of a figure to the whole of it, rather less than more; but two nodes at least, unless there is one.
 */
function quarterToWhole(figure: number, random: Random): number {
  const draw = () => between(Math.max(Math.min(2, figure), figure / 4), figure, random);
  return Math.min(draw(), draw());
}

/** The program of a challenge is not read from a file here. */
const NO_FILES = { readTextFile: () => "", inspect: (path: string) => ({ kind: "executable" as const, path }) };

/** A whole number, both bounds included. */
function between(least: number, most: number, random: Random): number {
  return Math.ceil(least) + random.integer(Math.floor(most) - Math.ceil(least) + 1);
}

/** A program, whatever messages it declares. */
export type Program = (node: AnyNode) => void;

/** Runs the program of a challenge in a world. */
export function runWorld(
  { request: { options, challenge, workload, seed } }: Drawn,
  program: Program,
  hooks: VirtualTestHooks = {},
): Promise<Results> {
  const settings = { seed: seed!, targets: [], logNetSend: false, logNetRecv: false };
  return runVirtualTest(
    { ...options, ...settings, challenge: challenge!.id, workload: WORKLOADS[workload]! },
    program,
    hooks,
  );
}
