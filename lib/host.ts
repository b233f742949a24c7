/**
 * What a node needs of the world. A {@linkcode Host} is all the IO there is: over stdin and stdout it is `stdio.ts`, in one
 * process under virtual time it is the workbench's in-process host, and in a test it is whatever the test likes.
 *
 * @module
 */

import type { Message } from "./protocol.ts";

/** How much a line of a node's log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The world as a node sees it. */
export interface Host {
  /**
   * Sends one message. The host takes what it needs of it (it serialises, or copies) before it returns, so that the caller may
   * change the body afterwards.
   */
  send(message: Message): void;
  /** Milliseconds since 1970, with a fraction where the host has one; never goes back. */
  now(): number;
  /** Calls `callback` once, `delay` milliseconds from now; returns what {@linkcode Host.clearTimer} takes. */
  setTimer(delay: number, callback: () => void): unknown;
  /** Calls off a timer; one that has fired is ignored. */
  clearTimer(timer: unknown): void;
  /** Fills an array with random bytes, fit for ids (`crypto.getRandomValues` where the host is a real process). */
  getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T;
  /** A number from 0 (included) to 1 (excluded): for jitter and choices, not for ids. */
  random(): number;
  /** Writes one entry to the node's log. */
  log(level: LogLevel, text: string): void;
}
