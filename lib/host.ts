/**
 * The contract between a node and its host. {@linkcode Host} is all the I/O that a node has; the host drives the node
 * through a {@linkcode NodeHandle}. `stdio.ts` and `nats.ts` are hosts of processes; the simulator and the tests have
 * their own.
 *
 * @module
 */

import type { Message } from "./protocol.ts";

/** Severity of an entry in a node's log. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** A node's environment: network, clock, randomness and log. */
export interface Host {
  /** Sends a message. The host serializes or copies it before returning: the caller may change the body afterwards. */
  send(message: Message): void;
  /** Milliseconds since 1970, possibly with a fraction. Never goes back within one run of the node. */
  now(): number;
  /** Calls `callback` once, `delay` milliseconds from now. Returns the argument for {@linkcode Host.clearTimer}. */
  setTimer(delay: number, callback: () => void): unknown;
  /** Cancels a timer. Does nothing if it has fired. */
  clearTimer(timer: unknown): void;
  /** Fills an array with random bytes that are good enough for unique ids, and returns it. */
  getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T;
  /** Returns a random number, 0 <= number < 1, for jitter and choices; not for ids. */
  random(): number;
  /** Writes one entry to the node's log. */
  log(level: LogLevel, text: string): void;
}

/** The host's side of a node. */
export interface NodeHandle {
  /** Delivers a message to the node. */
  receive(message: Message): void;
  /** Resolves when no handler or init hook is running. */
  idle(): Promise<void>;
  /** Stops the node: ends its timers and rejects its pending RPCs. A stopped node neither receives nor sends. */
  stop(): void;
}
