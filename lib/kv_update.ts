/**
 * The compare-and-set loop of {@linkcode KV.update}. Each attempt:
 *
 * 1. takes the current value: the expected one on the first attempt, otherwise a read;
 * 2. applies the function to a copy of it;
 * 3. sends a compare-and-set from the current value to the result.
 *
 * If a step fails with an error that is worth a retry, the loop waits and starts the next attempt.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { showJSON } from "./json.ts";
import type { AnyNode } from "./node.ts";
import { ERRORS, RPCError } from "./protocol.ts";
import { backoffDelay, isRetriable, type RetryOptions } from "./retry.ts";
import { RETRY_UNTIL_ANSWERED, type RPCOptions } from "./rpc.ts";

/** Options for {@linkcode KV.update}. */
export interface UpdateOptions<V> {
  /**
   * Argument of the function if the key does not exist.
   *
   * @default undefined, a missing key throws error 20
   */
  default?: V;
  /** Probable current value. It is tried first; if it is right, this saves a read. */
  expected?: V;
  /**
   * Time limit of the whole update, ms. `Infinity`: none.
   *
   * @default 5000
   */
  timeout?: number;
  /**
   * Timeout of the first attempt of each request, ms. The reply to any attempt counts.
   *
   * @default 1000
   */
  requestTimeout?: number;
  /** Gives up when it aborts. The update then throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * Consent to an update that takes effect twice. A compare-and-set cannot rule that out if the network delivers its
   * request twice. The copy fails with error 22; if that arrives before the reply to the original, the update starts
   * again, although it has taken effect. Or the old value is back by then, and the copy succeeds.
   *
   * - `"harmless"`: the function may be applied more than once, as a maximum or an addition to a set may. Then the
   *   update also continues when it is unknown whether a write took effect.
   * - `"if-duplicated"`: the function must not be applied more than once, and the network delivers no message twice, as
   *   Maelstrom's does not. If it does, the update may take effect twice. If it is unknown whether a write took effect,
   *   the update throws.
   *
   * To count exactly once on any network, a value must tell which writes are in it, as in `challenges/g_counter.ts`.
   */
  twice: "harmless" | "if-duplicated";
  /**
   * Waits between attempts.
   *
   * @default { backoff: 10, factor: 2, maxBackoff: 500, jitter: 1 }
   */
  wait?: Pick<RetryOptions, "backoff" | "factor" | "maxBackoff" | "jitter">;
}

/** The part of {@linkcode KV} that an update needs. */
interface ReadAndCAS<V, K> {
  read(key: K, options?: RPCOptions): Promise<V>;
  cas(key: K, from: V, to: V, options?: RPCOptions & { createIfNotExists?: boolean }): Promise<void>;
}

/** Returns the new value for the current one, or undefined to leave it as it is. */
type UpdateFunction<V> = (value: V) => V | undefined | Promise<V | undefined>;

/** State of an update across its attempts. */
interface Update<V, K> {
  readonly kv: ReadAndCAS<V, K>;
  readonly key: K;
  readonly fn: UpdateFunction<V>;
  readonly options: UpdateOptions<V>;
  /** Aborts at the time limit, and when the caller's signal does. */
  readonly signal: AbortSignal;
  /** True while a compare-and-set has no reply. */
  writing: boolean;
  /** True once a compare-and-set has failed with an indefinite error: it may have taken effect. */
  uncertain: boolean;
}

/** Replaces the value of a key by a function of it; see {@linkcode KV.update}. */
export async function update<V, K>(
  node: AnyNode,
  kv: ReadAndCAS<V, K>,
  key: K,
  fn: UpdateFunction<V>,
  options: UpdateOptions<V>,
): Promise<V> {
  checkConsent(key, options);
  const { timeout = 5000 } = options;
  if (!(timeout > 0)) throw new RangeError(`Cannot update: expected timeout to be more than 0 ms, got ${timeout}`);
  const lateError = () => timeoutError(key, timeout, state.uncertain || state.writing);
  const { signal, cancel } = startTimeLimit(node, timeout, lateError, options.signal);
  const state: Update<V, K> = { kv, key, fn, options, signal, writing: false, uncertain: false };
  const wait = { backoff: 10, maxBackoff: 500, jitter: 1, ...options.wait };
  try {
    for (let n = 1;; n++) {
      try {
        return await attempt(state, n === 1);
      } catch (error) {
        if (!recordFailure(state, error)) throw error;
      }
      await node.sleep(backoffDelay(n, wait, () => node.random()), signal);
    }
  } finally {
    cancel();
  }
}

/** Throws a TypeError if `twice` is missing, as it may be in a program that is not type-checked. */
function checkConsent(key: unknown, options: Partial<UpdateOptions<unknown>> = {}): void {
  const { twice } = options;
  if (twice === "harmless" || twice === "if-duplicated") return;
  throw new TypeError(
    `Cannot update ${showJSON(key)}: a network that delivers a message twice can make it take effect twice; ` +
      `expected option twice to be "harmless" or "if-duplicated", got ${showJSON(twice)}`,
  );
}

/** Makes one attempt, and returns the value that the key has now. */
async function attempt<V, K>(state: Update<V, K>, isFirst: boolean): Promise<V> {
  const { kv, key, fn, signal } = state;
  const { value, missing } = await currentValue(state, isFirst);
  const result = fn(structuredClone(value));
  const next = result instanceof Promise ? await abortable(result, signal) : result;
  if (next === undefined) return value;
  state.writing = true;
  await kv.cas(key, value, next, { ...writeOptions(state), createIfNotExists: missing });
  return next;
}

/** The current value: `expected` on the first attempt, else a read, else `default`. */
async function currentValue<V, K>(state: Update<V, K>, isFirst: boolean): Promise<{ value: V; missing: boolean }> {
  const { kv, key, options: { expected, default: byDefault, requestTimeout }, signal } = state;
  if (isFirst && expected !== undefined) return { value: expected, missing: false };
  try {
    const value = await kv.read(key, { ...RETRY_UNTIL_ANSWERED, signal, timeout: requestTimeout });
    return { value, missing: false };
  } catch (error) {
    const missing = error instanceof RPCError && error.code === ERRORS["key-does-not-exist"].code;
    if (!missing || byDefault === undefined) throw error;
    return { value: byDefault, missing };
  }
}

/**
 * Options of the write. If it may not be repeated, it has no timeout of its own: only a reply tells if it took effect.
 */
function writeOptions<V, K>({ options: { twice, requestTimeout }, signal }: Update<V, K>): RPCOptions {
  return twice === "harmless"
    ? { ...RETRY_UNTIL_ANSWERED, signal, timeout: requestTimeout }
    : { signal, timeout: Infinity };
}

/** Updates the state after an attempt that failed with `error`. Returns true if another attempt may follow. */
function recordFailure<V, K>(state: Update<V, K>, error: unknown): boolean {
  const { writing, signal, options: { twice } } = state;
  if (signal.aborted || !(error instanceof RPCError)) return false;
  if (!writing) return isRetriable(error, true);
  const { code } = error;
  const overtaken = code === ERRORS["key-does-not-exist"].code || code === ERRORS["precondition-failed"].code;
  if (!overtaken && !isRetriable(error, twice === "harmless")) return false;
  if (!error.definite) state.uncertain = true;
  state.writing = false;
  return true;
}

/** Starts a signal that aborts after `timeout` ms with the reason that `lateError` returns, or when `signal` does. */
function startTimeLimit(
  node: AnyNode,
  timeout: number,
  lateError: () => RPCError,
  signal: AbortSignal | undefined,
): { signal: AbortSignal; cancel: () => void } {
  const late = new AbortController();
  const cancelled = new AbortController();
  if (timeout < Infinity) {
    node.sleep(timeout, cancelled.signal).then(() => late.abort(lateError()), () => {});
  }
  return {
    signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    cancel: () => cancelled.abort(),
  };
}

function timeoutError(key: unknown, timeout: number, uncertain: boolean): RPCError {
  const outcome = uncertain ? "it may have taken effect" : "nothing was changed";
  const text = `Cannot update ${showJSON(key)} within ${timeout} ms: ${outcome}`;
  return new RPCError(uncertain ? "timeout" : "temporarily-unavailable", text);
}
