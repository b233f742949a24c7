/**
 * Inbox of a participant whose messages wait in line, as in Maelstrom.
 *
 * In Maelstrom, one thread serves a participant:
 * 1. It takes the message that is due first.
 * 2. It waits until that message is due. Messages that arrive meanwhile stay behind it, even if they are due at once.
 * 3. It hands the message over, and takes the next.
 *
 * This is head-of-line blocking: while a slow message is on its way to a node, the node answers no client.
 *
 * Source: Maelstrom's `net.clj`, `recv!`.
 *
 * @module
 */

import TinyQueue from "tinyqueue";
import type { Clock } from "../clock.ts";

/** Messages for one node or service. */
export interface Inbox<T> {
  /**
   * Adds a message.
   *
   * @param due Earliest time to hand it over, ms of the clock.
   */
  add(message: T, due: number): void;
}

/** Options for {@linkcode createInbox}. */
export interface InboxOptions<T> {
  clock: Clock;
  /** Receives a message that is due, when its turn comes. */
  handOver(message: T): void;
  /** Returns false if a message that is not due yet is to be dropped instead of waited for. */
  isAwaited(message: T): boolean;
}

interface QueuedMessage<T> {
  message: T;
  due: number;
  /** Order of arrival, for messages that are due at the same time. */
  order: number;
}

/**
 * Creates an inbox.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../virtual_clock.ts";
 * import { createInbox } from "./inbox.ts";
 *
 * const clock = new VirtualClock();
 * const seen: unknown[] = [];
 * const inbox = createInbox<string>({
 *   clock,
 *   handOver: (message) => seen.push([message, clock.now()]),
 *   isAwaited: () => true,
 * });
 * inbox.add("due in 100 ms", 100);
 * inbox.add("due at once", 0);
 * await clock.run();
 * assertEquals(seen, [["due in 100 ms", 100], ["due at once", 100]]);
 * ```
 */
export function createInbox<T>({ clock, handOver, isAwaited }: InboxOptions<T>): Inbox<T> {
  /** Messages in line, by due time. */
  const queue = new TinyQueue<QueuedMessage<T>>([], (a, b) => a.due - b.due || a.order - b.order);
  /** True while the inbox waits until a message is due. */
  let isWaiting = false;
  let nextOrder = 0;

  function waitFor({ message, due }: QueuedMessage<T>): void {
    isWaiting = true;
    clock.schedule(due, () => {
      isWaiting = false;
      try {
        handOver(message);
      } finally {
        takeNext();
      }
    });
  }

  /** Hands over all messages that are due, up to the first one to wait for. */
  function takeNext(): void {
    while (!isWaiting && queue.length > 0) {
      const entry = queue.pop()!;
      if (entry.due <= clock.now()) clock.schedule(entry.due, () => handOver(entry.message));
      else if (isAwaited(entry.message)) waitFor(entry);
    }
  }

  return {
    add(message, due) {
      queue.push({ message, due, order: nextOrder++ });
      takeNext();
    },
  };
}
