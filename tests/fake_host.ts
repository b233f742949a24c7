/**
 * A host for tests: it records what a node sends and logs, and its clock only moves when the test says so.
 *
 * @module
 */

import TinyQueue from "tinyqueue";
import type { Host, LogLevel } from "../lib/host.ts";
import type { Body, Message } from "../lib/protocol.ts";

/** A host under the control of a test. */
export interface FakeHost extends Host {
  /** Messages that the node has sent, after a round trip through JSON. */
  readonly sent: Message[];
  /** Entries of the node's log. */
  readonly logged: { level: LogLevel; text: string }[];
  /** Number of timers that are set. */
  readonly timers: number;
  /** Runs all promise callbacks that are due. */
  settle(): Promise<void>;
  /**
   * Advances the clock by `delay` ms. Fires the timers that are due, and after each runs the promise callbacks that are
   * due.
   */
  advance(delay: number): Promise<void>;
  /** Advances the clock by `delay` ms and fires the timers that are due. Runs no promise callbacks. */
  advanceAtOnce(delay: number): void;
  /** Returns the messages sent since the last call. */
  take(): Message[];
}

interface Timer {
  readonly due: number;
  /** Number of timers set before: the order of timers that are due at the same time. */
  readonly order: number;
  readonly callback: () => void;
}

/** Creates a host whose clock shows 1,000,000 ms and whose random numbers are the same in every test. */
export function createFakeHost(): FakeHost {
  const timers = new FakeTimers();
  const sent: Message[] = [];
  let taken = 0;
  const random = createFixedRandom();
  const host: FakeHost = {
    sent,
    logged: [],
    get timers() {
      return timers.count;
    },
    settle,
    async advance(delay) {
      const until = timers.now + delay;
      await settle();
      while (timers.fireNext(until)) await settle();
    },
    advanceAtOnce(delay) {
      const until = timers.now + delay;
      while (timers.fireNext(until));
    },
    take() {
      const messages = sent.slice(taken);
      taken = sent.length;
      return messages;
    },
    send: (message) => void sent.push(JSON.parse(JSON.stringify(message))),
    now: () => timers.now,
    setTimer: (delay, callback) => timers.set(delay, callback),
    clearTimer: (timer) => timers.clear(timer as Timer),
    getRandomValues(array) {
      for (let i = 0; i < array.length; i++) array[i] = random() * 2 ** 32;
      return array;
    },
    random,
    log: (level, text) => void host.logged.push({ level, text }),
  };
  return host;
}

/** Timers and the clock that they run on, ms. */
class FakeTimers {
  now = 1_000_000;
  readonly #queue = new TinyQueue<Timer>([], (a, b) => a.due - b.due || a.order - b.order);
  /** Timers that are neither fired nor cleared; all of them are in the queue. */
  readonly #active = new Set<Timer>();
  #order = 0;

  get count(): number {
    return this.#active.size;
  }

  set(delay: number, callback: () => void): Timer {
    const timer = { due: this.now + delay, order: this.#order++, callback };
    this.#active.add(timer);
    this.#queue.push(timer);
    return timer;
  }

  clear(timer: Timer): void {
    this.#active.delete(timer);
  }

  /**
   * Fires the next timer that is due by `until` and returns true. If there is none, moves the clock there and returns
   * false.
   */
  fireNext(until: number): boolean {
    for (let timer = this.#queue.peek(); timer !== undefined && timer.due <= until; timer = this.#queue.peek()) {
      this.#queue.pop();
      if (!this.#active.delete(timer)) continue;
      this.now = timer.due;
      timer.callback();
      return true;
    }
    this.now = until;
    return false;
  }
}

/** Runs all promise callbacks that are due. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** Builds the `init` message for a node. */
export function init(id: string, nodeIds: string[], msg_id = 1): Message {
  return { src: "c0", dest: id, body: { type: "init", msg_id, node_id: id, node_ids: nodeIds } };
}

/** Builds a message from a client to n0. */
export function request(body: Body, src = "c1"): Message {
  return { src, dest: "n0", body };
}

/** Creates a generator of numbers from 0 to 1 that is the same in every test. */
function createFixedRandom(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
