/**
 * Journal of a network: counts its sends and receives, and passes them on.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";

/** Counts of messages, named as in Maelstrom's results. */
export interface MessageCounts {
  /** Messages sent. */
  send_count: number;
  /** Messages received. */
  recv_count: number;
  /** Distinct messages. */
  msg_count: number;
}

/** One send or receive. */
export interface JournalEntry {
  /** Position in the journal, from 0. */
  id: number;
  /** Nanoseconds since the test began, a whole number, as in a history. */
  time: number;
  type: "send" | "recv";
  /** Participant that has sent the message, if that is not the source that the message names. */
  sender?: string;
  /** The message. The receiver may change it, so copy it at once. */
  message: Message;
}

/** Counts by kind of participant. */
export interface NetCounts {
  /** All messages: the sum of the others. */
  all: MessageCounts;
  /** Messages from or to a client. */
  clients: MessageCounts;
  /** Messages between nodes and services. */
  servers: MessageCounts;
}

/** Journal of a network. It keeps nothing but counts. */
export interface Journal {
  readonly counts: Readonly<NetCounts>;
  /**
   * Records a send or a receive.
   *
   * @param time Milliseconds since the test began.
   * @param client True if the message is from or to a client.
   * @param sender Participant that has sent it. `@default message.src`
   */
  record(type: JournalEntry["type"], time: number, message: Message, client: boolean, sender?: string): void;
}

/**
 * Creates a journal.
 *
 * A message is sent once, even if it arrives twice or never. So `msg_count` equals `send_count`.
 *
 * @param sink Called with each entry.
 */
export function createJournal(sink?: (entry: JournalEntry) => void): Journal {
  const counts: NetCounts = { all: noMessages(), clients: noMessages(), servers: noMessages() };
  let nextId = 0;
  return {
    counts,
    record(type, time, message, client, sender = message.src) {
      count(counts.all, type);
      count(client ? counts.clients : counts.servers, type);
      const entry = { id: nextId, time: Math.round(time * 1e6), type, message };
      sink?.(sender === message.src ? entry : { ...entry, sender });
      nextId++;
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
