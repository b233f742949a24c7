/**
 * Correct stand-in nodes for each workload: a single node in memory.
 *
 * @module
 */

import type { Body } from "../../../lib/protocol.ts";
import type { Answer, StandInNode } from "../run/stand_in.ts";

/** Functions that create a correct node, by the name of the workload. */
export const CORRECT_NODES: Readonly<Record<string, () => StandInNode>> = {
  "echo": () => ({ echo }) => ({ type: "echo_ok", echo }),
  "unique-ids": uniqueIds,
  "broadcast": broadcast,
  "g-set": gSet,
  "g-counter": counter,
  "pn-counter": counter,
  "kafka": kafka,
  "lin-kv": linKV,
  "txn-list-append": () => transactions((list, element) => [...(list as unknown[] | undefined) ?? [], element]),
  "txn-rw-register": () => transactions((_, value) => value),
  "lock": lock,
  "lin-kv-only": linKV,
};

type Handlers = Record<string, (body: Body) => Record<string, unknown>>;

/** Creates a node from handlers, which return the fields of the reply to each type of request. */
function node(handlers: Handlers): StandInNode {
  return (body): Answer => ({ type: `${body.type}_ok`, ...handlers[body.type]!(body) });
}

function uniqueIds(): StandInNode {
  let last = 0;
  return node({ generate: () => ({ id: ++last }) });
}

function broadcast(): StandInNode {
  const messages: unknown[] = [];
  return node({
    topology: () => ({}),
    broadcast: ({ message }) => (messages.push(message), {}),
    read: () => ({ messages: [...messages] }),
  });
}

function gSet(): StandInNode {
  const value: unknown[] = [];
  return node({ add: ({ element }) => (value.push(element), {}), read: () => ({ value: [...value] }) });
}

function counter(): StandInNode {
  let value = 0;
  return node({ add: ({ delta }) => (value += delta as number, {}), read: () => ({ value }) });
}

function kafka(): StandInNode {
  const logs = new Map<string, unknown[]>();
  const committed = new Map<string, number>();
  return node({
    send({ key, msg }) {
      const log = logs.get(key as string) ?? [];
      logs.set(key as string, log);
      return { offset: log.push(msg) - 1 };
    },
    poll({ offsets }) {
      const lists = Object.entries(offsets as Record<string, number>).map(([key, from]) => {
        const pairs = (logs.get(key) ?? []).map((message, offset) => [offset, message]);
        return [key, pairs.slice(from)] as const;
      });
      return { msgs: Object.fromEntries(lists.filter(([, pairs]) => pairs.length > 0)) };
    },
    commit_offsets({ offsets }) {
      for (const [key, offset] of Object.entries(offsets as Record<string, number>)) committed.set(key, offset);
      return {};
    },
    list_committed_offsets({ keys }) {
      const known = (keys as string[]).filter((key) => committed.has(key));
      return { offsets: Object.fromEntries(known.map((key) => [key, committed.get(key)])) };
    },
  });
}

/** A request does not say whose it is here. Clients unlock only what they hold. */
function lock(): StandInNode {
  let isHeld = false;
  return ({ type }) => {
    if (type === "lock" && isHeld) return { type: "error", code: 11, text: "another client holds the lock" };
    isHeld = type === "lock";
    return { type: `${type}_ok` };
  };
}

function linKV(): StandInNode {
  const values = new Map<unknown, unknown>();
  return ({ type, key, value, from, to }) => {
    if (type === "write") {
      values.set(key, value);
      return { type: "write_ok" };
    }
    if (!values.has(key)) return { type: "error", code: 20, text: "not found" };
    if (type === "read") return { type: "read_ok", value: values.get(key) };
    if (values.get(key) !== from) return { type: "error", code: 22, text: `expected ${from}` };
    values.set(key, to);
    return { type: "cas_ok" };
  };
}

function transactions(write: (before: unknown, value: unknown) => unknown): StandInNode {
  const values = new Map<unknown, unknown>();
  return node({
    txn: ({ txn }) => ({
      txn: (txn as [string, unknown, unknown][]).map(([f, key, value]) => {
        if (f === "r") return [f, key, values.get(key) ?? null];
        values.set(key, write(values.get(key), value));
        return [f, key, value];
      }),
    }),
  });
}
