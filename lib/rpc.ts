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
  /** How long to wait for the reply (for each one, where there are retries), in ms; 1000 by default; `Infinity`: for ever. */
  timeout?: number;
  /** Gives up the call, retries included, when it aborts; the call then throws the signal's reason. */
  signal?: AbortSignal;
  /** Whether and how to try again; not at all by default. */
  retry?: RetryOptions;
}

/**
 * How to try again. The wait before the n-th retry is `backoff · factorⁿ⁻¹` ms and `maxBackoff` at most, less a random share of
 * up to `jitter`.
 */
export interface RetryOptions {
  /** How often to try in all, the first time included; 5 by default; `Infinity`: until the signal aborts. */
  attempts?: number;
  /** The wait before the first retry, in ms; 100 by default. */
  backoff?: number;
  /** What each further wait is multiplied with; 2 by default. */
  factor?: number;
  /** The longest wait, in ms; 5000 by default. */
  maxBackoff?: number;
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
  /** Calls that were not answered in time. */
  timeouts: number;
  /** Calls that were tried again. */
  retries: number;
  /** Replies that came after the call had been given up. */
  lateReplies: number;
  /** Replies to what had been answered already, or was never asked. */
  duplicateReplies: number;
}

/** One request that waits for its reply. */
interface Call {
  readonly resolve: (body: Body) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
  readonly timer: unknown;
}

/** How many of the calls that were given up are remembered, to tell a late reply from a duplicate. */
const MAX_GIVEN_UP = 1024;

/** The calls of one node. */
export class Calls {
  readonly #host: Host;
  readonly #stats: CallStats;
  readonly #pending = new Map<number, Call>();
  readonly #givenUp = new Set<number>();
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
   * @param send Sends the request with the `msg_id` that it is given.
   * @param timeout How long to wait, in ms.
   */
  open(
    dest: string,
    type: string,
    send: (msg_id: number) => void,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<Body> {
    return new Promise((resolve, reject) => {
      if (!(timeout > 0)) {
        throw new RangeError(`Cannot call ${dest}: expected timeout to be more than 0 ms, got ${timeout}`);
      }
      if (this.#stopped) throw stoppedError();
      signal?.throwIfAborted();
      const id = this.#newId();
      const onTimeout = () => {
        this.#stats.timeouts++;
        this.#giveUp(id, new RPCError("timeout", `No reply to ${type} from ${dest} within ${timeout} ms`));
      };
      const onAbort = signal && (() => this.#giveUp(id, signal.reason));
      signal?.addEventListener("abort", onAbort!);
      const timer = timeout === Infinity ? undefined : this.#host.setTimer(timeout, onTimeout);
      this.#pending.set(id, { resolve, reject, timer, signal, onAbort });
      this.#stats.calls++;
      try {
        send(id);
      } catch (error) {
        this.#take(id);
        throw error;
      }
    });
  }

  /** Gives a reply to the call that waits for it; false if there is none. */
  settle(reply: Body): boolean {
    const call = this.#take(reply.in_reply_to!);
    if (call === undefined) return false;
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
    for (const id of [...this.#pending.keys()]) this.#take(id)!.reject(stoppedError());
  }

  /**
   * Ids start at a random number, so that a reply to what a node asked before it crashed and was started again is not taken for
   * the answer to what it asks now.
   */
  #newId(): number {
    if (this.#nextId === 0) this.#nextId = 1 + (this.#host.getRandomValues(new Uint32Array(1))[0]! >>> 2);
    return this.#nextId++;
  }

  #giveUp(id: number, reason: unknown): void {
    const call = this.#take(id);
    if (call === undefined) return;
    if (this.#givenUp.size >= MAX_GIVEN_UP) this.#givenUp.delete(this.#givenUp.values().next().value!);
    this.#givenUp.add(id);
    call.reject(reason);
  }

  /** Takes a call off the books and releases all it holds. */
  #take(id: number): Call | undefined {
    const call = this.#pending.get(id);
    if (call === undefined) return undefined;
    this.#pending.delete(id);
    if (call.timer !== undefined) this.#host.clearTimer(call.timer);
    call.signal?.removeEventListener("abort", call.onAbort!);
    return call;
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

/** Calls until there is a reply, or an error that says not to try again, or there were enough attempts. */
export async function callWithRetries<T>(
  call: () => Promise<T>,
  options: RetryOptions,
  world: { sleep(delay: number): Promise<void>; random(): number; onRetry(): void },
): Promise<T> {
  const { attempts = 5, idempotent = false } = options;
  if (!(attempts >= 1)) throw new RangeError(`Cannot call: expected attempts to be 1 or more, got ${attempts}`);
  for (let n = 1;; n++) {
    try {
      return await call();
    } catch (error) {
      if (n >= attempts || !isRetriable(error, idempotent)) throw error;
    }
    await world.sleep(backoffDelay(n, options, world.random));
    world.onRetry();
  }
}
