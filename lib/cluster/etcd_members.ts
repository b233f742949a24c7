/**
 * Choice of the member of etcd that is asked: one for all requests, until it fails.
 *
 * 1. A member that fails, or has not answered within a second, is given up for the next one.
 * 2. A request that could not be sent is sent to the next one, until all have been tried.
 * 3. A request that is late is still waited for: it may have happened.
 * 4. A request that changes nothing is repeated with the next one when it is late or has failed. The first answer
 *    counts.
 *
 * @module
 */

import { ERRORS, RPCError } from "../protocol.ts";

/** Request to a member with an address. The signal is aborted if its answer is not needed any more. */
type MemberRequest<T> = (url: string, signal?: AbortSignal) => Promise<T>;

/**
 * Sends a request to a member, and repeats it with the next one if it could not be sent.
 *
 * @param isRepeatable True if it changes nothing: then it is repeated also if it is late, or has failed.
 */
export type AskMember = <T>(request: MemberRequest<T>, isRepeatable?: boolean) => Promise<T>;

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
  const attempt = async <T>(request: MemberRequest<T>, index: number, signal?: AbortSignal): Promise<T> => {
    const timer = setTimeout(() => giveUp(index), patience);
    try {
      return await request(urls[index]!, signal);
    } catch (error) {
      giveUp(index);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return async (request, isRepeatable = false) => {
    if (isRepeatable) {
      const first = current;
      return await firstAnswer(urls.length, patience, (n, signal) => {
        return attempt(request, (first + n) % urls.length, signal);
      });
    }
    for (let tries = 1;; tries++) {
      try {
        return await attempt(request, current);
      } catch (error) {
        if (tries >= urls.length || !isUnsent(error)) throw error;
      }
    }
  };
}

/**
 * Makes attempts until one succeeds. The next one begins when the last one has failed, or is late.
 *
 * @throws The error of the last attempt, if all have failed.
 */
async function firstAnswer<T>(
  count: number,
  patience: number,
  attempt: (n: number, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const attempts: Promise<T>[] = [];
  try {
    while (attempts.length < count - 1) {
      const latest = attempt(attempts.length, ending.signal);
      attempts.push(latest);
      const answered = Promise.any(attempts).then((value) => ({ value }), () => undefined);
      const answer = await unlessLate(Promise.race([answered, latest.then(() => answered, () => {})]), patience);
      if (answer !== undefined) return answer.value;
    }
    attempts.push(attempt(attempts.length, ending.signal));
    return await Promise.any(attempts).catch(() => attempts.at(-1)!);
  } finally {
    ending.abort();
  }
}

/** Waits for a promise; returns undefined if it takes too long. */
async function unlessLate<T>(promise: Promise<T>, patience: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), patience));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isUnsent(error: unknown): boolean {
  return error instanceof RPCError && error.code === ERRORS["temporarily-unavailable"].code;
}
