/**
 * Entry point `./kv`: clients of Maelstrom's services, that is, the key-value stores seq-kv, lin-kv and lww-kv and the
 * timestamp oracle lin-tso.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linKV } from "./kv.ts";
 * import type { Node } from "./node.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * function sharedCounter(node: Node): void {
 *   const kv = linKV<number>(node);
 *   node.on("add", async ({ delta }) => ({
 *     total: await kv.update("total", (total) => total + Number(delta), { default: 0, twice: "if-duplicated" }),
 *   }));
 * }
 *
 * const client = simulate({ program: sharedCounter, nodes: 2 }).client();
 * assertEquals((await client.rpc("n0", { type: "add", delta: 2 })).total, 2);
 * assertEquals((await client.rpc("n1", { type: "add", delta: 3 })).total, 5);
 * ```
 *
 * Source: Maelstrom's `doc/services.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/services.md>.
 *
 * @module
 */

import { showJSON } from "./json.ts";
import { update, type UpdateOptions } from "./kv_update.ts";
import type { AnyNode, Node } from "./node.ts";
import { type Body, type ErrorName, ERRORS, RPCError } from "./protocol.ts";
import type { RPCOptions } from "./rpc.ts";

export type { UpdateOptions } from "./kv_update.ts";

/** Options of a request to a service. Its reply is always checked. */
export type ServiceOptions = Omit<RPCOptions, "schema">;

/** Options for {@linkcode KV.cas}. */
export interface CASOptions extends ServiceOptions {
  /**
   * True to set the value also if the key does not exist.
   *
   * @default false
   */
  createIfNotExists?: boolean;
}

/**
 * A client of a key-value store.
 *
 * Each method sends one request and waits 1 s for the reply, unless its description or its options say otherwise. With
 * `retry`, reads are also repeated after a timeout, because they are idempotent. Writes are repeated after a timeout
 * only if `retry.idempotent` is true: a repeated write can undo what another node wrote in between.
 *
 * @typeParam V The type of the values: JSON.
 * @typeParam K The type of the keys: JSON.
 */
export interface KV<V = unknown, K = string> {
  /**
   * Reads the value of a key.
   *
   * @throws {RPCError} 20: the key does not exist.
   */
  read(key: K, options?: ServiceOptions): Promise<V>;

  /** Reads the value of a key. Returns `fallback` if the key does not exist. */
  readOr<D = V>(key: K, fallback: D, options?: ServiceOptions): Promise<V | D>;

  /** Sets the value of a key. */
  write(key: K, value: V, options?: ServiceOptions): Promise<void>;

  /**
   * Compare-and-set: sets the value of a key to `to` if it is `from`.
   *
   * On a network that delivers messages twice, error 20 or 22 may be the answer to the copy of a request that has
   * succeeded.
   *
   * @throws {RPCError} 20: the key does not exist. 22: its value is not `from`.
   */
  cas(key: K, from: V, to: V, options?: CASOptions): Promise<void>;

  /**
   * Sets the value of a key that does not exist.
   *
   * @returns True if this call has set it, false if the key exists. With `retry: { idempotent: true }` it is also true
   *   if the key had an equal value: an earlier attempt may have set that. On a network that delivers messages twice,
   *   only that is reliable; otherwise it may be false although this call has set the key.
   */
  writeIfAbsent(key: K, value: V, options?: ServiceOptions): Promise<boolean>;

  /**
   * Replaces the value of a key by a function of it: reads, applies the function and does a compare-and-set, again and
   * again until no other write comes in between.
   *
   * A compare-and-set without a reply may have taken effect, or may still do so; reading again cannot tell. Unless
   * {@linkcode UpdateOptions.twice} is harmless, it throws the timeout or the indefinite error of the compare-and-set.
   *
   * On a network that delivers messages twice, the update may take effect twice. The caller must consent to that.
   *
   * @param fn Gets a copy of the current value and returns the new one, or undefined to leave it as it is. It may be
   *   called more than once.
   * @returns The value that the key has now.
   * @throws {RPCError} 20: the key does not exist, and there is no default. 11: the time limit has passed, and nothing
   *   was changed. 0 or another indefinite error: the update may have taken effect.
   */
  update(key: K, fn: (value: V) => V | undefined | Promise<V | undefined>, options: UpdateOptions<V>): Promise<V>;
}

/** A client of seq-kv. */
export interface SeqKV<V = unknown, K = string> extends KV<V, K> {
  /**
   * Reads the newest value of a key. (The other reads of seq-kv may return an old value, though never an older one
   * than this node has seen.)
   *
   * A client of seq-kv sees the newest state once it has changed something. So this sends two requests: it writes a new
   * value to the key `read-latest/<id of this node>`, which no other node writes, and then reads.
   *
   * @throws {RPCError} 20: the key does not exist.
   */
  readLatest(key: K, options?: ServiceOptions): Promise<V>;
}

/** A client of lin-tso. */
export interface LinTSO {
  /** Returns the next timestamp: 0, 1, 2, … Each is returned once. A retry may waste one, which does no harm. */
  ts(options?: ServiceOptions): Promise<number>;
}

/**
 * Creates a client of seq-kv, which is sequentially consistent: all clients see the same states in the same order, but
 * not always the newest.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { seqKV } from "./kv.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const world = simulate({
 *   nodes: 2,
 *   program(node) {
 *     const kv = seqKV(node);
 *     node.on("write", async ({ value }) => {
 *       await kv.write("x", value);
 *       return {};
 *     });
 *     node.on("read", async () => ({ value: await kv.readLatest("x") }));
 *   },
 * });
 * const client = world.client();
 * await client.rpc("n0", { type: "write", value: 7 });
 * assertEquals((await client.rpc("n1", { type: "read" })).value, 7);
 * ```
 */
export function seqKV<V = unknown, K = string>(node: AnyNode): SeqKV<V, K> {
  const kv = createKV<V, K>(node, "seq-kv");
  return {
    ...kv,
    async readLatest(key, options) {
      const own = `read-latest/${node.id}` as K;
      await kv.write(own, newValue(node) as V, asIdempotent(options));
      return await kv.read(key, options);
    },
  };
}

/**
 * Creates a client of lin-kv, which is linearizable: every operation sees the newest state.
 *
 * @example
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { linKV } from "./kv.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const world = simulate({
 *   nodes: 2,
 *   program(node) {
 *     const kv = linKV<string>(node);
 *     node.on("elect", async () => ({ isLeader: await kv.writeIfAbsent("leader", node.id) }));
 *   },
 * });
 * const client = world.client();
 * assert((await client.rpc("n0", { type: "elect" })).isLeader);
 * assertFalse((await client.rpc("n1", { type: "elect" })).isLeader);
 * ```
 */
export function linKV<V = unknown, K = string>(node: AnyNode): KV<V, K> {
  return createKV(node, "lin-kv");
}

/**
 * Creates a client of lww-kv, which is eventually consistent: its replicas merge from time to time and the last write
 * wins, so reads may be old and writes may be lost.
 *
 * lww-kv cannot create a key by compare-and-set. `cas` with `createIfNotExists`, `writeIfAbsent`, and `update` with a
 * default use a plain write if there is no key, which may overwrite what another node wrote in between.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lwwKV } from "./kv.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const world = simulate({
 *   nodes: 1,
 *   program(node) {
 *     const kv = lwwKV<string, number>(node);
 *     node.on("read", async () => ({ value: await kv.readOr(1, "nothing") }));
 *   },
 * });
 * assertEquals((await world.client().rpc("n0", { type: "read" })).value, "nothing");
 * ```
 */
export function lwwKV<V = unknown, K = string>(node: AnyNode): KV<V, K> {
  return createKV(node, "lww-kv");
}

/**
 * Creates a client of lin-tso, the timestamp oracle: timestamps grow, and each is used once in the whole cluster.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linTSO } from "./kv.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const world = simulate({
 *   nodes: 2,
 *   program(node) {
 *     const oracle = linTSO(node);
 *     node.on("stamp", async () => ({ ts: await oracle.ts() }));
 *   },
 * });
 * const client = world.client();
 * assertEquals((await client.rpc("n0", { type: "stamp" })).ts, 0);
 * assertEquals((await client.rpc("n1", { type: "stamp" })).ts, 1);
 * ```
 */
export function linTSO(node: AnyNode): LinTSO {
  return {
    async ts(options) {
      const { ts } = await ask(node, "lin-tso", { type: "ts" }, asIdempotent(options), hasTS);
      return ts as number;
    },
  };
}

function createKV<V, K>(node: AnyNode, service: "seq-kv" | "lin-kv" | "lww-kv"): KV<V, K> {
  const request = (body: Request, options?: ServiceOptions) => ask(node, service, body, options);
  const kv: KV<V, K> = {
    async read(key, options) {
      const { value } = await ask(node, service, { type: "read", key }, asIdempotent(options), hasValue);
      return value as V;
    },
    readOr: (key, fallback, options) => recoverFrom("key-does-not-exist", () => kv.read(key, options), () => fallback),
    async write(key, value, options) {
      await request({ type: "write", key, value }, options);
    },
    async cas(key, from, to, { createIfNotExists = false, ...options } = {}) {
      const body = { type: "cas", key, from, to };
      if (!createIfNotExists) {
        await request(body, options);
      } else if (service === "lww-kv") {
        await recoverFrom("key-does-not-exist", () => request(body, options), () => kv.write(key, to, options));
      } else {
        await request({ ...body, create_if_not_exists: true }, options);
      }
    },
    writeIfAbsent(key, value, options = {}) {
      // A compare-and-set from a value that was never written can only create the key. But a retry must match the value
      // that an earlier attempt may have written.
      const from = options.retry?.idempotent ? value : newValue(node) as V;
      const write = async () => {
        await kv.cas(key, from, value, { ...options, createIfNotExists: true });
        return true;
      };
      return recoverFrom("precondition-failed", write, () => false);
    },
    update: (key, fn, options) => update(node, kv, key, fn, options),
  };
  return kv;
}

/** Body of a request to a service. */
interface Request {
  type: string;
  [field: string]: unknown;
}

/** Returns true for the body of a well-formed reply, otherwise what was expected. */
type Check = (reply: Record<string, unknown>) => true | string;

const hasValue: Check = ({ value }) => value !== undefined || "expected value, got nothing";
const hasTS: Check = ({ ts }) => Number.isInteger(ts) || `expected ts to be an integer, got ${showJSON(ts, 60)}`;

/** Sends a request to a service. A reply that is not what a service sends leaves open what the request did. */
function ask(node: AnyNode, service: string, body: Request, options?: ServiceOptions, check?: Check): Promise<Body> {
  const expected = `${body.type}_ok`;
  const schema: Check = (reply) => {
    if (reply.type !== expected) return `expected type ${expected}, got ${showJSON(reply.type, 60)}`;
    return check?.(reply) ?? true;
  };
  return (node as Node).rpc(service, body, { ...options, schema });
}

/** Returns a value that was never written and never will be: 128 random bits. */
function newValue(node: AnyNode): number[] {
  return [...node.getRandomValues(new Uint32Array(4))];
}

/** Marks the retries of a request, if it has any, as harmless. */
function asIdempotent(options: ServiceOptions = {}): ServiceOptions {
  return options.retry === undefined ? options : { ...options, retry: { ...options.retry, idempotent: true } };
}

/** Returns what `attempt` returns; if it throws the named error, what `otherwise` returns. */
async function recoverFrom<T, D>(
  error: ErrorName,
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
