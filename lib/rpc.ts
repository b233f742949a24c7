/**
 * Remote procedure calls: requests that wait for their replies, and trying again.
 *
 * @module
 */

import type { Host } from "./host.ts";
import { type Body, ERRORS, RPCError } from "./protocol.ts";

/**
 * How a call goes about its business.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startWithService } from "../tests/fake_services.ts";
 *
 * await startWithService("lin-tso", async (node, { passing }) => {
 *   const retry = { attempts: 3, idempotent: true };
 *   const reply = await passing(node.rpc("lin-tso", { type: "ts" }, { timeout: 100, retry }));
 *   assertEquals(reply.ts, 0);
 * }, { fate: (_request, count) => count < 3 ? "request lost" : "delivered" });
 * ```
 */
export interface RPCOptions {
  /** How long to wait for the reply (to the first attempt, where there are retries), in ms; 1000 by default; `Infinity`: for ever. */
  timeout?: number;
  /** Gives up the call, retries included, when it aborts; the call then throws the signal's reason. */
  signal?: AbortSignal;
  /** Whether and how to try again; not at all by default. */
  retry?: RetryOptions;
}

/**
 * How to try again.
 *
 * After an error that may pass, the wait before the n-th retry is `backoff · factorⁿ⁻¹` ms and `maxBackoff` at most, less a random
 * share of up to `jitter`.
 *
 * After a time-out the request goes out again at once, for there has been a wait already, and the n-th attempt is given
 * `timeout · factorⁿ⁻¹` ms, `maxTimeout` at most. A reply to any of the attempts will do. So a call comes back after one round trip
 * however long that is, and asks less and less often while nobody answers.
 *
 * Source: RFC 6298, section 5, for time-outs that grow with each repetition.
 */
export interface RetryOptions {
  /** How often to try in all, the first time included; 5 by default; `Infinity`: until the signal aborts. */
  attempts?: number;
  /** The wait before the first retry, in ms; 100 by default. */
  backoff?: number;
  /** What each further wait and time-out is multiplied with; 2 by default. */
  factor?: number;
  /** The longest wait, in ms; 5000 by default. */
  maxBackoff?: number;
  /** The longest that one attempt is given, in ms; 60,000 by default, or `timeout` where that is more. */
  maxTimeout?: number;
  /** The share of each wait that is random, from 0 to 1; 0.5 by default. */
  jitter?: number;
  /**
   * Whether it does no harm if the request takes effect more than once; false by default. Then a call is tried again also after a
   * time-out or an indefinite error, when nobody knows whether it took effect.
   */
  idempotent?: boolean;
}

/** What calls count. */
export interface CallStats {
  /** Requests sent by `rpc`, retries included. */
  calls: number;
  /** Requests that were not answered in time. */
  timeouts: number;
  /** Requests among them that repeat an earlier one. */
  retries: number;
  /** Replies that came after the call had been given up. */
  lateReplies: number;
  /** Replies to what had been answered already, or was never asked. */
  duplicateReplies: number;
}

/** How long an attempt is given, in ms, and whether there is to be another one after it: called when it was in vain. */
export interface Patience {
  timeout: number;
  next?(): number | undefined;
}

/** A request that waits for its reply. */
interface Call {
  readonly resolve: (body: Body) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
  /** Under which ids it has been sent so far. */
  readonly ids: number[];
  timer: unknown;
}

/** How many requests that were given up are remembered, to tell a late reply from a duplicate; a few megabytes at most. */
const MAX_GIVEN_UP = 65_536;

/** The calls of one node. */
export class Calls {
  readonly #host: Host;
  readonly #stats: CallStats;
  readonly #pending = new Map<number, Call>();
  readonly #givenUp = new Set<number>();
  /** The same in their order, round and round. (To find the oldest in a set, one must go past all that were deleted.) */
  readonly #givenUpOrder: number[] = [];
  #givenUpCount = 0;
  #nextId = 0;
  #stopped = false;

  /**
   * @param host Whose clock and randomness it is.
   * @param stats Where to count.
   */
  constructor(host: Host, stats: CallStats) {
    this.#host = host;
    this.#stats = stats;
  }

  /** How many calls wait for a reply. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Sends a request and waits for its reply.
   *
   * @param dest Who is asked, and `type` for what; for the text of errors.
   * @param send Sends the request with the `msg_id` that it is given; called for each attempt.
   */
  open(
    dest: string,
    type: string,
    send: (msg_id: number) => void,
    patience: Patience,
    signal: AbortSignal | undefined,
  ): Promise<Body> {
    return new Promise((resolve, reject) => {
      if (!(patience.timeout > 0)) {
        throw new RangeError(`Cannot call ${dest}: expected timeout to be more than 0 ms, got ${patience.timeout}`);
      }
      if (this.#stopped) throw stoppedError();
      signal?.throwIfAborted();
      const onAbort = signal && (() => this.#giveUp(call, signal.reason));
      signal?.addEventListener("abort", onAbort!);
      const call: Call = { resolve, reject, signal, onAbort, ids: [], timer: undefined };
      const attempt = (timeout: number, waited: number) => {
        const onTimeout = () => {
          this.#stats.timeouts++;
          const next = patience.next?.();
          if (next !== undefined) return attempt(next, waited + timeout);
          this.#giveUp(call, new RPCError("timeout", `No reply to ${type} from ${dest} within ${waited + timeout} ms`));
        };
        const id = this.#newId();
        call.ids.push(id);
        call.timer = timeout === Infinity ? undefined : this.#host.setTimer(timeout, onTimeout);
        this.#pending.set(id, call);
        this.#stats.calls++;
        send(id);
      };
      try {
        attempt(patience.timeout, 0);
      } catch (error) {
        this.#take(call);
        throw error;
      }
    });
  }

  /** Gives a reply to the call that waits for it; false if there is none. */
  settle(reply: Body): boolean {
    const call = this.#pending.get(reply.in_reply_to!);
    if (call === undefined) return false;
    this.#take(call);
    for (const id of call.ids) if (id !== reply.in_reply_to) this.#remember(id);
    if (reply.type === "error") call.reject(errorOf(reply));
    else call.resolve(reply);
    return true;
  }

  /** Counts a reply that no call waits for, and says what it is. */
  countStray(id: number): "late" | "duplicate" {
    const late = this.#givenUp.delete(id);
    if (late) this.#stats.lateReplies++;
    else this.#stats.duplicateReplies++;
    return late ? "late" : "duplicate";
  }

  /** Rejects all calls, and those to come. */
  stop(): void {
    this.#stopped = true;
    for (const call of new Set(this.#pending.values())) {
      this.#take(call);
      call.reject(stoppedError());
    }
  }

  /**
   * Ids start at a random number, so that a reply to what a node asked before it crashed and was started again is not taken for
   * the answer to what it asks now.
   */
  #newId(): number {
    if (this.#nextId === 0) this.#nextId = 1 + (this.#host.getRandomValues(new Uint32Array(1))[0]! >>> 2);
    return this.#nextId++;
  }

  #giveUp(call: Call, reason: unknown): void {
    this.#take(call);
    call.ids.forEach((id) => this.#remember(id));
    call.reject(reason);
  }

  /** Remembers a request to which a reply would be late. */
  #remember(id: number): void {
    const slot = this.#givenUpCount++ % MAX_GIVEN_UP;
    this.#givenUp.delete(this.#givenUpOrder[slot]!);
    this.#givenUpOrder[slot] = id;
    this.#givenUp.add(id);
  }

  /** Takes a call off the books and releases all it holds. */
  #take(call: Call): void {
    for (const id of call.ids) this.#pending.delete(id);
    if (call.timer !== undefined) this.#host.clearTimer(call.timer);
    call.signal?.removeEventListener("abort", call.onAbort!);
  }
}

const STOPPED = "The node was stopped";

function stoppedError(): RPCError {
  return new RPCError("crash", STOPPED);
}

/** Whether this is what the calls of a node reject with when it is stopped. */
export function isStopped(thrown: unknown): boolean {
  return thrown instanceof RPCError && thrown.message === STOPPED;
}

/** The error that an error reply stands for. */
function errorOf(body: Body): RPCError {
  const code = Number.isInteger(body.code) ? body.code as number : ERRORS.crash.code;
  return new RPCError(code, typeof body.text === "string" ? body.text : undefined);
}

/** Definite errors which may go away by themselves. */
const PASSING: ReadonlySet<number> = new Set([
  ERRORS["temporarily-unavailable"].code,
  ERRORS.abort.code,
  ERRORS["txn-conflict"].code,
]);

/** Whether a call that failed with `error` may be tried again. */
export function isRetriable(error: unknown, idempotent: boolean): boolean {
  if (!(error instanceof RPCError)) return false;
  return error.definite ? PASSING.has(error.code) : idempotent;
}

/** The wait before the n-th retry (from 1), in ms; see {@linkcode RetryOptions}. */
export function backoffDelay(n: number, options: RetryOptions, random: () => number): number {
  const { backoff = 100, factor = 2, maxBackoff = 5000, jitter = 0.5 } = options;
  return Math.min(backoff * factor ** (n - 1), maxBackoff) * (1 - jitter * random());
}

/** How long the n-th attempt (from 1) is given, in ms; see {@linkcode RetryOptions}. */
function attemptTimeout(n: number, timeout: number, { factor = 2, maxTimeout = 60_000 }: RetryOptions): number {
  return n === 1 ? timeout : Math.min(timeout * factor ** (n - 1), Math.max(timeout, maxTimeout));
}

/** Refuses options that would only show their error at the first retry. */
function checkRetry(options: RetryOptions): void {
  const { attempts = 1, backoff = 0, factor = 1, maxBackoff = 0, maxTimeout = 1, jitter = 0 } = options;
  const expect = (name: keyof RetryOptions, right: boolean, what: string) => {
    if (!right) throw new RangeError(`Cannot call: expected ${name} to be ${what}, got ${options[name]}`);
  };
  expect("attempts", Number.isInteger(attempts) && attempts >= 1 || attempts === Infinity, "a whole number, 1 or more");
  expect("backoff", backoff >= 0, "0 ms or more");
  expect("factor", factor >= 1, "1 or more");
  expect("maxBackoff", maxBackoff >= 0, "0 ms or more");
  expect("maxTimeout", maxTimeout > 0, "more than 0 ms");
  expect("jitter", jitter >= 0 && jitter <= 1, "from 0 to 1");
}

/** Calls until there is a reply, or an error that says not to try again, or there were enough attempts. */
export async function callWithRetries<T>(
  call: (patience: Patience) => Promise<T>,
  timeout: number,
  options: RetryOptions,
  world: { sleep(delay: number): Promise<void>; random(): number; onRetry(): void },
): Promise<T> {
  checkRetry(options);
  const { attempts = 5, idempotent = false } = options;
  let n = 1;
  const again = () => {
    n++;
    world.onRetry();
    return attemptTimeout(n, timeout, options);
  };
  const next = () => idempotent && n < attempts ? again() : undefined;
  for (let patience = timeout;; patience = again()) {
    try {
      return await call({ timeout: patience, next });
    } catch (error) {
      if (n >= attempts || !isRetriable(error, idempotent)) throw error;
    }
    await world.sleep(backoffDelay(n, options, world.random));
  }
}
