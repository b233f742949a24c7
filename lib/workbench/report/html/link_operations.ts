/**
 * Finds the operation of each message between a client and a node.
 *
 * Neither file has the other's names: a history has processes, `messages.jsonl` has clients. A client belongs to one
 * worker, and sends a request right after an operation of that worker was invoked:
 *
 * 1. Each request of a client is a vote for the worker whose operation was invoked last before it, and still open.
 * 2. The worker with most votes is the client's. Its requests belong to the operations that were open when they were
 *    sent.
 *
 * @module
 */

import type { MessageColumns, OperationColumns } from "./report_data.ts";

/** Requests that prepare a node, and belong to no operation. */
export const PREPARATIONS: readonly string[] = ["init", "topology"];

/** Number of operations before a request that are searched for those still open. */
const SEARCHED = 400;

/** Fills the column `operation` of messages. */
export function linkOperations(messages: MessageColumns, operations: OperationColumns): void {
  const sent = timesOf(messages.sent);
  const isClient = messages.names.map((name) => /^c\d+$/.test(name));
  const preparing = messages.types.map((type) => PREPARATIONS.includes(type));
  const requests = Map.groupBy(
    messages.src.flatMap((src, row) => isClient[src] && !preparing[messages.type[row]!] ? [row] : []),
    (row) => messages.src[row]!,
  );
  const perWorker = Map.groupBy(operations.index.keys(), (row) => operations.worker[row]!);
  const starts = new Map(
    Array.from(perWorker, ([worker, rows]) => [worker, rows.map((row) => operations.start[row]!)]),
  );
  for (const rows of requests.values()) {
    const worker = workerOf(rows.map((row) => sent[row]!), operations);
    if (worker === undefined) continue;
    for (const row of rows) {
      const operation = perWorker.get(worker)![lastBefore(sent[row]!, starts.get(worker)!)] ?? -1;
      messages.operation[row] = operation !== -1 && isOpen(operation, sent[row]!, operations) ? operation : -1;
    }
  }
  messages.reply.forEach((distance, row) => {
    if (distance > 0 && isClient[messages.dest[row]!]) messages.operation[row] = messages.operation[row - distance]!;
  });
}

/** Adds up differences to times. */
export function timesOf(differences: readonly number[]): number[] {
  let time = 0;
  return differences.map((difference) => time += difference);
}

/** Finds the worker of a client from the times of its requests, µs. */
export function workerOf(times: readonly number[], operations: OperationColumns): number | undefined {
  const votes = new Map<number, number>();
  for (const time of times) {
    for (const row of latestOpen(time, operations)) {
      const worker = operations.worker[row]!;
      votes.set(worker, (votes.get(worker) ?? 0) + 1);
    }
  }
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Returns the operation that was invoked last of those open at a time, or several that were invoked together. */
function latestOpen(time: number, operations: OperationColumns): number[] {
  const { start } = operations;
  const last = lastBefore(time, start);
  const found: number[] = [];
  for (let row = last; row >= 0 && row > last - SEARCHED; row--) {
    if (found.length > 0 && start[row] !== start[found[0]!]) break;
    if (isOpen(row, time, operations)) found.push(row);
  }
  return found;
}

function isOpen(row: number, time: number, { start, duration }: OperationColumns): boolean {
  return start[row]! <= time && (duration[row] === -1 || start[row]! + duration[row]! >= time);
}

/** Position of the last of some ascending numbers that is at most `limit`; -1 if there is none. */
function lastBefore(limit: number, numbers: readonly number[]): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
