/**
 * Remote procedure calls: requests, and the replies that are matched to them by `msg_id`.
 *
 * 1. {@linkcode RPCClient.request} sends a request under a new id and sets a timer.
 * 2. A reply with that id settles the RPC.
 * 3. When the timer fires first, the request is sent again under another id (the reply to any of them counts), or the
 *    RPC gives up.
 * 4. Ids that got no reply are remembered for a while, to tell a late reply from a duplicate one.
 *
 * @module
 */

import type { Host } from "./host.ts";
import { type Body, ERRORS, RPCError } from "./protocol.ts";
import type { AttemptTimeouts, RetryOptions } from "./retry.ts";
import { type Schema, SchemaError, validate } from "./schema.ts";
import type { NodeStats } from "./stats.ts";

/**
 * Options for {@linkcode Node.rpc}.
 *
 * @example A request that survives a partition.
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * let ts: unknown;
 * const world = simulate({
 *   nodes: 1,
 *   program(node) {
 *     const options = { timeout: 100, retry: { attempts: 10, idempotent: true } };
 *     node.after(0, async () => {
 *       ts = (await node.rpc("lin-tso", { type: "ts" }, options)).ts;
 *     });
 *   },
 * });
 * world.cut("n0", "lin-tso");
 * await world.run(1000);
 * assertEquals(ts, undefined);
 * world.heal();
 * await world.run(1000);
 * assertEquals(ts, 0);
 * ```
 */
export interface RPCOptions {
  /**
   * Timeout of the first attempt, ms. `Infinity`: none.
   *
   * @default 1000
   */
  timeout?: number;
  /** Gives up the RPC, retries included, when it aborts. The RPC then throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * Options for retries.
   *
   * @default undefined, no retries
   */
  retry?: RetryOptions;
  /**
   * Schema of the reply's body. A reply that does not match is error 13 (crash): it is unknown what the request did.
   *
   * @default undefined, any reply that is not an error is a success
   */
  schema?: Schema;
}

/** A request to another node or a service, as {@linkcode RPCClient} sends it. */
interface Request extends Pick<RPCOptions, "signal" | "schema"> {
  /** The recipient. */
  readonly dest: string;
  /** The request's type, for the text of errors. */
  readonly type: string;
  /** Sends one attempt under the given `msg_id`. */
  readonly send: (msg_id: number) => void;
}

/**
 * Options for an idempotent request that must succeed. It is repeated without end, and at least every 2 s, so that it
 * succeeds soon after a partition has healed.
 */
export const RETRY_UNTIL_ANSWERED: Readonly<RPCOptions> = {
  retry: { attempts: Infinity, idempotent: true, maxTimeout: 2000, maxBackoff: 500 },
};

/** An RPC that has no reply yet. */
interface PendingRPC extends Request {
  readonly nextTimeout: AttemptTimeouts["next"];
  readonly resolve: (reply: Body) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
  /** Ids of the attempts so far. Each is a key in the map of pending RPCs. */
  readonly ids: number[];
  /** Sum of the timeouts of the attempts so far, ms. */
  totalTimeout: number;
  /** The host's timer for the last attempt; undefined if its timeout is infinite. */
  timer: unknown;
}

/** Number of ids without a reply that are remembered: a few megabytes at most. */
const MAX_UNANSWERED = 65_536;

/** Number of types of requests whose callers are remembered. A program has a few. */
const MAX_CALLERS = 1000;

/** The RPCs of one node. */
export class RPCClient {
  readonly #host: Host;
  readonly #stats: NodeStats;
  /** Pending RPCs by the ids of their attempts. */
  readonly #pending = new Map<number, PendingRPC>();
  /** Ids to which a reply would be late. At most {@linkcode MAX_UNANSWERED}, all of them in `#unansweredRing`. */
  readonly #unanswered = new Set<number>();
  /**
   * Ring buffer of the last ids added to `#unanswered`. (A set alone is slow at finding its oldest entry after many
   * deletions.)
   */
  readonly #unansweredRing: number[] = [];
  /** Stack of the first request of each type. (To capture one takes 20 µs: too long for each request.) */
  readonly #callers = new Map<string, Caller>();
  /** Number of ids ever added to `#unansweredRing`. */
  #unansweredCount = 0;
  /** Id of the next request; 0 before the first. */
  #nextId = 0;
  #stopped = false;

  /** @param stats The counters to increment. */
  constructor(host: Host, stats: NodeStats) {
    this.#host = host;
    this.#stats = stats;
  }

  /** Sends a request and waits for its reply. */
  request(request: Request, timeouts: AttemptTimeouts): Promise<Body> {
    const { dest, type, signal } = request;
    if (!this.#callers.has(type) && this.#callers.size < MAX_CALLERS) this.#callers.set(type, captureCaller());
    return new Promise((resolve, reject) => {
      if (!(timeouts.first > 0)) {
        throw new RangeError(
          `Cannot send ${type} to ${dest}: expected timeout to be more than 0 ms, got ${timeouts.first}`,
        );
      }
      if (this.#stopped) throw stoppedError();
      signal?.throwIfAborted();
      const onAbort = () => this.#giveUp(rpc, signal!.reason);
      signal?.addEventListener("abort", onAbort);
      const rpc: PendingRPC = {
        ...request,
        nextTimeout: timeouts.next,
        resolve,
        reject,
        onAbort,
        ids: [],
        totalTimeout: 0,
        timer: undefined,
      };
      try {
        this.#attempt(rpc, timeouts.first);
      } catch (error) {
        this.#remove(rpc);
        throw error;
      }
    });
  }

  /** Returns the recipient of the pending RPC that has sent a request with this id; undefined if there is none. */
  recipientOf(id: number): string | undefined {
    return this.#pending.get(id)?.dest;
  }

  /** Settles the pending RPC that a reply belongs to. */
  settle(reply: Body): void {
    const rpc = this.#pending.get(reply.in_reply_to!)!;
    this.#remove(rpc);
    for (const id of rpc.ids) {
      if (id !== reply.in_reply_to) this.#rememberUnanswered(id);
    }
    try {
      rpc.resolve(toResult(reply, rpc));
    } catch (error) {
      rpc.reject(error instanceof RPCError ? this.#withCaller(error, rpc.type) : error);
    }
  }

  /** Counts a reply that belongs to no pending RPC, and returns which kind it is. */
  countStray(id: number): "late" | "duplicate" {
    const late = this.#unanswered.delete(id);
    if (late) this.#stats.lateReplies++;
    else this.#stats.duplicateReplies++;
    return late ? "late" : "duplicate";
  }

  /** Rejects all pending RPCs, and every later one. */
  stop(): void {
    this.#stopped = true;
    for (const rpc of new Set(this.#pending.values())) {
      this.#remove(rpc);
      rpc.reject(stoppedError());
    }
  }

  /** Sends one attempt, and sets its timer. */
  #attempt(rpc: PendingRPC, timeout: number): void {
    const id = this.#newId();
    rpc.ids.push(id);
    rpc.totalTimeout += timeout;
    rpc.timer = timeout === Infinity ? undefined : this.#host.setTimer(timeout, () => this.#onTimeout(rpc));
    this.#pending.set(id, rpc);
    this.#stats.requests++;
    rpc.send(id);
  }

  /** Sends the next attempt, or gives up if there is none. */
  #onTimeout(rpc: PendingRPC): void {
    this.#stats.timeouts++;
    const next = rpc.nextTimeout?.();
    if (next !== undefined) {
      this.#attempt(rpc, next);
    } else {
      const text = `No reply to ${rpc.type} from ${rpc.dest} within ${rpc.totalTimeout} ms`;
      this.#giveUp(rpc, this.#withCaller(new RPCError("timeout", text), rpc.type));
    }
  }

  /**
   * Returns an id that this node has not used. The first one is random: a restarted node must not take a reply to its
   * predecessor for a reply to itself.
   */
  #newId(): number {
    if (this.#nextId === 0) this.#nextId = 1 + (this.#host.getRandomValues(new Uint32Array(1))[0]! >>> 2);
    return this.#nextId++;
  }

  /** Replaces the stack of an error, which has only this library, by the place of the request. */
  #withCaller(error: RPCError, type: string): RPCError {
    const caller = this.#callers.get(type);
    if (caller === undefined) return error;
    const get = () => `${error}\n    ${type} was first requested${framesOfProgram(caller)}`;
    return Object.defineProperty(error, "stack", { get, configurable: true });
  }

  #giveUp(rpc: PendingRPC, reason: unknown): void {
    this.#remove(rpc);
    for (const id of rpc.ids) this.#rememberUnanswered(id);
    rpc.reject(reason);
  }

  /** Adds an id to `#unanswered`. If it is full, this removes the oldest one. */
  #rememberUnanswered(id: number): void {
    const slot = this.#unansweredCount++ % MAX_UNANSWERED;
    this.#unanswered.delete(this.#unansweredRing[slot]!);
    this.#unansweredRing[slot] = id;
    this.#unanswered.add(id);
  }

  /** Removes an RPC: its ids, timer and abort listener. */
  #remove(rpc: PendingRPC): void {
    for (const id of rpc.ids) this.#pending.delete(id);
    if (rpc.timer !== undefined) this.#host.clearTimer(rpc.timer);
    rpc.signal?.removeEventListener("abort", rpc.onAbort);
  }
}

/** Object with the stack of a call. */
interface Caller {
  stack?: string;
}

function captureCaller(): Caller {
  const caller: Caller = {};
  Error.captureStackTrace(caller, captureCaller);
  return caller;
}

/** Folder of this library. */
const LIBRARY = new URL(".", import.meta.url).href;

/** Returns the lines of a stack that are not of this library, each after a line feed. */
function framesOfProgram({ stack = "" }: Caller): string {
  return stack.split("\n").slice(1).filter((line) => !line.includes(LIBRARY)).map((line) => `\n${line}`).join("");
}

const STOPPED = "The node was stopped";

function stoppedError(): RPCError {
  return new RPCError("crash", STOPPED);
}

/** True if `thrown` is what RPCs reject with when their node is stopped. */
export function isStopped(thrown: unknown): boolean {
  return thrown instanceof RPCError && thrown.message === STOPPED;
}

/** Returns the body of a reply, as its schema has transformed it. Throws the error of an error reply, or its own. */
function toResult(reply: Body, { dest, type, schema }: Request): Body {
  if (reply.type === "error") throw toError(reply);
  try {
    return schema === undefined ? reply : validate(schema, reply) as Body;
  } catch (thrown) {
    if (!(thrown instanceof SchemaError)) throw thrown;
    throw new RPCError("crash", `Malformed reply to ${type} from ${dest}: ${thrown.message}`);
  }
}

/** Converts an error reply to the error that it stands for. */
function toError(body: Body): RPCError {
  const code = Number.isInteger(body.code) ? body.code as number : ERRORS.crash.code;
  return new RPCError(code, typeof body.text === "string" ? body.text : undefined);
}
