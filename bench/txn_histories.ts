/**
 * Histories of transactions and logs, and graphs of dependencies, for the benchmark of the checkers.
 */

import { buildGraph, createEdges, type Graph, link, RW, WW } from "../lib/workbench/checkers/graph/mod.ts";
import { transactions } from "../lib/workbench/workloads/generator.ts";
import type { Operation } from "../lib/workbench/history/operation.ts";
import { seededRandom } from "../lib/workbench/world/random.ts";

const PROCESSES = 10;

/**
 * Creates a history of transactions: 10 concurrent processes, 10 keys with up to 16 writes each, as Maelstrom generates
 * them.
 *
 * @param staleness Age of the state that each transaction reads, in rounds; 0 for a correct store.
 */
export function txnHistory(count: number, write: "append" | "w", staleness: number): Operation[] {
  const options = { write, keyCount: 10, minLength: 1, maxLength: 4, maxWritesPerKey: 16 };
  const next = transactions(seededRandom("bench"), options);
  const history: Operation[] = [];
  const add = (type: "invoke" | "ok", process: number, value: unknown) =>
    history.push({ index: history.length, time: history.length * 1e5, type, process, f: "txn", value });
  const lists = new Map<unknown, unknown[]>();
  // Length of each key's list at the end of each of the last rounds.
  const rounds: Map<unknown, number>[] = [];
  for (let done = 0; done < count; done += PROCESSES) {
    const asked = Array.from({ length: PROCESSES }, next);
    asked.forEach((value, process) => add("invoke", process, value));
    const past = rounds.at(-staleness);
    asked.forEach((value, process) => {
      const own = new Map<unknown, unknown[]>();
      const result = value.map(([f, key, element]) => {
        const list = lists.get(key) ?? [];
        if (f !== "r") {
          own.set(key, [...own.get(key) ?? [], element]);
          lists.set(key, [...list, element]);
          return [f, key, element];
        }
        const seen = staleness === 0 ? list : [...list.slice(0, past?.get(key) ?? 0), ...own.get(key) ?? []];
        return [f, key, write === "append" ? seen : seen.at(-1) ?? null];
      });
      add("ok", process, result);
    });
    if (staleness === 0) continue;
    rounds.push(new Map([...lists].map(([key, { length }]) => [key, length])));
    for (const key of lists.keys()) {
      if (lists.size > 30 && rounds.at(-40)?.has(key)) forgetIfFull(lists, rounds, key);
    }
    if (rounds.length > 50) rounds.shift();
  }
  return history;
}

/** Deletes a key if it is full and has not changed for 40 rounds: no stale read can be about it any more. */
function forgetIfFull(lists: Map<unknown, unknown[]>, rounds: Map<unknown, number>[], key: unknown): void {
  if (rounds.at(-40)!.get(key) === lists.get(key)!.length && lists.get(key)!.length === 16) lists.delete(key);
}

/** Creates a history of logs: 10 processes and 10 keys; each process sends a message and then polls it. */
export function kafkaHistory(count: number): Operation[] {
  const history: Operation[] = [];
  const add = (process: number, f: string, asked: unknown, result: unknown) => {
    for (const [type, value] of [["invoke", asked], ["ok", result]] as const) {
      history.push({ index: history.length, time: history.length * 1e5, type, process, f, value });
    }
  };
  const offsets = new Map<string, number>();
  for (let turn = 0; 2 * turn < count; turn++) {
    const [process, key] = [turn % 10, String(turn % 10)];
    const offset = offsets.get(key) ?? 0;
    offsets.set(key, offset + 1);
    add(process, "send", [["send", key, turn]], [["send", key, [offset, turn]]]);
    add(process, "poll", [["poll"]], [["poll", { [key]: [[offset, turn]] }]]);
  }
  return history;
}

/**
 * Creates a strongly connected component in which every cycle has at least two anti-dependencies: the slowest case, as
 * every search must fail. It has two halves that are joined only by anti-dependencies.
 */
export function hardComponent(size: number): Graph {
  const random = seededRandom("component");
  const half = size / 2;
  const edges = createEdges();
  for (const start of [0, half]) {
    for (let at = 0; at < half; at++) {
      for (let chord = 0; chord < 3; chord++) {
        const to = at + 1 + (chord === 0 ? 0 : random.integer(100));
        if (to < half) link(edges, start + at, start + to, WW);
      }
      link(edges, start + at, (start + half + random.integer(half)) % size, RW);
    }
  }
  return buildGraph(size, edges);
}
