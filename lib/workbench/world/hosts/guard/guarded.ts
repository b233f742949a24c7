/**
 * Guarded code: the code of a node or of a module, and the promise callbacks that follow from it.
 *
 * Each is marked by an asynchronous context, so that a call, and a rejection that nothing handles, is known to come
 * from a certain node of a certain simulation, however many share the process.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { LogLevel } from "../../../../host.ts";
import type { TestException } from "../../../base/test_exception.ts";

/** Code of a node, or of a module that is being imported. */
export interface Guarded {
  /** Name of the node; undefined for a module that is imported before there are nodes. */
  node?: string;
  /**
   * URL of the module that is being imported. Only its own calls are refused, not those of the modules that it imports;
   * and it may make calls that the import waits for, such as reading a file.
   */
  importing?: string;
  /**
   * Receives each call that is refused (`nondeterminism`, `node-crashed` or `bad-line`), and each error that nothing
   * handles (`node-crashed`).
   */
  onTrouble(trouble: TestException): void;
  /** Receives what is written to stderr by `console.error()` and the like; by default it goes to stderr. */
  onStderr?(level: LogLevel, text: string): void;
}

const storage = new AsyncLocalStorage<Guarded>();
let last: Guarded | undefined;

/** Returns the guarded code that is running; undefined if other code is. */
export function guardedNow(): Guarded | undefined {
  return storage.getStore();
}

/** Returns the guarded code that ran last. */
export function lastGuarded(): Guarded | undefined {
  return last;
}

/** Forgets {@linkcode lastGuarded}, which keeps a whole test in memory. */
export function forgetGuarded(): void {
  last = undefined;
}

/** Runs code as guarded, with the promise callbacks that follow. */
export function runGuarded<T>(guarded: Guarded, work: () => T): T {
  last = guarded;
  return storage.run(guarded, work);
}

/** Part of Deno's internals that switches contexts. */
interface Internals {
  core?: { getAsyncContext?(): unknown; setAsyncContext?(context: unknown): void };
}

/**
 * Returns a function that does the same as {@linkcode runGuarded}, for turns of a node. It takes 20 ns instead of 600:
 * the context is created once. As that is not an official part of Deno, it is tested before use.
 */
export function createGuardedRunner(guarded: Guarded): (turn: () => void) => void {
  const { Deno: deno } = globalThis as unknown as { Deno?: { internal: symbol } & Record<symbol, Internals> };
  const { getAsyncContext, setAsyncContext } = deno?.[deno.internal]?.core ?? {};
  const slowly = (turn: () => void) => runGuarded(guarded, turn);
  if (getAsyncContext === undefined || setAsyncContext === undefined) return slowly;
  const context = storage.run(guarded, getAsyncContext);
  const quickly = (turn: () => void) => {
    last = guarded;
    const outer = getAsyncContext();
    setAsyncContext(context);
    try {
      turn();
    } finally {
      setAsyncContext(outer);
    }
  };
  let seen: unknown;
  quickly(() => seen = guardedNow());
  return seen === guarded && guardedNow() !== guarded ? quickly : slowly;
}
