/**
 * Choice of the member of etcd that is asked: one for all requests, until it fails.
 *
 * 1. A member that fails, or has not answered within a second, is given up for the next one.
 * 2. A request that could not be sent is sent to the next one, until all have been tried.
 * 3. A request that is late is still waited for: it may have happened.
 *
 * @module
 */

import { ERRORS, RPCError } from "../protocol.ts";

/** Sends a request to a member with an address, and repeats it with the next one if it could not be sent. */
export type AskMember = <T>(request: (url: string) => Promise<T>) => Promise<T>;

/** Time that a member has until later requests go to another one, ms. */
const PATIENCE = 1000;

/**
 * Creates the choice among members.
 *
 * @param urls Their addresses.
 * @param patience Time that a member has until later requests go to another one, ms.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseMember } from "./etcd_members.ts";
 * import { RPCError } from "../protocol.ts";
 *
 * const asked: string[] = [];
 * const ask = chooseMember(["a", "b"]);
 * const request = (url: string) => {
 *   asked.push(url);
 *   return url === "a" ? Promise.reject(new RPCError("temporarily-unavailable", "a is down")) : Promise.resolve(url);
 * };
 * assertEquals([await ask(request), await ask(request)], ["b", "b"]);
 * assertEquals(asked, ["a", "b", "b"]);
 * ```
 */
export function chooseMember(urls: readonly string[], patience: number = PATIENCE): AskMember {
  let current = 0;
  // Of many requests that fail with one member, only the first one gives it up.
  const giveUp = (index: number) => {
    if (current === index) current = (index + 1) % urls.length;
  };
  const attempt = async <T>(request: (url: string) => Promise<T>): Promise<T> => {
    const index = current;
    const timer = setTimeout(() => giveUp(index), patience);
    try {
      return await request(urls[index]!);
    } catch (error) {
      giveUp(index);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return async (request) => {
    for (let tries = 1;; tries++) {
      try {
        return await attempt(request);
      } catch (error) {
        if (tries >= urls.length || !isUnsent(error)) throw error;
      }
    }
  };
}

function isUnsent(error: unknown): boolean {
  return error instanceof RPCError && error.code === ERRORS["temporarily-unavailable"].code;
}
