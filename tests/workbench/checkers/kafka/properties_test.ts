import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkKafka } from "../../../../lib/workbench/checkers/kafka/mod.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";

const PROCESSES = 4;
const KEYS = ["a", "b", "c"];

interface Move {
  process: number;
  draw: number;
}

const MOVES = fc.array(fc.record({ process: fc.nat({ max: PROCESSES - 1 }), draw: fc.nat({ max: 9999 }) }), {
  minLength: 40,
  maxLength: 200,
  size: "max",
});

type Pair = [offset: number, value: number];

/**
 * Runs moves on a correct log. A process invokes an operation with its first move; the operation takes effect with its
 * second, and completes with its third. Sends can fail or time out; clients can be assigned other keys, or crash. At
 * the end a new client polls everything, in two parts.
 */
function play(moves: readonly Move[]): Operation[] {
  const history: Operation[] = [];
  const logs = new Map(KEYS.map((key) => [key, [] as Pair[]]));
  const clients = Array.from({ length: PROCESSES + 1 }, (_, process) => ({
    process,
    offsets: new Map(KEYS.map((key) => [key, 0])),
    open: undefined as
      | { f: string; value: unknown; effect: () => void; done?: boolean; type: Operation["type"] }
      | undefined,
  }));
  let sent = 0;

  function log(process: number, type: Operation["type"], f: string, value: unknown) {
    history.push({ index: history.length, time: history.length * 1e6, type, process, f, value });
  }
  function begin(
    client: typeof clients[number],
    f: string,
    value: unknown,
    type: Operation["type"],
    effect: () => void,
  ) {
    log(client.process, "invoke", f, value);
    client.open = { f, value, type, effect };
  }
  function send(client: typeof clients[number], draw: number) {
    const key = KEYS[draw % KEYS.length]!;
    const value = ++sent;
    const type = draw % 11 === 0 ? "fail" : draw % 13 === 0 ? "info" : "ok";
    begin(client, "send", [["send", key, value]], type, () => {
      if (type === "fail" || (type === "info" && draw % 2 === 0)) return;
      const messages = logs.get(key)!;
      // Offsets have gaps.
      const offset = (messages.at(-1)?.[0] ?? -1) + 1 + draw % 3;
      messages.push([offset, value]);
      if (type === "ok") client.open!.value = [["send", key, [offset, value]]];
    });
  }
  function poll(client: typeof clients[number], limit: number) {
    begin(client, "poll", [["poll"]], "ok", () => {
      const polled: Record<string, Pair[]> = {};
      for (const [key, offset] of client.offsets) {
        const pairs = logs.get(key)!.filter((pair) => pair[0] >= offset).slice(0, limit);
        if (pairs.length === 0) continue;
        polled[key] = pairs.map((pair) => [...pair]);
        client.offsets.set(key, pairs.at(-1)![0] + 1);
      }
      client.open!.value = [["poll", polled]];
    });
  }
  function assign(client: typeof clients[number], keys: string[]) {
    begin(client, "assign", keys, "ok", () => {
      client.offsets = new Map(keys.map((key) => [key, client.offsets.get(key) ?? 0]));
    });
  }
  function step(client: typeof clients[number], draw: number) {
    const { open } = client;
    if (open === undefined) {
      if (draw % 20 === 0) assign(client, KEYS.filter((_, index) => (draw >> index) % 2 === 0));
      else if (draw % 20 === 1) begin(client, "crash", null, "info", () => {});
      else if (draw % 2 === 0) poll(client, 1 + draw % 4);
      else send(client, draw >> 1);
    } else if (!open.done) {
      open.effect();
      open.done = true;
    } else {
      log(client.process, open.type, open.f, open.value);
      client.open = undefined;
      if (open.type !== "info") return;
      client.process += PROCESSES + 1;
      client.offsets = new Map(KEYS.map((key) => [key, 0]));
    }
  }
  for (const { process, draw } of moves) step(clients[process]!, draw);
  for (const client of clients.slice(0, PROCESSES)) while (client.open) step(client, 0);
  const last = clients[PROCESSES]!;
  for (const limit of [3, Infinity]) {
    poll(last, limit);
    while (last.open) step(last, 0);
  }
  return history;
}

/** The results of all acknowledged polls of a key. They can be changed in place. */
function polled(history: readonly Operation[], key: string): Pair[][] {
  return history.filter(({ type, f }) => type === "ok" && f === "poll").flatMap(({ value }) => {
    const pairs = (value as [string, Record<string, Pair[]>][])[0]![1][key];
    return pairs ? [pairs] : [];
  });
}

/** The two results of the client that polls everything at the end. */
function lastTwoPolls(history: readonly Operation[]): Record<string, Pair[]>[] {
  return history.filter(({ type }) => type === "ok").slice(-2).map(({ value }) =>
    (value as [string, Record<string, Pair[]>][])[0]![1]
  );
}

/** The acknowledged sends to a key, by ascending offset. */
function acknowledged(history: readonly Operation[], key: string): Operation[] {
  const offset = ({ value }: Operation) => (value as [string, string, Pair][])[0]![2][0];
  return history.filter(({ type, f, value }) => type === "ok" && f === "send" && (value as string[][])[0]![1] === key)
    .sort((a, b) => offset(a) - offset(b));
}

function remove(pairs: Pair[], value: number) {
  const index = pairs.findIndex((pair) => pair[1] === value);
  if (index >= 0) pairs.splice(index, 1);
}

const valueOf = ({ value }: Operation) => (value as [string, string, Pair][])[0]![2][1];

/** Removes the message of one of `sends` from every poll: the one that `choose` picks. */
function hide(history: Operation[], key: string, choose: (sends: Operation[]) => Operation | undefined): boolean {
  const send = choose(acknowledged(history, key));
  if (send === undefined) return false;
  polled(history, key).forEach((pairs) => remove(pairs, valueOf(send)));
  return true;
}

/** By anomaly, a change of a correct history that causes it. Returns false if that is not possible. */
const MUTATIONS: Record<string, (history: Operation[], key: string, draw: number) => boolean> = {
  "lost-write": (history, key, draw) =>
    hide(history, key, (sends) => sends.length < 2 ? undefined : sends[draw % (sends.length - 1)]),
  "unseen": (history, key, draw) => hide(history, key, (sends) => sends[draw % (sends.length || 1)]),
  "duplicate": (history, key, draw) => {
    const last = polled(history, key).at(-1);
    if (last === undefined) return false;
    last.push([last.at(-1)![0] + 1 + draw % 3, last[draw % last.length]![1]]);
    return true;
  },
  "inconsistent-offsets": (history, key, draw) => {
    const sends = acknowledged(history, key);
    if (sends.length < 2) return false;
    const [, , pair] = (sends[draw % sends.length]!.value as [string, string, Pair][])[0]!;
    pair[0] = (sends[(draw + 1) % sends.length]!.value as [string, string, Pair][])[0]![2][0];
    return true;
  },
  "G1a": (history, key, draw) => {
    const sends = acknowledged(history, key);
    if (sends.length === 0) return false;
    sends[draw % sends.length]!.type = "fail";
    return true;
  },
  "garbage-read": (history, key, draw) => {
    const lists = polled(history, key);
    const list = lists[draw % (lists.length || 1)];
    if (list === undefined) return false;
    list.push([list.at(-1)![0] + 1000, -1]);
    return true;
  },
  "int-poll-skip": (history, key, draw) => {
    const lists = polled(history, key).filter((list) => list.length > 2);
    const list = lists[draw % (lists.length || 1)];
    // Another poll must have returned it, or it is not known to exist.
    const value = list?.[1]?.[1];
    const sends = acknowledged(history, key);
    if (list === undefined || !sends.some((send) => valueOf(send) === value)) return false;
    list.splice(1, 1);
    return true;
  },
  "int-nonmonotonic-poll": (history, key, draw) => {
    const lists = polled(history, key).filter((list) => list.length > 1);
    lists[draw % (lists.length || 1)]?.reverse();
    return lists.length > 0;
  },
  "poll-skip": (history, key) => {
    const [before, after] = lastTwoPolls(history).map((polled) => polled[key]);
    if (before === undefined || after === undefined || after.length < 2) return false;
    const sends = acknowledged(history, key);
    if (!sends.some((send) => valueOf(send) === after[0]![1])) return false;
    after.shift();
    return true;
  },
  "nonmonotonic-poll": (history, key) => {
    const [before, after] = lastTwoPolls(history);
    if (before![key] === undefined) return false;
    after![key] = [...before![key], ...after![key] ?? []];
    return true;
  },
  "nonmonotonic-send": (history, key) => {
    // Two sends of a process swap their messages, which are then in the wrong order.
    // That is accepted if the process was assigned other keys in between.
    const assigned = new Set(history.filter(({ f }) => f === "assign").map(({ process }) => process));
    const byProcess = Map.groupBy(acknowledged(history, key), ({ process }) => process);
    const two = [...byProcess.values()].find((sends) => sends.length > 1 && !assigned.has(sends[0]!.process))?.slice(
      0,
      2,
    );
    if (two === undefined) return false;
    const [first, second] = two.map((send) => structuredClone(send.value));
    two[0]!.value = second;
    two[1]!.value = first;
    return true;
  },
};

const SETTINGS = { numRuns: 300, seed: 5 };

Deno.test("checkKafka accepts a correct log, whatever its clients do", () => {
  let sends = 0;
  fc.assert(
    fc.property(MOVES, (moves) => {
      const history = play(moves);
      sends += KEYS.reduce((sum, key) => sum + acknowledged(history, key).length, 0);
      const verdict = checkKafka(history);
      assertEquals([verdict.valid, verdict.anomalies], [true, []]);
    }),
    SETTINGS,
  );
  assert(sends > 1000, `expected histories with some sends, got ${sends}`);
});

for (const [type, mutate] of Object.entries(MUTATIONS)) {
  Deno.test(`checkKafka finds ${type} in any correct history that is changed accordingly`, () => {
    let changed = 0;
    fc.assert(
      fc.property(MOVES, fc.constantFrom(...KEYS), fc.nat({ max: 999 }), (moves, key, draw) => {
        const history = play(moves);
        if (!mutate(history, key, draw)) return;
        changed++;
        const verdict = checkKafka(history);
        assertEquals(verdict.valid, false);
        assert((verdict.bad_error_types as string[]).includes(type), `found ${verdict.bad_error_types} only`);
      }),
      SETTINGS,
    );
    assert(changed >= 50, `expected at least 50 histories that could be changed, got ${changed}`);
  });
}
