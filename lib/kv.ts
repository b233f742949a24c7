/**
 * Clients of Maelstrom's services: the key-value stores seq-kv, lin-kv and lww-kv, and the timestamp oracle lin-tso.
 *
 * Source: Maelstrom's `doc/services.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/services.md>.
 *
 * @module
 */

import type { AnyNode, Node } from "./node.ts";
import { ERRORS, RPCError } from "./protocol.ts";
import { backoffDelay, isRetriable, type RetryOptions, type RPCOptions } from "./rpc.ts";

/** How {@linkcode KV.cas} goes about its business. */
export interface CASOptions extends RPCOptions {
  /** Whether to set the value also where the key does not exist; false by default. */
  createIfNotExists?: boolean;
}

/** How {@linkcode KV.update} goes about its business. */
export interface UpdateOptions<V> {
  /** What the function gets where the key does not exist; without it, a missing key throws error 20. */
  default?: V;
  /** How long all of it may take, in ms: reads, writes, repetitions and waits; 5000 by default. */
  timeout?: number;
  /** Gives up when it aborts; the update then throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * Whether it does no harm if the function is applied more than once; false by default. Then an update goes on also when a write was
   * not answered, and nobody knows whether it took effect.
   */
  idempotent?: boolean;
  /** The waits after the first, second … repetition: from 10 ms, doubling, up to 500 ms, all of it random, by default. */
  backoff?: Pick<RetryOptions, "backoff" | "factor" | "maxBackoff" | "jitter">;
}

/**
 * A client of a key-value store.
 *
 * Each method makes one request and waits 1 s for the reply, unless options say otherwise. Reads may be repeated, so with `retry`
 * they are tried again after a time-out too; for the others, say `retry: { idempotent: true }` if a repetition does no harm.
 *
 * @typeParam V The type of the values.
 * @typeParam K The type of the keys.
 */
export interface KV<V = unknown, K = string> {
  /**
   * The value of a key.
   *
   * @throws {RPCError} 20: the key does not exist.
   */
  read(key: K, options?: RPCOptions): Promise<V>;
  /** The value of a key, or `fallback` where the key does not exist. */
  readOr<D = V>(key: K, fallback: D, options?: RPCOptions): Promise<V | D>;
  /** Sets the value of a key. */
  write(key: K, value: V, options?: RPCOptions): Promise<void>;
  /**
   * Compares and sets: makes the value of a key `to` if it is `from`.
   *
   * @throws {RPCError} 20: the key does not exist; 22: its value is not `from`.
   */
  cas(key: K, from: V, to: V, options?: CASOptions): Promise<void>;
  /**
   * Sets the value of a key that does not exist.
   *
   * @returns Whether this call has set it. With `retry: { idempotent: true }`, where an earlier attempt may have set it unseen, true
   *   also means that an equal value was there.
   */
  writeIfAbsent(key: K, value: V, options?: RPCOptions): Promise<boolean>;
  /**
   * Replaces the value of a key by a function of it: reads, applies, compares and sets, and begins again when somebody else was
   * faster.
   *
   * @param fn Gets the present value (its own copy), returns the next one; `undefined` leaves things as they are.
   * @returns The value that is there now.
   * @throws {RPCError} 20: the key does not exist, and there is no default. 11 (definite): it was not done in time, and surely has not
   *   happened. 0 or 13 (indefinite): a write was not answered, and may have happened.
   */
  update(key: K, fn: (value: V) => V | undefined, options?: UpdateOptions<V>): Promise<V>;
}

/** A client of seq-kv. */
export interface SeqKV<V = unknown, K = string> extends KV<V, K> {
  /**
   * The value of a key, no older than this call. (Other reads of seq-kv may give an old value, though never an older one than this
   * node has seen.)
   *
   * A change makes seq-kv show a node its newest state, so this writes something new to a key of the node's own, `read-latest/` and
   * the node's id, and then reads: two requests.
   *
   * @throws {RPCError} 20: the key does not exist.
   */
  readLatest(key: K, options?: RPCOptions): Promise<V>;
}

/** A client of lin-tso. */
export interface LinTSO {
  /** The next timestamp: 0, 1, 2, …; each is handed out once to all nodes together. */
  ts(options?: RPCOptions): Promise<number>;
}

/** The service that keeps what all nodes see in one order, and shows each a state that may be old. */
export function seqKV<V = unknown, K = string>(node: AnyNode): SeqKV<V, K> {
  const kv = openKV<V, K>(node, "seq-kv");
  let writes = 0;
  const session = () => Array.from(node.getRandomValues(new Uint32Array(2)));
  return {
    ...kv,
    async readLatest(key, options) {
      const scratch = `read-latest/${node.id}` as K;
      // Random, since a node that was restarted must not repeat what it has written before.
      await kv.write(scratch, [...session(), ++writes] as V, repeatable(options));
      return await kv.read(key, options);
    },
  };
}

/** The linearizable service: every operation sees the newest state. */
export function linKV<V = unknown, K = string>(node: AnyNode): KV<V, K> {
  return openKV(node, "lin-kv");
}

/**
 * The last-write-wins service: replicas which merge now and then, so that reads may be old and writes may be lost.
 *
 * It cannot create a key by compare-and-set: `createIfNotExists`, `writeIfAbsent` and `update` with a default then write plainly, and
 * somebody else's write in between may be overwritten (as it may be anyway).
 */
export function lwwKV<V = unknown, K = string>(node: AnyNode): KV<V, K> {
  return openKV(node, "lww-kv");
}

/** The timestamp oracle. */
export function linTSO(node: AnyNode): LinTSO {
  return {
    async ts(options) {
      const { ts } = await (node as Node).rpc("lin-tso", { type: "ts" }, repeatable(options));
      return ts as number;
    },
  };
}

/** A request that does no harm when repeated. */
function repeatable(options: RPCOptions = {}): RPCOptions {
  return options.retry === undefined ? options : { ...options, retry: { ...options.retry, idempotent: true } };
}

function openKV<V, K>(node: AnyNode, service: "seq-kv" | "lin-kv" | "lww-kv"): KV<V, K> {
  const { rpc } = {
    rpc: (body: { type: string; [field: string]: unknown }, options?: RPCOptions) =>
      (node as Node).rpc(service, body, options),
  };
  const kv: KV<V, K> = {
    async read(key, options) {
      const { value } = await rpc({ type: "read", key }, repeatable(options));
      return value as V;
    },
    async readOr(key, fallback, options) {
      try {
        return await kv.read(key, options);
      } catch (error) {
        if (isMissing(error)) return fallback;
        throw error;
      }
    },
    async write(key, value, options) {
      await rpc({ type: "write", key, value }, options);
    },
    async cas(key, from, to, { createIfNotExists = false, ...options } = {}) {
      const body = { type: "cas", key, from, to };
      if (service !== "lww-kv") {
        await rpc(createIfNotExists ? { ...body, create_if_not_exists: true } : body, options);
        return;
      }
      try {
        await rpc(body, options);
      } catch (error) {
        if (!(createIfNotExists && isMissing(error))) throw error;
        await kv.write(key, to, options);
      }
    },
    async writeIfAbsent(key, value, options = {}) {
      // A value that nobody has ever written cannot be there. Where a repetition may meet what it wrote itself, it compares with that.
      const never = Array.from(node.getRandomValues(new Uint32Array(4))) as V;
      const from = options.retry?.idempotent ? value : never;
      try {
        await kv.cas(key, from, value, { ...options, createIfNotExists: true });
        return true;
      } catch (error) {
        if (error instanceof RPCError && error.code === ERRORS["precondition-failed"].code) return false;
        throw error;
      }
    },
    update: (key, fn, options) => update(node, kv, key, fn, options),
  };
  return kv;
}

function isMissing(error: unknown): boolean {
  return error instanceof RPCError && error.code === ERRORS["key-does-not-exist"].code;
}

async function update<V, K>(
  node: AnyNode,
  kv: KV<V, K>,
  key: K,
  fn: (value: V) => V | undefined,
  options: UpdateOptions<V> = {},
): Promise<V> {
  const { timeout = 5000, signal, idempotent = false } = options;
  const waits = { backoff: 10, maxBackoff: 500, jitter: 1, ...options.backoff };
  const deadline = node.now() + timeout;
  let doubtful = false;
  for (let n = 1;; n++) {
    const attempt = (): RPCOptions => ({ timeout: Math.max(1, Math.min(1000, deadline - node.now())), signal });
    let writing = false;
    try {
      const current = await readForUpdate(kv, key, options, attempt());
      const next = fn(structuredClone(current.value));
      if (next === undefined) return current.value;
      writing = true;
      await kv.cas(key, current.value, next, { ...attempt(), createIfNotExists: current.missing });
      return next;
    } catch (error) {
      if (!(error instanceof RPCError)) throw error;
      const raced = writing && (isMissing(error) || error.code === ERRORS["precondition-failed"].code);
      if (writing && !error.definite) doubtful = true;
      if (!raced && !isRetriable(error, !writing || idempotent)) throw error;
    }
    const wait = backoffDelay(n, waits, () => node.random());
    if (node.now() + wait >= deadline) {
      const text = `Cannot update ${JSON.stringify(key)}: not done within ${timeout} ms`;
      throw new RPCError(doubtful ? "timeout" : "temporarily-unavailable", text);
    }
    await node.sleep(wait, signal);
  }
}

async function readForUpdate<V, K>(kv: KV<V, K>, key: K, options: UpdateOptions<V>, attempt: RPCOptions) {
  try {
    return { value: await kv.read(key, attempt), missing: false };
  } catch (error) {
    if (!isMissing(error) || options.default === undefined) throw error;
    return { value: options.default, missing: true };
  }
}
