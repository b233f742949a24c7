/**
 * Clients of Maelstrom's services: the key-value stores seq-kv, lin-kv and lww-kv, and the timestamp oracle lin-tso.
 *
 * Source: Maelstrom's `doc/services.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/services.md>.
 *
 * @module
 */

import { update, type UpdateOptions } from "./kv_update.ts";
import type { AnyNode, Node } from "./node.ts";
import { ERRORS, RPCError } from "./protocol.ts";
import type { RPCOptions } from "./rpc.ts";

export type { UpdateOptions } from "./kv_update.ts";

/** How {@linkcode KV.cas} goes about its business. */
export interface CASOptions extends RPCOptions {
  /** Whether to set the value also where the key does not exist; false by default. */
  createIfNotExists?: boolean;
}

/**
 * A client of a key-value store.
 *
 * Each method makes one request and waits 1 s for the reply, unless it says otherwise or is told otherwise. With `retry`, reads are tried
 * again after a time-out too, and given more time each time ({@linkcode RPCOptions}), for they may be repeated; the rest only with
 * `retry: { idempotent: true }`, that is, where a repetition does no harm. (It may: a repeated write can undo what somebody else wrote in
 * between.)
 *
 * @typeParam V The type of the values; anything that JSON can say.
 * @typeParam K The type of the keys; the same.
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
   * @returns Whether this call has set it. With `retry: { idempotent: true }`, where an earlier attempt may have set it unseen, true also
   *   means that an equal value was there.
   */
  writeIfAbsent(key: K, value: V, options?: RPCOptions): Promise<boolean>;
  /**
   * Replaces the value of a key by a function of it: reads, applies, compares and sets, and begins again when somebody else was faster.
   *
   * A compare-and-set that is not answered may have taken effect, or may do so later; reading again cannot tell. So the update ends
   * there with that error, unless it is said to be idempotent.
   *
   * @param fn Gets the present value (its own copy) and returns the next one; `undefined` leaves things as they are. It may be called
   *   more than once.
   * @returns The value that is there now.
   * @throws {RPCError} 20: the key does not exist, and there is no default. 11: it could not be done in time, and surely has not happened.
   *   0 or another indefinite error: it may have happened.
   */
  update(key: K, fn: (value: V) => V | undefined | Promise<V | undefined>, options?: UpdateOptions<V>): Promise<V>;
}

/** A client of seq-kv. */
export interface SeqKV<V = unknown, K = string> extends KV<V, K> {
  /**
   * The value of a key, no older than this call. (Other reads of seq-kv may give an old value, though never one that is older than what
   * this node has seen.)
   *
   * Whoever changes seq-kv sees its newest state from then on. So this first writes something new to a key that no other node writes,
   * `read-latest/` and the node's id, and then reads: two requests.
   *
   * @throws {RPCError} 20: the key does not exist.
   */
  readLatest(key: K, options?: RPCOptions): Promise<V>;
}

/** A client of lin-tso. */
export interface LinTSO {
  /** The next timestamp: 0, 1, 2, …; each goes to one caller only. A repetition wastes one, which does no harm. */
  ts(options?: RPCOptions): Promise<number>;
}

/**
 * The sequentially consistent service: all see the same states in the same order, but not always the newest.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startWithService } from "../tests/fake_services.ts";
 * import { seqKV } from "./kv.ts";
 *
 * await startWithService("seq-kv", async (node) => {
 *   const kv = seqKV<number>(node);
 *   await kv.write("x", 1);
 *   assertEquals(await kv.update("x", (x) => x + 1), 2);
 *   assertEquals(await kv.readLatest("x"), 2);
 *   assertEquals(await kv.readOr("y", 0), 0);
 * });
 * ```
 */
export function seqKV<V = unknown, K = string>(node: AnyNode): SeqKV<V, K> {
  const kv = openKV<V, K>(node, "seq-kv");
  return {
    ...kv,
    async readLatest(key, options) {
      const own = `read-latest/${node.id}` as K;
      await kv.write(own, newValue(node) as V, repeatable(options));
      return await kv.read(key, options);
    },
  };
}

/**
 * The linearizable service: every operation sees the newest state.
 *
 * @example
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { startWithService } from "../tests/fake_services.ts";
 * import { linKV } from "./kv.ts";
 *
 * await startWithService("lin-kv", async (node) => {
 *   const kv = linKV<string>(node);
 *   assert(await kv.writeIfAbsent("leader", "n0"));
 *   assertFalse(await kv.writeIfAbsent("leader", "n1"));
 * });
 * ```
 */
export function linKV<V = unknown, K = string>(node: AnyNode): KV<V, K> {
  return openKV(node, "lin-kv");
}

/**
 * The last-write-wins service: replicas that merge now and then, so that reads may be old and writes may be lost.
 *
 * It cannot create a key by compare-and-set. In its place `cas` with `createIfNotExists`, `writeIfAbsent`, and `update` with a default
 * write plainly where there is no key, which may overwrite what somebody else wrote in the meantime.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { startWithService } from "../tests/fake_services.ts";
 * import { lwwKV } from "./kv.ts";
 * import { RPCError } from "./protocol.ts";
 *
 * await startWithService("lww-kv", async (node) => {
 *   const kv = lwwKV<string[], number>(node);
 *   await assertRejects(() => kv.read(1), RPCError, "key does not exist");
 *   await kv.write(1, ["a"]);
 *   assertEquals(await kv.read(1), ["a"]);
 * });
 * ```
 */
export function lwwKV<V = unknown, K = string>(node: AnyNode): KV<V, K> {
  return openKV(node, "lww-kv");
}

/**
 * The timestamp oracle.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startWithService } from "../tests/fake_services.ts";
 * import { linTSO } from "./kv.ts";
 *
 * await startWithService("lin-tso", async (node) => {
 *   const oracle = linTSO(node);
 *   assertEquals(await oracle.ts(), 0);
 *   assertEquals(await oracle.ts(), 1);
 * });
 * ```
 */
export function linTSO(node: AnyNode): LinTSO {
  return {
    async ts(options) {
      const { ts } = await (node as Node).rpc("lin-tso", { type: "ts" }, repeatable(options));
      return ts as number;
    },
  };
}

function openKV<V, K>(node: AnyNode, service: "seq-kv" | "lin-kv" | "lww-kv"): KV<V, K> {
  const call = (body: { type: string; [field: string]: unknown }, options?: RPCOptions) =>
    (node as Node).rpc(service, body, options);
  const kv: KV<V, K> = {
    async read(key, options) {
      const { value } = await call({ type: "read", key }, repeatable(options));
      return value as V;
    },
    readOr: (key, fallback, options) => unless("key-does-not-exist", () => kv.read(key, options), () => fallback),
    async write(key, value, options) {
      await call({ type: "write", key, value }, options);
    },
    async cas(key, from, to, { createIfNotExists = false, ...options } = {}) {
      const request = { type: "cas", key, from, to };
      if (!createIfNotExists) {
        await call(request, options);
      } else if (service === "lww-kv") {
        await unless("key-does-not-exist", () => call(request, options), () => kv.write(key, to, options));
      } else {
        await call({ ...request, create_if_not_exists: true }, options);
      }
    },
    writeIfAbsent(key, value, options = {}) {
      // What nobody has ever written cannot be there. But an attempt that repeats another must find what that one wrote.
      const from = options.retry?.idempotent ? value : newValue(node) as V;
      const write = async () => {
        await kv.cas(key, from, value, { ...options, createIfNotExists: true });
        return true;
      };
      return unless("precondition-failed", write, () => false);
    },
    update: (key, fn, options) => update(node, kv, key, fn, options),
  };
  return kv;
}

/** A value that has never been written, and never will be: 128 random bits. */
function newValue(node: AnyNode): number[] {
  return [...node.getRandomValues(new Uint32Array(4))];
}

/** The options of a request that does no harm when repeated. */
function repeatable(options: RPCOptions = {}): RPCOptions {
  return options.retry === undefined ? options : { ...options, retry: { ...options.retry, idempotent: true } };
}

/** What `attempt` gives, or where it throws one particular error, what `otherwise` gives. */
async function unless<T, D>(
  error: keyof typeof ERRORS,
  attempt: () => Promise<T>,
  otherwise: () => D | Promise<D>,
): Promise<T | D> {
  try {
    return await attempt();
  } catch (thrown) {
    if (thrown instanceof RPCError && thrown.code === ERRORS[error].code) return await otherwise();
    throw thrown;
  }
}
