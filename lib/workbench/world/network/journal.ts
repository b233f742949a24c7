/**
 * The journal: every send and every receive on the network, counted as they happen and handed on to be stored.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";

/** Counts of messages. */
export interface MessageCounts {
  /** Sends. */
  send_count: number;
  /** Receives. */
  recv_count: number;
  /** Distinct messages. */
  msg_count: number;
}

/** One send or receive. */
export interface JournalEntry {
  /** Its place in the journal, from 0. */
  id: number;
  /** Nanoseconds since the test began: a whole number, as in a history. */
  time: number;
  type: "send" | "recv";
  /** The message. It may change later: take what you need at once. */
  message: Message;
}

/** Counts by who is at the ends. */
export interface NetCounts {
  /** All messages. */
  all: MessageCounts;
  /** Those with a client at either end. */
  clients: MessageCounts;
  /** Those between nodes and services. */
  servers: MessageCounts;
}

/** Counts, and nothing else, is what a journal keeps in memory. */
export interface Journal {
  /** The counts so far. */
  readonly counts: Readonly<NetCounts>;
  /**
   * Takes an entry.
   *
   * @param time Milliseconds since the test began.
   * @param client Whether a client is at either end.
   */
  record(type: JournalEntry["type"], time: number, message: Message, client: boolean): void;
}

/**
 * Opens a journal.
 *
 * Each message has a send of its own, so as many messages are distinct as are sent: `msg_count` follows the sends. Messages that a
 * partition swallows are sent and never received.
 *
 * @param sink Is given every entry.
 */
export function openJournal(sink?: (entry: JournalEntry) => void): Journal {
  const counts: NetCounts = { all: noMessages(), clients: noMessages(), servers: noMessages() };
  let id = 0;
  return {
    counts,
    record(type, time, message, client) {
      count(counts.all, type);
      count(client ? counts.clients : counts.servers, type);
      sink?.({ id, time: Math.round(time * 1e6), type, message });
      id++;
    },
  };
}

function noMessages(): MessageCounts {
  return { send_count: 0, recv_count: 0, msg_count: 0 };
}

function count(counts: MessageCounts, type: JournalEntry["type"]): void {
  if (type === "send") {
    counts.send_count++;
    counts.msg_count++;
  } else {
    counts.recv_count++;
  }
}
