/**
 * Retries of {@linkcode Node.rpc}: after which errors a request is sent again, and when.
 *
 * @module
 */

import { ERRORS, RPCError } from "./protocol.ts";

/**
 * Options for retries.
 *
 * A request is sent again after error 11 (temporarily-unavailable), 14 (abort) or 30 (txn-conflict), and, if it is
 * `idempotent`, after a timeout or an indefinite error.
 *
 * After an error, the wait before the n-th retry is `backoff · factorⁿ⁻¹` ms, at most `maxBackoff`, minus a random
 * share of up to `jitter`.
 *
 * After a timeout there is no wait. The timeout of the n-th attempt is `timeout · factorⁿ⁻¹` ms, at most `maxTimeout`.
 * The reply to any attempt counts, so a reply that is later than its timeout is not lost. The request is repeated less
 * and less often.
 *
 * Source: RFC 6298, section 5, for timeouts that grow with each retransmission.
 */
export interface RetryOptions {
  /**
   * Number of attempts, the first included. `Infinity`: until the signal aborts.
   *
   * @default 5
   */
  attempts?: number;
  /**
   * Wait before the first retry, ms.
   *
   * @default 100
   */
  backoff?: number;
  /**
   * Growth of the waits and timeouts from one attempt to the next.
   *
   * @default 2
   */
  factor?: number;
  /**
   * Longest wait, ms.
   *
   * @default 5000
   */
  maxBackoff?: number;
  /**
   * Longest timeout of one attempt, ms. If `timeout` is longer, that is used.
   *
   * @default 60_000
   */
  maxTimeout?: number;
  /**
   * Share of each wait that is random, from 0 to 1.
   *
   * @default 0.5
   */
  jitter?: number;
  /**
   * True if the request may take effect more than once without harm. Then it is sent again even if it is unknown
   * whether it has taken effect.
   *
   * @default false
   */
  idempotent?: boolean;
}

/** Timeouts of the attempts of one request, ms. The reply to any of them counts. */
export interface AttemptTimeouts {
  /** Timeout of the first attempt. */
  readonly first: number;
  /** Called when an attempt times out: returns the timeout of the next one, or undefined to give up. */
  readonly next?: () => number | undefined;
}

/** Definite errors that may be gone at the next attempt. */
const TRANSIENT: ReadonlySet<number> = new Set([
  ERRORS["temporarily-unavailable"].code,
  ERRORS.abort.code,
  ERRORS["txn-conflict"].code,
]);

/** True if a request that failed with `error` may be sent again. */
export function isRetriable(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof RPCError)) return false;
  return error.definite ? TRANSIENT.has(error.code) : idempotent;
}

/** Returns the wait before the n-th retry (from 1), ms; see {@linkcode RetryOptions}. */
export function backoffDelay(n: number, options: RetryOptions, random: () => number): number {
  const { backoff = 100, factor = 2, maxBackoff = 5000, jitter = 0.5 } = options;
  return Math.min(backoff * factor ** (n - 1), maxBackoff) * (1 - jitter * random());
}

/** Returns the timeout of the n-th attempt (from 1), ms; see {@linkcode RetryOptions}. */
function attemptTimeout(n: number, timeout: number, { factor = 2, maxTimeout = 60_000 }: RetryOptions): number {
  return n === 1 ? timeout : Math.min(timeout * factor ** (n - 1), Math.max(timeout, maxTimeout));
}

/** Throws a RangeError for bad options now, rather than at the first retry. The defaults here are just valid values. */
function checkRetryOptions(options: RetryOptions): void {
  const { attempts = 1, backoff = 0, factor = 1, maxBackoff = 0, maxTimeout = 1, jitter = 0 } = options;
  const expect = (name: keyof RetryOptions, isValid: boolean, expected: string) => {
    if (isValid) return;
    throw new RangeError(`Cannot send request: expected ${name} to be ${expected}, got ${options[name]}`);
  };
  expect("attempts", Number.isInteger(attempts) && attempts >= 1 || attempts === Infinity, "a whole number, 1 or more");
  expect("backoff", backoff >= 0, "0 ms or more");
  expect("factor", factor >= 1, "1 or more");
  expect("maxBackoff", maxBackoff >= 0, "0 ms or more");
  expect("maxTimeout", maxTimeout > 0, "more than 0 ms");
  expect("jitter", jitter >= 0 && jitter <= 1, "from 0 to 1");
}

/**
 * Sends a request until there is a reply, an error that is not worth a retry, or no attempt left.
 *
 * @param request Sends the request with the given timeouts, and returns the reply.
 * @param timeout Timeout of the first attempt, ms.
 */
export async function sendWithRetries<T>(
  request: (timeouts: AttemptTimeouts) => Promise<T>,
  timeout: number,
  options: RetryOptions,
  node: { sleep(delay: number): Promise<void>; random(): number; onRetry(): void },
): Promise<T> {
  checkRetryOptions(options);
  const { attempts = 5, idempotent = false } = options;
  // Number of the current attempt: 1 <= n <= attempts.
  let n = 1;
  const startNext = () => {
    n++;
    node.onRetry();
    return attemptTimeout(n, timeout, options);
  };
  const next = () => idempotent && n < attempts ? startNext() : undefined;
  for (let first = timeout;; first = startNext()) {
    try {
      return await request({ first, next });
    } catch (error) {
      if (n >= attempts || !isRetriable(error, idempotent)) throw error;
    }
    await node.sleep(backoffDelay(n, options, node.random));
  }
}
