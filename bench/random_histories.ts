/**
 * Random small histories of every workload, right and wrong ones, for the comparison with other checkers.
 *
 * 1. Clients take turns: each invokes an operation, lets it take effect, and completes it.
 * 2. A store performs them. How often it makes a mistake is drawn for each history; a third have none.
 * 3. Some operations fail, have an unknown outcome, or never complete.
 */

import type { Operation } from "../lib/workbench/history/operation.ts";
import type { Random } from "../lib/workbench/world/random.ts";

/** An operation that a client is to perform. */
interface Task {
  f: string;
  value: unknown;
  /** Takes effect, and returns the value of the completion; undefined if the operation fails. */
  perform(): unknown;
  final?: true;
}

/** A store that makes mistakes, as a source of operations. */
interface Store {
  next(process: number): Task;
  /** Creates the operation with which a client ends. */
  final?(process: number): Task;
}

/** Source of the randomness of a history. */
interface Draw {
  random: Random;
  /** Draws whether the store makes a mistake now. */
  errs(): boolean;
}

/** Client of a history in the making. */
interface Client {
  process: number;
  task?: Task;
  /** Result, once the operation has taken effect. */
  result?: { value: unknown };
}

/** Creates the stores, by workload. */
const STORES: Record<string, (draw: Draw) => Store> = {
  "echo": echoStore,
  "unique-ids": idStore,
  "broadcast": (draw) => setStore(draw, "broadcast"),
  "g-set": (draw) => setStore(draw, "add"),
  "g-counter": (draw) => counterStore(draw, 0),
  "pn-counter": (draw) => counterStore(draw, -5),
  "lin-kv": registerStore,
  "kafka": kafkaStore,
  "txn-list-append": (draw) => txnStore(draw, "append"),
  "txn-rw-register": (draw) => txnStore(draw, "w"),
};

/** The workloads whose histories can be drawn. */
export const DRAWN_WORKLOADS: readonly string[] = Object.keys(STORES);

/**
 * Draws a history.
 *
 * @param workload One of {@linkcode DRAWN_WORKLOADS}.
 */
export function drawHistory(workload: string, random: Random): Operation[] {
  const rate = random.pick([0, 0.05, 0.3]);
  const store = STORES[workload]!({ random, errs: () => random.float() < rate });
  const clients = Array.from({ length: 1 + random.integer(4) }, (_, process): Client => ({ process }));
  const history: Operation[] = [];
  const count = 3 + random.integer(14);
  for (let begun = 0; begun < count || clients.some(({ task }) => task !== undefined);) {
    const client = random.pick(clients);
    if (client.task === undefined) {
      if (begun++ < count) begin(history, client, store.next(client.process));
    } else if (client.result === undefined) takeEffect(client, client.task, random, rate);
    else complete(history, client, clients.length, random);
  }
  for (const client of clients) {
    if (store.final === undefined) break;
    begin(history, client, store.final(client.process));
    client.result = { value: client.task!.perform() };
    add(history, "ok", client, client.result.value);
  }
  return random.float() < 0.05 ? withoutEnd(history, random) : history;
}

function add(history: Operation[], type: Operation["type"], { process, task }: Client, value: unknown): void {
  const index = history.length;
  const operation: Operation = { index, time: index * 1e6, type, process, f: task!.f, value };
  if (type === "info") operation.error = "net-timeout";
  if (type === "fail") operation.error = ["abort", "no"];
  if (task!.final) operation.final = true;
  history.push(operation);
}

function begin(history: Operation[], client: Client, task: Task): void {
  client.task = task;
  client.result = undefined;
  add(history, "invoke", client, task.value);
}

/** Without an effect, the operation will fail or have an unknown outcome; a mistake is one that fails and has one. */
function takeEffect(client: Client, task: Task, random: Random, rate: number): void {
  const hasEffect = random.float() < 0.9;
  const value = hasEffect || random.float() < rate ? task.perform() : undefined;
  client.result = { value: hasEffect ? value : undefined };
}

function complete(history: Operation[], client: Client, clients: number, random: Random): void {
  const { task, result } = client;
  const hasEffect = result!.value !== undefined;
  const isKnown = random.float() < (hasEffect ? 0.92 : 0.6);
  if (isKnown) add(history, hasEffect ? "ok" : "fail", client, hasEffect ? result!.value : task!.value);
  else {
    add(history, "info", client, task!.value);
    client.process += clients;
  }
  client.task = undefined;
}

/** Cuts a history before its end. */
function withoutEnd(history: Operation[], random: Random): Operation[] {
  return history.slice(0, Math.ceil(history.length * (0.5 + random.float() / 2)));
}

function echoStore({ random, errs }: Draw): Store {
  return {
    next() {
      const value = `Please echo ${random.integer(128)}`;
      return { f: "echo", value, perform: () => ({ type: "echo_ok", echo: errs() ? "pardon" : value }) };
    },
  };
}

function idStore({ random, errs }: Draw): Store {
  let last = 0;
  const kind = random.pick(["number", "number", "text", "mixed"]);
  const name = (id: number) => kind === "number" || (kind === "mixed" && id % 3 === 0) ? id : `id-${id}`;
  return { next: () => ({ f: "generate", value: null, perform: () => name(errs() ? last : ++last) }) };
}

function setStore({ random, errs }: Draw, write: string): Store {
  const elements: number[] = [];
  let last = 0;
  const read = (): Task => ({ f: "read", value: null, perform: () => elements.filter(() => !errs()) });
  const add = (element: number): Task => ({
    f: write,
    value: element,
    perform() {
      if (!errs()) elements.push(element);
      return element;
    },
  });
  return { next: () => random.float() < 0.5 ? read() : add(last++), final: read };
}

function counterStore({ random, errs }: Draw, least: number): Store {
  let sum = 0;
  const read = (): Task => ({ f: "read", value: null, perform: () => errs() ? sum - 1 : sum });
  return {
    next() {
      if (random.float() < 0.4) return read();
      const value = least + random.integer(10);
      const perform = () => {
        if (!errs()) sum += value;
        return value;
      };
      return { f: "add", value, perform };
    },
    final: () => ({ ...read(), final: true }),
  };
}

function registerStore({ random, errs }: Draw): Store {
  const past: (number | null)[][] = [[null], [null]];
  return {
    next() {
      const [key, f] = [random.integer(2), random.pick(["read", "write", "cas"])];
      const states = past[key]!;
      const [from, to] = [random.integer(3), random.integer(3)];
      const value = { read: null, write: to, cas: [from, to] }[f];
      const perform = () => {
        const state = errs() ? random.pick(states) : states.at(-1)!;
        // A read of a missing key fails in Maelstrom, and so does a cas from another value.
        if (f === "read") return state === null && !errs() ? undefined : [key, state];
        if (f === "cas" && state !== from) return undefined;
        states.push(to);
        return [key, value];
      };
      return { f, value: [key, value], perform };
    },
  };
}

function kafkaStore({ random, errs }: Draw): Store {
  const logs: Record<string, [offset: number, message: number][]> = { a: [], b: [] };
  const positions = new Map<string, number>();
  let last = 0;
  const send = (key: string, message: number): Task => ({
    f: "send",
    value: [["send", key, message]],
    perform() {
      const log = logs[key]!;
      const previous = log.at(-1)?.[0] ?? -1;
      const offset = errs() ? previous : previous + 1 + (random.float() < 0.1 ? 1 : 0);
      if (!errs()) log.push([Math.max(0, offset), message]);
      return [["send", key, [Math.max(0, offset), message]]];
    },
  });
  const poll = (process: number, most = 1 + random.integer(3)): Task => ({
    f: "poll",
    value: [["poll"]],
    perform() {
      const polled: Record<string, unknown> = {};
      for (const [key, log] of Object.entries(logs)) {
        const name = `${process} ${key}`;
        const start = Math.max(0, (positions.get(name) ?? 0) + (errs() ? random.pick([-1, 1]) : 0));
        const messages = log.slice(start, start + most).filter(() => !errs());
        positions.set(name, start + messages.length);
        if (messages.length > 0) polled[key] = messages;
        else if (errs()) polled[key] = random.pick([[], null]);
      }
      return [["poll", polled]];
    },
  });
  return {
    next: (process) => random.float() < 0.5 ? send(random.pick(["a", "b"]), last++) : poll(process),
    final: (process) => poll(process, Infinity),
  };
}

type MicroOperationTuple = [f: string, key: number, value: unknown];

function txnStore({ random, errs }: Draw, write: "append" | "w"): Store {
  // By key, its states in order: lists of what was written.
  const states: number[][][] = [[[]], [[]], [[]]];
  // Takes the next step of each transaction that was begun.
  const open: (() => unknown)[] = [];
  let last = 0;
  const empty = random.pick([null, null, []]);
  const resultOf = (list: readonly number[]) => {
    if (write === "w") return list.at(-1) ?? null;
    return list.length === 0 ? (errs() ? [] : empty) : list;
  };
  function performOne([f, key, value]: MicroOperationTuple): MicroOperationTuple {
    const versions = states[key]!;
    // A mistake reads or writes on the basis of an older version.
    const basis = errs() ? random.pick(versions) : versions.at(-1)!;
    if (f === "r") return [f, key, resultOf(basis)];
    if (!errs()) versions.push([...basis, value as number]);
    return [f, key, value];
  }
  return {
    next() {
      const value = Array.from({ length: 1 + random.integer(4) }, (): MicroOperationTuple => {
        const key = random.integer(3);
        return random.float() < 0.5 ? ["r", key, null] : [write, key, ++last];
      });
      const result: MicroOperationTuple[] = [];
      const isDone = () => result.length === value.length;
      const step = () => isDone() || result.push(performOne(value[result.length]!));
      open.push(step);
      const perform = () => {
        while (!isDone()) {
          // By mistake, another transaction takes a step meanwhile.
          if (errs()) random.pick(open)();
          step();
        }
        return errs() && random.float() < 0.1 ? misanswer(result, random) : result;
      };
      return { f: "txn", value, perform };
    },
  };
}

/** Changes the shape of a reply. */
function misanswer(result: MicroOperationTuple[], random: Random): MicroOperationTuple[] {
  const [[f, key, value]] = result as [MicroOperationTuple];
  return random.pick<MicroOperationTuple[]>([
    [],
    result.slice(1),
    [...result, [f, key, value]],
    [[f, key + 1, value], ...result.slice(1)],
  ]);
}
