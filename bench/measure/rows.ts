/**
 * Table of the rows that `deno task measure` measures.
 *
 * @module
 */

import { CHALLENGES } from "../../lib/workbench/request/challenges.ts";
import { UsageError } from "../../lib/workbench/base/errors.ts";
import type { Condition } from "./figures.ts";

/** Row of the table. */
export interface Row {
  /** Number of a challenge: `"3e"`; with a word after it if the row adds flags or arguments: `"3e-messages"`. */
  id: string;
  /** Short description. */
  title: string;
  /** Flags in addition to the official ones. */
  flags?: readonly string[];
  /** Arguments of the program. */
  args?: readonly string[];
  /** Official goal of the challenge. */
  limit?: string;
  /**
   * Best published figures: messages an operation, at median / max latency in ms. Claims of their authors, unless
   * marked "measured".
   */
  published?: string;
  /** Conditions that our figures should meet; none for a row that is only shown. */
  goals?: readonly Condition[];
}

const VALID = "valid";
const AVAILABLE = "valid, total availability";
const PARTITION = ["--nemesis", "partition"];
const LIMIT_3D = "< 30, 400 / 600 ms";
const LIMIT_3E = "< 20, 1 s / 2 s";
const FEWER = "fewer messages, faster";

/** All rows, in the order of the page. */
export const ROWS: readonly Row[] = [
  { id: "1", title: "echo", limit: VALID },
  {
    id: "2",
    title: "unique ids",
    limit: AVAILABLE,
    goals: [["msgs_per_op", "≤", 0], ["availability", "≥", 1], ["ids_per_second", "≥", 100_000]],
  },
  { id: "3a", title: "broadcast, one node", limit: VALID },
  { id: "3b", title: "broadcast", limit: VALID },
  { id: "3c", title: "broadcast, partitions", limit: VALID, goals: [["convergence_ms", "≤", 1000]] },
  {
    id: "3d",
    title: "broadcast, lowest latency",
    limit: LIMIT_3D,
    published: "11.79 at 84 / 105, without repair",
    goals: [["msgs_per_op", "≤", 12.4], ["median_latency_ms", "≤", 85], ["max_latency_ms", "≤", 115]],
  },
  {
    id: "3d-messages",
    title: "broadcast, fewest messages",
    args: ["--profile", "efficient", "--period", "340"],
    limit: LIMIT_3D,
    published: "1.99 at 339 / 678, over the limit",
    goals: [["msgs_per_op", "≤", 1.2], ["median_latency_ms", "≤", 260], ["max_latency_ms", "≤", 500]],
  },
  {
    id: "3e",
    title: "broadcast, few messages",
    limit: LIMIT_3E,
    published: "1.92 at 764 / 1087",
    goals: [["msgs_per_op", "≤", 0.6], ["median_latency_ms", "≤", 600], ["max_latency_ms", "≤", 1080]],
  },
  {
    id: "3e-messages",
    title: "broadcast, fewest messages",
    args: ["--period", "1650"],
    limit: LIMIT_3E,
    published: "1.92 at 764 / 1087",
    goals: [["msgs_per_op", "≤", 0.36], ["median_latency_ms", "<", 1000], ["max_latency_ms", "<", 2000]],
  },
  {
    id: "3e-partition",
    title: "broadcast, few messages, partitions",
    flags: PARTITION,
    published: "3.9 (measured; median 6.7 s); 7.62 at 1166 / 10136",
    goals: [["msgs_per_op", "≤", 1], ["convergence_ms", "≤", 1000]],
  },
  {
    id: "4",
    title: "counter, acknowledged when written",
    limit: VALID,
    published: "2.79",
    goals: [["msgs_per_op", "≤", 1.3], ["availability", "≥", 1]],
  },
  {
    id: "4-at-once",
    title: "counter, acknowledged at once",
    args: ["--acknowledge", "at-once"],
    limit: VALID,
    published: "0.72 without seq-kv, 2.79 with it",
    goals: [["msgs_per_op", "≤", 0.25], ["availability", "≥", 1], ["convergence_ms", "≤", 1000]],
  },
  { id: "5a", title: "log, one node", limit: VALID },
  {
    id: "5b",
    title: "log on lin-kv",
    limit: VALID,
    published: "4.78, availability 0.9996",
    goals: [["msgs_per_op", "≤", 1.6], ["operations_per_second", "≥", 780]],
  },
  {
    id: "5c",
    title: "log, efficient",
    limit: FEWER,
    published: "1.37",
    goals: [["msgs_per_op", "≤", 0.06], ["p99_ms", "≤", 5]],
  },
  { id: "5c-partition", title: "log, partitions", flags: PARTITION, goals: [["msgs_per_op", "≤", 0.06]] },
  { id: "5c-all", title: "log, acknowledged by all", args: ["--acks", "all"], limit: FEWER, published: "1.37" },
  { id: "6a", title: "transactions, one node", limit: AVAILABLE },
  {
    id: "6b",
    title: "transactions, partitions",
    limit: AVAILABLE,
    goals: [["msgs_per_op", "≤", 0.06], ["availability", "≥", 1], ["convergence_ms", "≤", 1000]],
  },
  {
    id: "6c",
    title: "read committed, partitions",
    limit: AVAILABLE,
    goals: [["msgs_per_op", "≤", 0.06], ["availability", "≥", 1], ["convergence_ms", "≤", 1000]],
  },
];

/** Finds the challenge of a row. */
export function challengeOf({ id }: Pick<Row, "id">): (typeof CHALLENGES)[number] {
  const [number] = id.split("-");
  return CHALLENGES.find((challenge) => challenge.id === number)!;
}

/** Formats the command that runs a row once, as a user would type it. */
export function commandOf(row: Pick<Row, "id" | "flags" | "args">): string {
  return ["./maelstrom.sh", ...wordsOf(row)].join(" ");
}

/** Lists the words of that command after `./maelstrom.sh`, with additional flags. */
export function wordsOf(row: Pick<Row, "id" | "flags" | "args">, flags: readonly string[] = []): string[] {
  const program = row.args === undefined ? [] : ["--", ...row.args];
  return [challengeOf(row).id, ...row.flags ?? [], ...flags, ...program];
}

/**
 * Selects rows by their ids, or all rows of a challenge by its number.
 *
 * @param words Ids and numbers separated by commas, such as `"3d,5c-all"`.
 * @throws {UsageError} A word selects no row.
 */
export function selectRows(words: string, rows: readonly Row[] = ROWS): Row[] {
  const wanted = words.split(",").map((word) => word.trim().toLowerCase()).filter((word) => word !== "");
  const selects = (word: string, { id }: Row) => id === word || id.startsWith(`${word}-`);
  const unknown = wanted.find((word) => !rows.some((row) => selects(word, row)));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot find the row ${unknown}: expected one of ${rows.map(({ id }) => id).join(", ")}`);
  }
  return rows.filter((row) => wanted.some((word) => selects(word, row)));
}
