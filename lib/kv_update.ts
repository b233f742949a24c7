/**
 * The compare-and-set loop behind {@linkcode KV.update}.
 *
 * @module
 */

import type { KV } from "./kv.ts";
import type { AnyNode } from "./node.ts";
import { RPCError } from "./protocol.ts";
import { backoffDelay, isRetriable, type RetryOptions, type RPCOptions } from "./rpc.ts";

/** How {@linkcode KV.update} goes about its business. */
export interface UpdateOptions<V> {
  /** What the function gets where the key does not exist; without it, a missing key throws error 20. */
  default?: V;
  /** What the value is believed to be: tried first, which saves a read if it is. */
  expected?: V;
  /** How long all of it may take, in ms: reads, writes, repetitions and waits; 5000 by default; `Infinity`: as long as it takes. */
  timeout?: number;
  /** How long each request is given before it is sent again, at first, in ms; 1000 by default. A reply to any of them will do. */
  requestTimeout?: number;
  /** Gives up when it aborts; the update then throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * Whether it does no harm if the function is applied more than once (such as taking the larger one, or adding to a set); false by
   * default. If so, an update goes on also when nobody knows whether a write took effect.
   */
  idempotent?: boolean;
  /** The waits before the first, second … repetition: up to 10 ms, doubling, up to 500 ms, all of it random, by default. */
  wait?: Pick<RetryOptions, "backoff" | "factor" | "maxBackoff" | "jitter">;
}

/** How each request is repeated: a reply to any attempt will do, so there is no need to wait long between them. */
const RETRY: RetryOptions = { attempts: Infinity, maxTimeout: 2000, maxBackoff: 500 };

/** Replaces the value of a key by a function of it; see {@linkcode KV.update}. */
export async function update<V, K>(
  node: AnyNode,
  kv: Pick<KV<V, K>, "read" | "cas">,
  key: K,
  fn: (value: V) => V | undefined | Promise<V | undefined>,
  options: UpdateOptions<V> = {},
): Promise<V> {
  const { timeout = 5000, idempotent = false, requestTimeout } = options;
  if (!(timeout > 0)) throw new RangeError(`Cannot update: expected timeout to be more than 0 ms, got ${timeout}`);
  let writing = false;
  let doubtful = false;
  const late = () => lateError(key, timeout, doubtful || writing);
  const { signal, cancel } = deadline(node, timeout, late, options.signal);
  const reading: RPCOptions = { signal, timeout: requestTimeout, retry: RETRY };
  // Where a write cannot be repeated, there is nothing better to do than to wait for its answer.
  const writingOptions: RPCOptions = idempotent
    ? { signal, timeout: requestTimeout, retry: { ...RETRY, idempotent } }
    : { signal, timeout: Infinity };
  const wait = { backoff: 10, maxBackoff: 500, jitter: 1, ...options.wait };
  try {
    for (let n = 1;; n++) {
      try {
        const { value, missing } = await present(kv, key, options, n === 1, reading);
        const result = fn(structuredClone(value));
        const next = result instanceof Promise ? await unlessAborted(result, signal) : result;
        if (next === undefined) return value;
        writing = true;
        await kv.cas(key, value, next, { ...writingOptions, createIfNotExists: missing });
        return next;
      } catch (error) {
        if (signal.aborted || !(error instanceof RPCError)) throw error;
        const again = writing
          ? error.code === 20 || error.code === 22 || isRetriable(error, idempotent)
          : isRetriable(error, true);
        if (!again) throw error;
        if (writing && !error.definite) doubtful = true;
        writing = false;
      }
      await node.sleep(backoffDelay(n, wait, () => node.random()), signal);
    }
  } finally {
    cancel();
  }
}

/** A signal that aborts after `timeout` ms, for the reason that `late` gives, or when another one does. */
function deadline(node: AnyNode, timeout: number, late: () => RPCError, signal: AbortSignal | undefined) {
  const end = new AbortController();
  const done = new AbortController();
  if (timeout < Infinity) node.sleep(timeout, done.signal).then(() => end.abort(late()), () => {});
  return {
    signal: signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]),
    cancel: () => done.abort(),
  };
}

/** Waits for a promise, but no longer than until the signal aborts; then throws its reason. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** What the value is, or may be. */
async function present<V, K>(
  kv: Pick<KV<V, K>, "read">,
  key: K,
  options: UpdateOptions<V>,
  first: boolean,
  how: RPCOptions,
): Promise<{ value: V; missing: boolean }> {
  if (first && options.expected !== undefined) return { value: options.expected, missing: false };
  try {
    return { value: await kv.read(key, how), missing: false };
  } catch (error) {
    const missing = error instanceof RPCError && error.errorName === "key-does-not-exist";
    if (!missing || options.default === undefined) throw error;
    return { value: options.default, missing };
  }
}

function lateError(key: unknown, timeout: number, doubtful: boolean): RPCError {
  const outcome = doubtful ? "it may have happened or not" : "nothing was changed";
  const text = `Cannot update ${JSON.stringify(key)} within ${timeout} ms: ${outcome}`;
  return new RPCError(doubtful ? "timeout" : "temporarily-unavailable", text);
}
