/**
 * Offsets that a node of challenge 5c may give out: for one key, no other node and no other incarnation of this node
 * ever gives out the same.
 *
 * 1. Every node owns every n-th offset: of three nodes, n0 owns 0, 3, 6, … So no two nodes share one.
 * 2. All nodes give out only offsets below a limit, which is kept in lin-kv. They raise it before they reach it. There
 *    is one limit for all nodes and keys.
 * 3. A node that was killed does not know which offsets it gave out. So it raises the limit when it starts again, and
 *    begins at the old limit, which is above every offset that any node has given out.
 * 4. To know that it was killed, a node counts its incarnations in lin-kv.
 *
 * @module
 */
import { type AnyNode, type KV, linKV, RETRY_UNTIL_ANSWERED, RPCError } from "../../mod.ts";
import { createWorker } from "./worker.ts";

/** Number of each node's present incarnation. A node's first incarnation has number 1. */
export type Incarnations = Record<string, number>;

/** The offsets of one node. */
export interface OwnOffsets {
  /**
   * Counts this node's incarnation, and returns the present ones of all nodes. Called once, when the node starts. Until
   * its promise is fulfilled, `next` returns undefined.
   */
  countIncarnation(): Promise<Incarnations>;
  /** Returns the node's next offset above `top`, or undefined if there is none below the limit. */
  next(top: number): number | undefined;
  /** Waits until the limit is higher, after `next` returned undefined. */
  waitForLimit(): Promise<void>;
}

/** State of a node. It may give out its offsets from `floor` on and below `limit`. */
interface State {
  readonly node: AnyNode;
  readonly kv: KV<number>;
  /** 0 in the first incarnation, else the limit that was in lin-kv when this one started. */
  floor: number;
  /**
   * The limit as this node last raised it; 0 until this incarnation has begun. The one in lin-kv is never lower, and
   * counts as {@linkcode ROOM} if there is none.
   */
  limit: number;
  /** Highest offset that a send needed, given out or not. */
  highest: number;
  /** Fulfilled when this incarnation has begun. */
  readonly begun: PromiseWithResolvers<Incarnations>;
  /** Fulfilled when the limit is raised, and then replaced. */
  raised: PromiseWithResolvers<void>;
}

/** Distance of a raised limit from the highest offset needed; at a restart, from the old limit. */
const ROOM = 1000;

/** Key of the limit in lin-kv. */
const LIMIT = "kafka/limit";

/** These requests are few, and a node that starts waits for them. So they are repeated soon. */
const RETRY_SOON = { ...RETRY_UNTIL_ANSWERED, timeout: 250 };

/**
 * Updates that may take effect twice: then the limit is higher than needed, or the number of an incarnation is skipped.
 */
const UPDATE = { timeout: Infinity, twice: "harmless", requestTimeout: RETRY_SOON.timeout } as const;

/** Creates the offsets of a node. A program calls it once, when it sets up its node. */
export function createOwnOffsets(node: AnyNode): OwnOffsets {
  const state: State = {
    node,
    kv: linKV<number>(node),
    floor: 0,
    limit: 0,
    highest: 0,
    begun: Promise.withResolvers(),
    raised: Promise.withResolvers(),
  };
  const wakeStart = createWorker(node, "count the incarnations of the node", () => begin(state));
  const wakeRaise = createWorker(node, "raise the limit of offsets", () => raiseLimit(state));
  return {
    countIncarnation() {
      wakeStart();
      return state.begun.promise;
    },
    next(top) {
      if (state.limit === 0) return undefined;
      const offset = nextOwnOffset(node, Math.max(top + 1, state.floor));
      state.highest = Math.max(state.highest, offset);
      if (isLimitNear(state)) wakeRaise();
      return offset < state.limit ? offset : undefined;
    },
    async waitForLimit() {
      await (state.limit === 0 ? state.begun.promise : state.raised.promise);
    },
  };
}

/** The node's first offset from `from` on. */
function nextOwnOffset({ id, nodeIds }: AnyNode, from: number): number {
  const count = nodeIds.length;
  return from + (nodeIds.indexOf(id) - from % count + count) % count;
}

async function begin(state: State): Promise<void> {
  const { node, kv } = state;
  const own = await numberIncarnation(state);
  const incarnations: Incarnations = { [node.id]: own };
  if (own === 1) {
    state.limit = ROOM;
  } else {
    const readOthers = node.peers.map(async (id) => {
      incarnations[id] = await kv.readOr(incarnationKey(id), 1, RETRY_SOON);
    });
    const raise = kv.update(LIMIT, (limit) => limit + ROOM, { default: ROOM, ...UPDATE });
    [state.limit] = await Promise.all([raise, ...readOthers]);
    state.floor = state.limit - ROOM;
  }
  state.begun.resolve(incarnations);
}

/**
 * Counts this incarnation, and returns its number. It is higher than that of any earlier one; numbers may be skipped.
 */
async function numberIncarnation({ node, kv }: State): Promise<number> {
  const key = incarnationKey(node.id);
  try {
    // As no incarnation has number 0, this succeeds only if there is none yet. If its answer is lost, the first
    // incarnation gets number 2.
    await kv.cas(key, 0, 1, { createIfNotExists: true, ...RETRY_SOON });
    return 1;
  } catch (error) {
    if (!(error instanceof RPCError && error.errorName === "precondition-failed")) throw error;
    return await kv.update(key, (number) => number + 1, UPDATE);
  }
}

/**
 * True if it is time to raise the limit: normally early enough that no send has to wait. A send waits only if other
 * nodes have raised the limit since, and have appended beyond the one that this node knows.
 */
function isLimitNear({ highest, limit }: State): boolean {
  return highest > limit - ROOM / 2;
}

async function raiseLimit(state: State): Promise<void> {
  if (!isLimitNear(state)) return;
  const wanted = state.highest + ROOM;
  const raise = (limit: number) => limit < wanted ? wanted : undefined;
  state.limit = await state.kv.update(LIMIT, raise, { default: ROOM, ...UPDATE });
  state.raised.resolve();
  state.raised = Promise.withResolvers();
}

function incarnationKey(node: string): string {
  return `kafka/incarnation/${node}`;
}
