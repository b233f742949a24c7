/**
 * What a swarm runs: each test is drawn from the swarm's seed, around the official one.
 *
 * @module
 */

import { flagValues } from "../../request/arguments.ts";
import type { Challenge } from "../../request/challenges.ts";
import { usualTexts } from "../../request/configuration.ts";
import { type Random, seededRandom } from "../../world/random.ts";
import { SURVIVES } from "../../run/survives.ts";
import { TOPOLOGIES } from "../../workloads/topology.ts";

/** A test of a swarm. */
export interface DrawnTest {
  /** Which it is: 1, 2, 3 … */
  number: number;
  challenge: Challenge;
  /** The flags that it is run with, as one would write them after the challenge, the seed among them. */
  words: string[];
}

/** How far a figure is from the official one at most: four times as much, or a fourth of it. */
const FACTOR = 4;
/** About how much a test may be to simulate: operations, and operations times nodes. */
const MOST_OPERATIONS = 4000;
const MOST_WORK = 40_000;
/** What stands for a latency of 0, of which four times as much is no more; ms. */
const SMALL_LATENCY = 25;

/**
 * Draws a test: the challenge, how many nodes and workers, the rate, latencies, topology, and which of the faults that the challenge
 * claims to survive. Each figure is from a fourth to four times the official one; a challenge for one node keeps it. A test that would
 * be long to simulate is shorter.
 *
 * @param seed The swarm's seed.
 * @param number Which test of the swarm: the same for the same seed, whatever was drawn before.
 * @param challenges What to choose from.
 */
export function drawTest(seed: string, number: number, challenges: readonly Challenge[]): DrawnTest {
  const random = seededRandom(seed).stream("swarm").stream(String(number));
  const challenge = random.pick(challenges);
  const usual = usualTexts(challenge);
  const official = flagValues(usual);
  const nodes = official["node-count"] === 1 ? 1 : scaled(official["node-count"]!, random);
  const { rate, timeLimitSeconds } = drawLength(official.rate!, official["time-limit"]!, nodes, random);
  const faults = drawFaults(SURVIVES[challenge.id]!, random);
  const flags: Record<string, string> = {
    "node-count": String(nodes),
    "concurrency": drawConcurrency(official.concurrency!.count, nodes, random),
    "time-limit": String(timeLimitSeconds),
    "rate": String(rate),
    "latency": String(drawLatency(official.latency!, random)),
    "latency-dist": random.pick(["constant", "uniform", "exponential"]),
    ...challenge.workload === "broadcast" ? { topology: random.pick(Object.keys(TOPOLOGIES)) } : {},
    "nemesis": faults.length === 0 ? "none" : faults.join(),
    // So that each fault comes and goes a few times.
    "nemesis-interval": (timeLimitSeconds * random.pick([0.05, 0.1, 0.2, 0.4])).toFixed(2),
    // Nobody is asked to answer who is paused or down.
    ...faults.includes("pause") || faults.includes("kill") ? { availability: "0" } : {},
    "seed": `${seed}-${number}`,
  };
  const drawn = Object.entries(flags).filter(([name, text]) => usual.get(name)?.[0] !== text);
  return { number, challenge, words: drawn.flatMap(([name, text]) => [`--${name}`, text]) };
}

/** A whole number from a fourth of a figure to four times as much; as likely below it as above. */
function scaled(figure: number, random: Random): number {
  const drawn = Math.round(figure * FACTOR ** (2 * random.float() - 1));
  return Math.max(1, Math.ceil(figure / FACTOR), Math.min(drawn, figure * FACTOR));
}

/** The rate and the time limit. Where there would be too much to simulate, one of them is lower. */
function drawLength(officialRate: number, officialLimit: number, nodes: number, random: Random) {
  const most = Math.min(MOST_OPERATIONS, MOST_WORK / nodes);
  const timeLimitSeconds = scaled(officialLimit, random);
  let rate = scaled(officialRate, random);
  // Both are of use: many operations at once, and time enough for faults to come and go.
  if (random.float() < 0.5) {
    rate = Math.max(Math.ceil(officialRate / FACTOR), Math.min(rate, Math.floor(most / timeLimitSeconds)));
  }
  return { rate, timeLimitSeconds: Math.max(1, Math.min(timeLimitSeconds, Math.floor(most / rate))) };
}

/** Workers, from a fourth to four times the official number for each node. */
function drawConcurrency(perNode: number, nodes: number, random: Random): string {
  const workers = scaled(perNode * nodes, random);
  return workers < nodes ? String(workers) : `${Math.floor(workers / nodes)}n`;
}

function drawLatency(official: number, random: Random): number {
  if (official === 0 && random.float() < 0.25) return 0;
  return scaled(official || SMALL_LATENCY, random);
}

/** Each with a chance of one half, so that most are together with some others and without some; or none at all. */
function drawFaults(survived: readonly string[], random: Random): string[] {
  const chosen = survived.filter(() => random.float() < 0.5);
  if (chosen.length > 0) return chosen;
  return random.float() < 0.5 ? [] : [random.pick(survived)];
}
