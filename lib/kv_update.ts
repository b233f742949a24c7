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
  /** How long all of it may take, in ms: reads, writes, repetitions and waits; 5000 by default. */
  timeout?: number;
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

/** How long one request may take, in ms. */
const ATTEMPT_TIMEOUT = 1000;

/** Replaces the value of a key by a function of it; see {@linkcode KV.update}. */
export async function update<V, K>(
  node: AnyNode,
  kv: Pick<KV<V, K>, "read" | "cas">,
  key: K,
  fn: (value: V) => V | undefined | Promise<V | undefined>,
  options: UpdateOptions<V> = {},
): Promise<V> {
  const { timeout = 5000, signal, idempotent = false } = options;
  if (!(timeout > 0)) throw new RangeError(`Cannot update: expected timeout to be more than 0 ms, got ${timeout}`);
  let doubtful = false;
  const deadline = node.now() + timeout;
  const request = (): RPCOptions => {
    const left = deadline - node.now();
    if (left <= 0) throw lateError(key, timeout, doubtful);
    return { timeout: Math.min(ATTEMPT_TIMEOUT, left), signal };
  };
  const wait = { backoff: 10, maxBackoff: 500, jitter: 1, ...options.wait };
  for (let n = 1;; n++) {
    let writing = false;
    try {
      const { value, missing } = await present(kv, key, options, n === 1, request);
      const result = fn(structuredClone(value));
      const late = () => lateError(key, timeout, doubtful);
      const next = result instanceof Promise ? await inTime(node, result, deadline, late, signal) : result;
      if (next === undefined) return value;
      const how = { ...request(), createIfNotExists: missing };
      writing = true;
      await kv.cas(key, value, next, how);
      return next;
    } catch (error) {
      if (!(error instanceof RPCError)) throw error;
      const again = writing
        ? error.code === 20 || error.code === 22 || isRetriable(error, idempotent)
        : isRetriable(error, true);
      if (!again) throw error;
      if (writing && !error.definite) doubtful = true;
    }
    const delay = backoffDelay(n, wait, () => node.random());
    if (node.now() + delay >= deadline) throw lateError(key, timeout, doubtful);
    await node.sleep(delay, signal);
  }
}

/** Waits for a promise, but no longer than until `deadline`, or until the signal aborts. */
async function inTime<T>(
  node: AnyNode,
  promise: Promise<T>,
  deadline: number,
  late: () => RPCError,
  signal: AbortSignal | undefined,
): Promise<T> {
  const done = new AbortController();
  const stop = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  const end = node.sleep(Math.max(0, deadline - node.now()), stop).then(() => {
    throw late();
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    done.abort();
  }
}

/** What the value is, or may be. */
async function present<V, K>(
  kv: Pick<KV<V, K>, "read">,
  key: K,
  options: UpdateOptions<V>,
  first: boolean,
  request: () => RPCOptions,
): Promise<{ value: V; missing: boolean }> {
  if (first && options.expected !== undefined) return { value: options.expected, missing: false };
  try {
    return { value: await kv.read(key, request()), missing: false };
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
