/**
 * Histories of sets, counters, ids, registers and logs for the benchmark of the checkers: correct ones, and worst
 * cases.
 */

import type { Operation } from "../lib/workbench/history/operation.ts";
import { seededRandom } from "../lib/workbench/world/random.ts";

/** Adds an operation: its invocation and its completion. */
function operate(
  history: Operation[],
  process: number,
  f: string,
  value: unknown,
  result: unknown,
  type: "ok" | "fail" | "info" = "ok",
  final?: true,
): void {
  begin(history, process, f, value, final);
  end(history, process, f, result, type, final);
}

function begin(history: Operation[], process: number, f: string, value: unknown, final?: true): void {
  history.push({ index: history.length, time: history.length * 1e5, type: "invoke", process, f, value, final });
}

function end(history: Operation[], process: number, f: string, value: unknown, type: Operation["type"], final?: true) {
  history.push({ index: history.length, time: history.length * 1e5, type, process, f, value, final });
}

/**
 * Creates a history of a set: 25 processes add and read in turns. Memory would not hold a list for each read. So new
 * elements become visible every 500 elements, and the reads in between alternate between two copies, so that no list is
 * the same object as the one read before.
 */
export function setHistory(operations: number, copy: (elements: readonly number[]) => number[]): Operation[] {
  const history: Operation[] = [];
  const elements: number[] = [];
  let copies: number[][] = [[], []];
  let reads = 0;
  for (let turn = 0; turn < operations; turn++) {
    const process = turn % 25;
    if (turn % 2 === 0) {
      operate(history, process, "add", elements.length, elements.length);
      elements.push(elements.length);
    } else {
      if (elements.length % 500 === 0) copies = [copy(elements), copy(elements)];
      operate(history, process, "read", null, copies[reads++ % 2]);
    }
  }
  operate(history, 0, "read", null, copy(elements));
  return history;
}

/** Copies elements in random order. */
export function shuffle(elements: readonly number[]): number[] {
  const random = seededRandom("shuffle");
  return elements.map((element) => ({ element, at: random.float() })).sort((a, b) => a.at - b.at)
    .map(({ element }) => element);
}

/** Creates a history of a counter: adds, one in ten of unknown outcome, and a final read. */
export function counterHistory(operations: number): Operation[] {
  const history: Operation[] = [];
  let sum = 0;
  for (let turn = 0; turn < operations; turn++) {
    const delta = turn * 7 % 13 - 5;
    if (turn % 10 === 0) operate(history, turn, "add", delta, delta, "info");
    else {
      operate(history, 0, "add", delta, delta);
      sum += delta;
    }
  }
  operate(history, 0, "read", null, sum, "ok", true);
  return history;
}

/** Creates a history of unique ids. */
export function idHistory(operations: number): Operation[] {
  const history: Operation[] = [];
  for (let turn = 0; turn < operations; turn++) operate(history, turn % 10, "generate", null, `n${turn % 3}-${turn}`);
  return history;
}

/** Creates a history of correct echoes. */
export function echoHistory(operations: number): Operation[] {
  const history: Operation[] = [];
  for (let turn = 0; turn < operations; turn++) {
    operate(history, turn % 10, "echo", `Please echo ${turn}`, { echo: `Please echo ${turn}` });
  }
  return history;
}

/** Operation of a client on a register. Its `type` is undefined until it takes effect. */
interface RegisterOperation {
  key: number;
  f: string;
  value: unknown;
  type?: "ok" | "fail" | "info";
}

/**
 * Creates a history of registers: ten concurrent clients read, write, and compare-and-set five registers.
 *
 * @param unknown Operations of unknown outcome, out of 1,000.
 * @param wrong If true, a last read of each register returns a value that was never written.
 */
export function registerHistory(operations: number, unknown: number, wrong = false): Operation[] {
  const random = seededRandom("registers");
  const history: Operation[] = [];
  const states: unknown[] = [null, null, null, null, null];
  const processes = Array.from({ length: 10 }, (_, client) => client);
  const open = new Map<number, RegisterOperation>();
  for (let done = 0; done < operations;) {
    const client = random.integer(10);
    const current = open.get(client);
    const process = processes[client]!;
    if (current === undefined) {
      const [key, f] = [random.integer(5), ["read", "write", "cas"][random.integer(3)]!];
      const value = { read: null, write: random.integer(5), cas: [random.integer(5), random.integer(5)] }[f];
      open.set(client, { key, f, value });
      begin(history, process, f, [key, value]);
    } else if (current.type === undefined) takeEffect(current, states, random.integer(1000) < unknown);
    else {
      end(history, process, current.f, [current.key, current.value], current.type);
      open.delete(client);
      if (current.type === "info") processes[client]! += 10;
      done++;
    }
  }
  for (let key = 0; wrong && key < 5; key++) operate(history, 1e6 + key, "read", [key, null], [key, -1]);
  return history;
}

function takeEffect(operation: RegisterOperation, states: unknown[], isUnknown: boolean): void {
  const { key, f, value } = operation;
  operation.type = isUnknown ? "info" : "ok";
  if (f === "read") operation.value = isUnknown ? null : states[key];
  else if (f === "write") states[key] = value;
  else if ((value as unknown[])[0] === states[key]) states[key] = (value as unknown[])[1];
  else if (!isUnknown) operation.type = "fail";
}

/** Creates a history of logs in which only the last message of each is ever polled: all others are lost. */
export function lostHistory(operations: number): Operation[] {
  const history: Operation[] = [];
  for (let turn = 0; turn < operations; turn++) {
    const [key, offset] = [String(turn % 10), Math.floor(turn / 10)];
    operate(history, turn % 10, "send", [["send", key, turn]], [["send", key, [offset, turn]]]);
  }
  for (let key = 0; key < 10; key++) {
    const last = [operations / 10 - 1, operations - 10 + key];
    operate(history, 50, "poll", [["poll"]], [["poll", { [key]: [last] }]]);
  }
  return history;
}
