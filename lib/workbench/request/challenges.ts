/**
 * The Gossip Glomers challenges: names, official commands, limits, and our programs.
 *
 * Source: <https://fly.io/dist-sys/>.
 *
 * @module
 */

import type { ProgramModule } from "../world/hosts/in_process/program_module.ts";
import type { TargetLimit } from "../run/results.ts";

/** One challenge. */
export interface Challenge {
  /** Number, such as `"3e"`. */
  id: string;
  /** Name, shared by all parts of a challenge, such as `"broadcast"`. */
  name: string;
  /** Title for people. */
  title: string;
  /** Maelstrom's workload. */
  workload: string;
  /** Flags of the official command, without the workload and the program. */
  flags: string;
  /** Limits that its figures must stay below; empty if validity is enough. */
  limits: readonly TargetLimit[];
  /** Our program: a key of {@linkcode PROGRAMS}. */
  program: string;
}

/** Our programs: for each executable in `challenges/bin/`, its file in `challenges/` and the arguments it gets. */
export const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "echo": ["echo.ts"],
  "unique-ids": ["unique_ids.ts"],
  "broadcast": ["broadcast.ts"],
  "broadcast-fast": ["broadcast_efficient.ts", "--profile", "fast"],
  "broadcast-efficient": ["broadcast_efficient.ts"],
  "g-counter": ["g_counter.ts"],
  "kafka-single": ["kafka_single.ts"],
  "kafka-lin-kv": ["kafka_lin_kv.ts"],
  "kafka": ["kafka.ts"],
  "txn": ["txn.ts"],
};

const GOSSIP = "--node-count 25 --time-limit 20 --rate 100 --latency 100";
const LOG = "--concurrency 2n --time-limit 20 --rate 1000";
const TRANSACTIONS = "--concurrency 2n --time-limit 20 --rate 1000";

/** All challenges, in order. */
export const CHALLENGES: readonly Challenge[] = [
  {
    id: "1",
    name: "echo",
    title: "Echo",
    workload: "echo",
    flags: "--node-count 1 --time-limit 10",
    limits: [],
    program: "echo",
  },
  {
    id: "2",
    name: "unique-ids",
    title: "Unique ID generation",
    workload: "unique-ids",
    flags: "--node-count 3 --time-limit 30 --rate 1000 --availability total --nemesis partition",
    limits: [],
    program: "unique-ids",
  },
  {
    id: "3a",
    name: "broadcast",
    title: "Single-node broadcast",
    workload: "broadcast",
    flags: "--node-count 1 --time-limit 20 --rate 10",
    limits: [],
    program: "broadcast",
  },
  {
    id: "3b",
    name: "broadcast",
    title: "Multi-node broadcast",
    workload: "broadcast",
    flags: "--node-count 5 --time-limit 20 --rate 10",
    limits: [],
    program: "broadcast",
  },
  {
    id: "3c",
    name: "broadcast",
    title: "Fault-tolerant broadcast",
    workload: "broadcast",
    flags: "--node-count 5 --time-limit 20 --rate 10 --nemesis partition",
    limits: [],
    program: "broadcast",
  },
  {
    id: "3d",
    name: "broadcast",
    title: "Efficient broadcast, part I",
    workload: "broadcast",
    flags: GOSSIP,
    limits: [
      { name: "msgs_per_op", limit: 30 },
      { name: "median_latency_ms", limit: 400 },
      { name: "max_latency_ms", limit: 600 },
    ],
    program: "broadcast-fast",
  },
  {
    id: "3e",
    name: "broadcast",
    title: "Efficient broadcast, part II",
    workload: "broadcast",
    flags: GOSSIP,
    limits: [
      { name: "msgs_per_op", limit: 20 },
      { name: "median_latency_ms", limit: 1000 },
      { name: "max_latency_ms", limit: 2000 },
    ],
    program: "broadcast-efficient",
  },
  {
    id: "4",
    name: "g-counter",
    title: "Grow-only counter",
    workload: "g-counter",
    flags: "--node-count 3 --time-limit 20 --rate 100 --nemesis partition",
    limits: [],
    program: "g-counter",
  },
  {
    id: "5a",
    name: "kafka",
    title: "Single-node Kafka-style log",
    workload: "kafka",
    flags: `--node-count 1 ${LOG}`,
    limits: [],
    program: "kafka-single",
  },
  {
    id: "5b",
    name: "kafka",
    title: "Multi-node Kafka-style log",
    workload: "kafka",
    flags: `--node-count 2 ${LOG}`,
    limits: [],
    program: "kafka-lin-kv",
  },
  {
    id: "5c",
    name: "kafka",
    title: "Efficient Kafka-style log",
    workload: "kafka",
    flags: `--node-count 2 ${LOG}`,
    limits: [],
    program: "kafka",
  },
  {
    id: "6a",
    name: "txn",
    title: "Single-node, totally available transactions",
    workload: "txn-rw-register",
    flags: `--node-count 1 ${TRANSACTIONS} --consistency-models read-uncommitted --availability total`,
    limits: [],
    program: "txn",
  },
  {
    id: "6b",
    name: "txn",
    title: "Totally available, read uncommitted transactions",
    workload: "txn-rw-register",
    flags:
      `--node-count 2 ${TRANSACTIONS} --consistency-models read-uncommitted --availability total --nemesis partition`,
    limits: [],
    program: "txn",
  },
  {
    id: "6c",
    name: "txn",
    title: "Totally available, read committed transactions",
    workload: "txn-rw-register",
    flags:
      `--node-count 2 ${TRANSACTIONS} --consistency-models read-committed --availability total --nemesis partition`,
    limits: [],
    program: "txn",
  },
];

/** Words that {@linkcode findChallenge} knows: the numbers, then the names. */
export const CHALLENGE_NAMES: readonly string[] = [
  ...CHALLENGES.map(({ id }) => id),
  ...new Set(CHALLENGES.map(({ name }) => name)),
];

/**
 * Finds a challenge by its number or name. A name means its most demanding part, which is the last.
 *
 * @param word Such as `"3e"`, `"3E"` or `"broadcast"`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findChallenge } from "./challenges.ts";
 *
 * assertEquals(findChallenge("broadcast")?.id, "3e");
 * assertEquals(findChallenge("7"), undefined);
 * ```
 */
export function findChallenge(word: string): Challenge | undefined {
  const wanted = word.toLowerCase();
  return CHALLENGES.find(({ id }) => id === wanted) ?? CHALLENGES.findLast(({ name }) => name === wanted);
}

/**
 * Finds the module to simulate for a program: the one that an executable in `challenges/bin/` starts, else the file
 * itself.
 *
 * @param bin Absolute path of the program.
 * @param root The project's folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findModule } from "./challenges.ts";
 *
 * assertEquals(findModule("/project/challenges/bin/broadcast-fast", ["--period", "500"], "/project"), {
 *   path: "/project/challenges/broadcast_efficient.ts",
 *   args: ["--profile", "fast", "--period", "500"],
 * });
 * assertEquals(findModule("/home/me/node.ts", [], "/project"), { path: "/home/me/node.ts", args: [] });
 * ```
 */
export function findModule(bin: string, args: readonly string[], root: string): ProgramModule {
  const folder = `${root}/challenges/bin/`;
  const own = bin.startsWith(folder) ? PROGRAMS[bin.slice(folder.length)] : undefined;
  if (own === undefined) return { path: bin, args };
  const [file, ...first] = own;
  return { path: `${root}/challenges/${file}`, args: [...first, ...args] };
}
