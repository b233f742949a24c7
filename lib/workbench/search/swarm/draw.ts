/**
 * Draws the tests of a swarm: each is a challenge with random changes to its official test. The swarm's seed and the
 * test's number determine everything.
 *
 * @module
 */

import { flagValues } from "../../request/arguments.ts";
import type { Challenge } from "../../request/challenges.ts";
import { defaultTexts } from "../../request/configuration.ts";
import { SURVIVES } from "../../run/survives.ts";
import { TOPOLOGIES } from "../../workloads/topology.ts";
import { type Random, seededRandom } from "../../world/random.ts";

/** One test of a swarm. */
export interface DrawnTest {
  /** Position in the swarm, from 1. */
  number: number;
  challenge: Challenge;
  /** Flags that differ from the official test, the seed among them, as one would write them after the challenge. */
  flags: string[];
}

/** Largest change of a figure: from a quarter of the official one to four times as much. */
const FACTOR = 4;
/**
 * Limits on the size of a test, so that it does not take long: operations, messages if each operation costs one a node,
 * and the work if each such message costs every node something, as in a mesh.
 */
const MAX_OPERATIONS = 4000;
const MAX_MESSAGES = 40_000;
const MAX_WORK = 1_000_000;
/** Latency to vary if the official one is 0, ms. */
const SMALL_LATENCY = 25;

/**
 * Draws one test: challenge, number of nodes and workers, rate, latencies, topology, and some of the faults that the
 * challenge claims to survive. Each figure is between a quarter of the official one and four times as much. A challenge
 * for one node keeps one node. A test that would take long gets less time or a lower rate.
 *
 * @param seed The swarm's seed.
 * @param number Position in the swarm, from 1. Draws do not depend on those of other positions.
 * @param challenges The challenges to choose from.
 */
export function drawTest(seed: string, number: number, challenges: readonly Challenge[]): DrawnTest {
  const swarm = seededRandom(seed).stream("swarm");
  const random = swarm.stream(String(number));
  const challenge = drawChallenge(number, challenges, swarm);
  // Texts of all flags: the official ones, else the defaults.
  const defaults = defaultTexts(challenge);
  const official = flagValues(defaults);
  const nodes = official["node-count"] === 1 ? 1 : drawAround(official["node-count"]!, random);
  const { rate, timeLimitSeconds } = drawLength(official.rate!, official["time-limit"]!, nodes, random);
  const faults = drawFaults(SURVIVES[challenge.id]!, random);
  const texts: Record<string, string> = {
    "node-count": String(nodes),
    "concurrency": drawConcurrency(official.concurrency!.count, nodes, random),
    "time-limit": String(timeLimitSeconds),
    "rate": String(rate),
    "latency": String(drawLatency(official.latency!, random)),
    "latency-dist": random.pick(["constant", "uniform", "exponential"]),
    ...challenge.workload === "broadcast" ? { topology: random.pick(Object.keys(TOPOLOGIES)) } : {},
    "nemesis": faults.length === 0 ? "none" : faults.join(),
    // Short enough that each fault begins and ends several times.
    "nemesis-interval": (timeLimitSeconds * random.pick([0.05, 0.1, 0.2, 0.4])).toFixed(2),
    "seed": `${seed}-${number}`,
  };
  const changed = Object.entries(texts).filter(([name, text]) => defaults.get(name)?.[0] !== text);
  return { number, challenge, flags: changed.flatMap(([name, text]) => [`--${name}`, text]) };
}

/** Draws a challenge in rounds, each with every challenge once: so a swarm of few tests leaves none out. */
function drawChallenge(number: number, challenges: readonly Challenge[], swarm: Random): Challenge {
  const [round, place] = [Math.floor((number - 1) / challenges.length), (number - 1) % challenges.length];
  return swarm.stream("challenges").stream(String(round)).shuffle(challenges)[place]!;
}

/** Draws a whole number from a quarter of a figure to four times as much, as likely below it as above. */
function drawAround(figure: number, random: Random): number {
  const drawn = Math.round(figure * FACTOR ** (2 * random.float() - 1));
  return Math.max(1, Math.ceil(figure / FACTOR), Math.min(drawn, figure * FACTOR));
}

/** Draws rate, in requests/s, and time limit. If the test would be too large, lowers one of them, chosen at random. */
function drawLength(officialRate: number, officialSeconds: number, nodes: number, random: Random) {
  const maxOperations = Math.min(MAX_OPERATIONS, MAX_MESSAGES / nodes, MAX_WORK / nodes ** 2);
  const seconds = drawAround(officialSeconds, random);
  let rate = drawAround(officialRate, random);
  if (random.float() < 0.5) {
    rate = Math.max(Math.ceil(officialRate / FACTOR), Math.min(rate, Math.floor(maxOperations / seconds)));
  }
  return { rate, timeLimitSeconds: Math.max(1, Math.min(seconds, Math.floor(maxOperations / rate))) };
}

/** Draws the number of workers, relative to the official number per node. */
function drawConcurrency(perNode: number, nodes: number, random: Random): string {
  const workers = drawAround(perNode * nodes, random);
  return workers < nodes ? String(workers) : `${Math.floor(workers / nodes)}n`;
}

function drawLatency(official: number, random: Random): number {
  if (official === 0 && random.float() < 0.25) return 0;
  return drawAround(official || SMALL_LATENCY, random);
}

/** Draws each fault with probability 1/2. If that leaves none, draws one fault or none. */
function drawFaults(survived: readonly string[], random: Random): string[] {
  const chosen = survived.filter(() => random.float() < 0.5);
  if (chosen.length > 0) return chosen;
  return random.float() < 0.5 ? [] : [random.pick(survived)];
}
