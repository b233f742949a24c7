/**
 * Which offsets a node of challenge 5c gives out: such as no other node ever does, and no earlier life of its own ever did.
 *
 * Each node has offsets of its own (of three, n0 has 0, 3, 6, …), so no two nodes can choose the same. But a node that is killed forgets
 * which ones it has given out, perhaps before it told anybody. So nodes give out only offsets below a limit that is kept in lin-kv, and
 * raise it now and then; a node that starts again begins at the limit, which is above all that anybody can have given out, or seen.
 *
 * @module
 */
import { type AnyNode, linKV, RETRY_UNTIL_ANSWERED, RPCError } from "../../mod.ts";

/** The offsets that one node may give out. */
export interface OwnOffsets {
  /** Finds out which life of each node is its present one; the first thing to do, and only once. */
  begin(): Promise<Record<string, number>>;
  /** The node's next offset above `top`; none while it must not give out any. */
  next(top: number): number | undefined;
  /** Fulfilled when there are more of them. */
  more(): Promise<void>;
}

/** By how much the limit is raised. */
const ROOM = 1000;

/** The offsets of a node; to be called once, when the program sets up its node. */
export function openOffsets(node: AnyNode): OwnOffsets {
  const kv = linKV<number>(node);
  /** All offsets from `floor` on and below `limit` may be given out, as far as they are this node's. */
  let floor = 0;
  let limit = 0;
  let raising: Promise<void> | undefined;
  const begun = Promise.withResolvers<void>();

  async function begin(): Promise<Record<string, number>> {
    const lives: Record<string, number> = { [node.id]: await countLife() };
    if (lives[node.id] === 1) {
      limit = ROOM;
    } else {
      const others = node.peers.map(async (id) => lives[id] = await kv.readOr(lifeOf(id), 1, SOON));
      const raised = kv.update("kafka/limit", (present) => present + ROOM, { default: ROOM, ...FOR_EVER });
      [limit] = await Promise.all([raised, ...others]);
      floor = limit - ROOM;
    }
    begun.resolve();
    return lives;
  }

  async function countLife(): Promise<number> {
    try {
      // No life is number 0, so this succeeds only where there has been none. An answer that was lost makes it look like the second.
      await kv.cas(lifeOf(node.id), 0, 1, { createIfNotExists: true, ...SOON });
      return 1;
    } catch (error) {
      if (!(error instanceof RPCError && error.errorName === "precondition-failed")) throw error;
      return await kv.update(lifeOf(node.id), (life) => life + 1, FOR_EVER);
    }
  }

  /** Raises the limit to well above an offset, unless that is under way. */
  function raise(offset: number): Promise<void> {
    return raising ??= (async () => {
      const wanted = offset + ROOM;
      limit = await kv.update("kafka/limit", (present) => present < wanted ? wanted : undefined, {
        default: ROOM,
        ...FOR_EVER,
      });
      raising = undefined;
    })();
  }

  return {
    begin,
    next(top) {
      if (limit === 0) return undefined;
      const first = Math.max(top + 1, floor);
      const count = node.nodeIds.length;
      const offset = first + (node.nodeIds.indexOf(node.id) - first % count + count) % count;
      // Ahead of time, so that nobody has to wait.
      if (offset > limit - ROOM / 2) raise(offset).catch(() => {});
      return offset < limit ? offset : undefined;
    },
    async more() {
      await begun.promise;
      await raising;
    },
  };
}

/** These requests are few, and a node that starts again waits for them: so they are soon repeated. */
const SOON = { ...RETRY_UNTIL_ANSWERED, timeout: 250 };

/** An update may be repeated: the limit may be higher than needed, and lives may be left out. */
const FOR_EVER = { timeout: Infinity, idempotent: true, requestTimeout: SOON.timeout };

function lifeOf(node: string): string {
  return `kafka/life/${node}`;
}
