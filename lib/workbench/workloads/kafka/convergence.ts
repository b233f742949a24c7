/**
 * Convergence check of workload kafka: every node must return all messages that were acknowledged or polled, at their
 * offsets.
 *
 * @module
 */

import { addIntegers, type Integer, largerInteger } from "../../../integers.ts";
import { getOrInsert } from "../../base/get_or_insert.ts";
import { identify, type Identity, showIdentity } from "../../checkers/identify.ts";
import type { Operation } from "../../history/operation.ts";
import type { Connection } from "../../world/connection.ts";
import { haveAll, lackingElements } from "../set_convergence.ts";
import type { Convergence } from "../workload.ts";
import type { CompletedPoll, CompletedSend } from "./generator.ts";
import { type LoggedMessage, messagesOf, POLL_RPC } from "./rpcs.ts";

/** Messages that a node has returned so far, and the next offset to poll for each key. */
interface Seen {
  next: Record<string, Integer>;
  messages: Set<Identity>;
}

/**
 * Creates the convergence check of a test from the history of its main phase. Each look polls what is new since the
 * last one.
 */
export function kafkaConvergence(history: readonly Operation[]): Convergence {
  const keys = sentKeys(history);
  const known = knownMessages(history);
  const byNode = new Map<string, Seen>();
  return {
    async look(connection, node) {
      const seen = getOrInsert(byNode, node, () => ({ next: startOf(keys), messages: new Set<Identity>() }));
      let more = true;
      while (more) more = await pollNew(connection, node, seen);
      return seen.messages;
    },
    isComplete: (seen) => haveAll(seen as Set<Identity>[], known),
    lacking: (seen) => lackingElements(seen as Map<string, Set<Identity>>, known, "messages [key, offset, message]"),
  };
}

function startOf(keys: Iterable<string>): Record<string, Integer> {
  return Object.fromEntries(Array.from(keys, (key) => [key, 0]));
}

/** Keys of all sends, whatever their outcome. */
function sentKeys(history: readonly Operation[]): Set<string> {
  const keys = new Set<string>();
  for (const { f, value } of history) if (f === "send") keys.add((value as CompletedSend[])[0]![1]);
  return keys;
}

/** Messages that were acknowledged or polled. */
function knownMessages(history: readonly Operation[]): Set<Identity> {
  const known = new Set<Identity>();
  for (const { type, f, value } of history) {
    if (type !== "ok") continue;
    if (f === "send") {
      for (const [, key, message] of value as CompletedSend[]) known.add(identifyMessage(key, message));
    }
    if (f === "poll") {
      for (const [, messages] of value as CompletedPoll[]) addMessages(known, messages);
    }
  }
  return known;
}

function addMessages(known: Set<Identity>, messages: Record<string, LoggedMessage[]>): void {
  for (const [key, entries] of Object.entries(messages)) {
    for (const message of entries) known.add(identifyMessage(key, message));
  }
}

/** Polls a node once. Returns true if any message was new. */
async function pollNew(connection: Connection, node: string, { next, messages }: Seen): Promise<boolean> {
  const polled = messagesOf(await connection.rpc(node, POLL_RPC, { offsets: next }));
  let anyNew = false;
  for (const [key, entries] of Object.entries(polled)) {
    for (const [offset] of entries) {
      // A faulty node can return a key that it was not asked for.
      const start = next[key] ?? 0;
      anyNew ||= offset >= start;
      next[key] = largerInteger(start, addIntegers(offset, 1));
    }
  }
  addMessages(messages, polled);
  return anyNew;
}

/** Identifies `[key, offset, message]` as `identify()` would, but much faster. */
function identifyMessage(key: string, [offset, message]: LoggedMessage): Identity {
  return `\u0000[${JSON.stringify(key)},${offset},${showIdentity(identify(message))}]`;
}
