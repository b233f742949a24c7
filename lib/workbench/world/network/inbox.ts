/**
 * Inboxes: in which order, and when, messages are handed to a node.
 *
 * A thread of Maelstrom takes the message that is due first, waits until it is due, hands it over, and takes the next: one at a time. So
 * whatever comes while it waits stays behind, be it due at once, as clients' requests are. It shows wherever there is latency: a node to
 * which a message is under way answers no client before that has arrived.
 *
 * Source: Maelstrom, `src/maelstrom/net.clj`, `recv!`.
 *
 * @module
 */

import TinyQueue from "tinyqueue";
import type { Clock } from "../clock.ts";

/** The inbox of one node or service. */
export interface Inbox<T> {
  /**
   * Adds a message.
   *
   * @param due When it may be handed over, ms of the clock.
   */
  add(message: T, due: number): void;
}

/** What {@linkcode createInbox} needs. */
export interface InboxOptions<T> {
  clock: Clock;
  /** Takes a message whose turn and time have come. */
  handOver(message: T): void;
  /** Whether a message, before its time has come, is worth waiting for; if not, it is gone. */
  isAwaited(message: T): boolean;
}

interface Entry<T> {
  message: T;
  due: number;
  /** Of those that are due at once, the first that came goes first. */
  order: number;
}

/**
 * Makes an inbox.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../clock.ts";
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
  const queue = new TinyQueue<Entry<T>>([], (a, b) => a.due - b.due || a.order - b.order);
  let waiting = false;
  let count = 0;

  function wait({ message, due }: Entry<T>): void {
    waiting = true;
    clock.schedule(due, () => {
      waiting = false;
      try {
        handOver(message);
      } finally {
        proceed();
      }
    });
  }

  /** Hands over whatever is due, and waits for what is due next. */
  function proceed(): void {
    while (!waiting && queue.length > 0) {
      const entry = queue.pop()!;
      if (entry.due <= clock.now()) clock.schedule(entry.due, () => handOver(entry.message));
      else if (isAwaited(entry.message)) wait(entry);
    }
  }

  return {
    add(message, due) {
      queue.push({ message, due, order: count++ });
      proceed();
    },
  };
}
