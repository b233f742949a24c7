/**
 * A host for tests: it keeps what a node sends and logs, and its clock stands still until it is told to go on.
 *
 * @module
 */

import TinyQueue from "tinyqueue";
import type { Host, LogLevel } from "../lib/host.ts";
import type { Body, Message } from "../lib/protocol.ts";

/** A host that the test is in charge of. */
export interface FakeHost extends Host {
  /** What the node has sent, as it would come out of the network. */
  readonly sent: Message[];
  /** What the node has logged. */
  readonly logged: { level: LogLevel; text: string }[];
  /** How many timers are set. */
  readonly timers: number;
  /** Lets all promises run that can. */
  settle(): Promise<void>;
  /** Moves the clock on by `delay` ms, running the timers that are due and after each the promises that can. */
  advance(delay: number): Promise<void>;
  /** Moves the clock on by `delay` ms, running the timers that are due; promises run when the caller next waits. */
  advanceAtOnce(delay: number): void;
  /** Takes what was sent since the last time. */
  take(): Message[];
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Makes a host whose clock says 1 000 000 ms and whose randomness is a fixed sequence. */
export function fakeHost(): FakeHost {
  const queue = new TinyQueue<Timer>([], (a, b) => a.due - b.due || a.order - b.order);
  const active = new Set<Timer>();
  const sent: Message[] = [];
  let taken = 0;
  let now = 1_000_000;
  let order = 0;
  const random = fixedRandom();
  /** Runs the next timer that is due by `until`, if there is one. */
  const step = (until: number): boolean => {
    for (let timer = queue.peek(); timer !== undefined && timer.due <= until; timer = queue.peek()) {
      queue.pop();
      if (!active.delete(timer)) continue;
      now = timer.due;
      timer.callback();
      return true;
    }
    now = until;
    return false;
  };
  const host: FakeHost = {
    sent,
    logged: [],
    get timers() {
      return active.size;
    },
    settle,
    async advance(delay) {
      const until = now + delay;
      await settle();
      while (step(until)) await settle();
    },
    advanceAtOnce(delay) {
      const until = now + delay;
      while (step(until));
    },
    take: () => sent.slice(taken, taken = sent.length),
    send: (message) => void sent.push(JSON.parse(JSON.stringify(message))),
    now: () => now,
    setTimer(delay, callback) {
      const timer = { due: now + delay, order: order++, callback };
      active.add(timer);
      queue.push(timer);
      return timer;
    },
    clearTimer: (timer) => void active.delete(timer as Timer),
    getRandomValues(array) {
      for (let i = 0; i < array.length; i++) array[i] = random() * 2 ** 32;
      return array;
    },
    random,
    log: (level, text) => void host.logged.push({ level, text }),
  };
  return host;
}

/** Lets all promises run that can. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** The message that starts a node. */
export function init(id: string, nodeIds: string[], msg_id = 1): Message {
  return { src: "c0", dest: id, body: { type: "init", msg_id, node_id: id, node_ids: nodeIds } };
}

/** A message to n0 from a client. */
export function request(body: Body, src = "c1"): Message {
  return { src, dest: "n0", body };
}

/** The same numbers from 0 to 1 on every run. */
function fixedRandom(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
