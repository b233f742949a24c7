/**
 * What `deno task measure` measures: one row each. Read it as a table.
 *
 * @module
 */

import { CHALLENGES } from "../../lib/workbench/request/challenges.ts";
import { UsageError } from "../../lib/workbench/base/errors.ts";
import type { Condition } from "./figures.ts";

/** One row. */
export interface Row {
  /** The number of a challenge, for the way it is run by default; or that with a word for another way. */
  id: string;
  /** What it is, in a few words. */
  title: string;
  /** Flags besides the official ones. */
  flags?: readonly string[];
  /** The program's arguments. */
  args?: readonly string[];
  /** What the challenge asks for. */
  limit?: string;
  /** The best that others have published: messages an operation, at median / max latency; their own claims, unless it says "measured". */
  published?: string;
  /** What is to be reached; nothing for a row that is only shown. */
  reach?: readonly Condition[];
}

const VALID = "valid";
const AVAILABLE = "valid, total availability";
const PARTITION = ["--nemesis", "partition"];
const LIMIT_3D = "< 30, 400 / 600 ms";
const LIMIT_3E = "< 20, 1 s / 2 s";
const FEWER = "fewer messages, faster";

/** All rows, in order. */
export const ROWS: readonly Row[] = [
  { id: "1", title: "echo", limit: VALID },
  {
    id: "2",
    title: "unique ids",
    limit: AVAILABLE,
    reach: [["msgs_per_op", "≤", 0], ["availability", "≥", 1], ["ids_per_second", "≥", 100_000]],
  },
  { id: "3a", title: "broadcast, one node", limit: VALID },
  { id: "3b", title: "broadcast", limit: VALID },
  { id: "3c", title: "broadcast, partitions", limit: VALID, reach: [["convergence_ms", "≤", 1000]] },
  {
    id: "3d",
    title: "broadcast, lowest latency",
    limit: LIMIT_3D,
    published: "11.79 at 84 / 105, without repair",
    reach: [["msgs_per_op", "≤", 12.4], ["median_latency_ms", "≤", 85], ["max_latency_ms", "≤", 115]],
  },
  {
    id: "3d-messages",
    title: "broadcast, fewest messages",
    args: ["--profile", "efficient", "--period", "340"],
    limit: LIMIT_3D,
    published: "1.99 at 339 / 678, over the limit",
    reach: [["msgs_per_op", "≤", 1.2], ["median_latency_ms", "≤", 260], ["max_latency_ms", "≤", 500]],
  },
  {
    id: "3e",
    title: "broadcast, few messages",
    limit: LIMIT_3E,
    published: "1.92 at 764 / 1087",
    reach: [["msgs_per_op", "≤", 0.6], ["median_latency_ms", "≤", 600], ["max_latency_ms", "≤", 1080]],
  },
  {
    id: "3e-messages",
    title: "broadcast, fewest messages",
    args: ["--period", "1650"],
    limit: LIMIT_3E,
    published: "1.92 at 764 / 1087",
    reach: [["msgs_per_op", "≤", 0.36], ["median_latency_ms", "<", 1000], ["max_latency_ms", "<", 2000]],
  },
  {
    id: "3e-partition",
    title: "broadcast, few messages, partitions",
    flags: PARTITION,
    published: "3.9 (measured; median 6.7 s); 7.62 at 1166 / 10136",
    reach: [["msgs_per_op", "≤", 1], ["convergence_ms", "≤", 1000]],
  },
  {
    id: "4",
    title: "counter, acknowledged when written",
    limit: VALID,
    published: "2.79",
    reach: [["msgs_per_op", "≤", 1.3], ["availability", "≥", 1]],
  },
  {
    id: "4-at-once",
    title: "counter, acknowledged at once",
    args: ["--acknowledge", "at-once"],
    limit: VALID,
    published: "0.72 without seq-kv, 2.79 with it",
    reach: [["msgs_per_op", "≤", 0.25], ["availability", "≥", 1], ["convergence_ms", "≤", 1000]],
  },
  { id: "5a", title: "log, one node", limit: VALID },
  {
    id: "5b",
    title: "log on lin-kv",
    limit: VALID,
    published: "4.78, availability 0.9996",
    reach: [["msgs_per_op", "≤", 1.6], ["operations_per_second", "≥", 780]],
  },
  {
    id: "5c",
    title: "log, efficient",
    limit: FEWER,
    published: "1.37",
    reach: [["msgs_per_op", "≤", 0.06], ["p99_ms", "≤", 5]],
  },
  { id: "5c-partition", title: "log, partitions", flags: PARTITION, reach: [["msgs_per_op", "≤", 0.06]] },
  { id: "5c-all", title: "log, acknowledged by all", args: ["--acks", "all"], limit: FEWER, published: "1.37" },
  { id: "6a", title: "transactions, one node", limit: AVAILABLE },
  {
    id: "6b",
    title: "transactions, partitions",
    limit: AVAILABLE,
    reach: [["msgs_per_op", "≤", 0.06], ["availability", "≥", 1], ["convergence_ms", "≤", 1000]],
  },
  {
    id: "6c",
    title: "read committed, partitions",
    limit: AVAILABLE,
    reach: [["msgs_per_op", "≤", 0.06], ["availability", "≥", 1], ["convergence_ms", "≤", 1000]],
  },
];

/** The challenge that a row is about. */
export function challengeOf({ id }: Pick<Row, "id">): (typeof CHALLENGES)[number] {
  const [number] = id.split("-");
  return CHALLENGES.find((challenge) => challenge.id === number)!;
}

/** The command that runs a row once, as a person would write it. */
export function commandOf(row: Pick<Row, "id" | "flags" | "args">): string {
  return ["./maelstrom.sh", ...wordsOf(row)].join(" ");
}

/** The words of that command, with flags besides those of the row. */
export function wordsOf(row: Pick<Row, "id" | "flags" | "args">, flags: readonly string[] = []): string[] {
  const program = row.args === undefined ? [] : ["--", ...row.args];
  return [challengeOf(row).id, ...row.flags ?? [], ...flags, ...program];
}

/**
 * The rows that are meant by some words, each the id of a row, or of a challenge for all its rows.
 *
 * @param words Separated by commas, such as `"3d,5c-all"`.
 * @throws {UsageError} A word means none.
 */
export function selectRows(words: string, rows: readonly Row[] = ROWS): Row[] {
  const wanted = words.split(",").map((word) => word.trim().toLowerCase()).filter((word) => word !== "");
  const means = (word: string, { id }: Row) => id === word || id.startsWith(`${word}-`);
  const unknown = wanted.find((word) => !rows.some((row) => means(word, row)));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot find the row ${unknown}: expected one of ${rows.map(({ id }) => id).join(", ")}`);
  }
  return rows.filter((row) => wanted.some((word) => means(word, row)));
}
