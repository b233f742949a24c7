/**
 * The fault `membership`: removes nodes from the cluster, and adds them again. The nodes keep running.
 *
 * The nemesis sends `remove_member` and `add_member` with a `node_id` to a member, as a client does, and expects
 * `remove_member_ok` or `add_member_ok`. If a member refuses or does not answer, another one is asked. A node that is
 * not a member should answer clients with error 40, `not-a-member`.
 *
 * Source: <https://github.com/jepsen-io/maelstrom/pull/101>, which proposes these requests, as operations of clients.
 *
 * @module
 */

import { type Body, ERRORS, RPCError } from "../../../protocol.ts";
import type { Clock } from "../../world/clock.ts";
import type { Random } from "../../world/random.ts";
import { errorValue } from "../../workloads/outcome.ts";
import { asText } from "../../base/text.ts";

/** Part of a fault's target that changes of the membership need. */
export interface MembershipTarget {
  nodes: readonly string[];
  random: Random;
  /** Nodes that were removed, or may have been. At most a minority. */
  removed: Set<string>;
  /** Sends a request to a node, as a client; throws an `RPCError` if it fails. */
  call(node: string, body: Body): Promise<Body>;
  clock: Pick<Clock, "sleep">;
}

/** Number of times that all members are asked to add a node. They may have to elect a leader first. */
const ROUNDS = 10;
/** Time between two rounds, ms. */
const ROUND_INTERVAL = 500;

/** Groups of nodes that are removed at once: a majority always stays. */
export const REMOVED_GROUPS: Readonly<Record<string, (count: number) => number>> = {
  "one": (count) => Math.min(1, minorityOf(count)),
  "minority-third": (count) => Math.floor((count - 1) / 3),
  "minority": minorityOf,
};

/** The most nodes that may be missing while a majority is left. */
function minorityOf(count: number): number {
  return Math.floor((count - 1) / 2);
}

/** Removes a group of nodes, one after another. Returns the outcomes by node: `"removed"`, or the last error. */
export async function removeMembers(kind: string, target: MembershipTarget): Promise<Record<string, unknown>> {
  const { nodes, random, removed } = target;
  const most = minorityOf(nodes.length) - removed.size;
  const count = Math.min(REMOVED_GROUPS[kind]!(nodes.length), most);
  const chosen = random.shuffle(nodes.filter((node) => !removed.has(node))).slice(0, Math.max(count, 0));
  const outcomes: Record<string, unknown> = {};
  for (const node of chosen) {
    removed.add(node);
    const outcome = await ask("remove_member", node, target);
    if (outcome instanceof RPCError && outcome.definite) removed.delete(node);
    outcomes[node] = outcome instanceof RPCError ? errorValue(outcome) : "removed";
  }
  return outcomes;
}

/**
 * Adds the removed nodes, one after another, and tries again for some seconds if that fails. Returns the outcomes by
 * node: `"added"`, or the last error.
 */
export async function addMembers(target: MembershipTarget): Promise<Record<string, unknown>> {
  const { removed, clock } = target;
  const outcomes: Record<string, unknown> = {};
  for (let round = 0; round < ROUNDS && removed.size > 0; round++) {
    if (round > 0) await clock.sleep(ROUND_INTERVAL);
    for (const node of [...removed]) {
      const outcome = await ask("add_member", node, target);
      if (!(outcome instanceof RPCError)) removed.delete(node);
      outcomes[node] = outcome instanceof RPCError ? errorValue(outcome) : "added";
    }
  }
  return outcomes;
}

/**
 * Asks members in random order until one agrees. Returns its reply, or the last error: an indefinite one, if there was
 * any, because then the change may have been made.
 */
async function ask(type: string, node: string, { nodes, random, removed, call }: MembershipTarget) {
  let last: RPCError | undefined;
  for (const member of random.shuffle(nodes.filter((member) => !removed.has(member)))) {
    try {
      const reply = await call(member, { type, node_id: node });
      if (reply.type === `${type}_ok`) return reply;
      throw new RPCError("crash", `expected ${type}_ok, got ${asText(reply.type)}`);
    } catch (error) {
      if (!(error instanceof RPCError)) throw error;
      if (last === undefined || last.definite) last = error;
      // The program does not know the request: no other node will.
      if (error.code === ERRORS["not-supported"].code) break;
    }
  }
  return last ?? new RPCError("node-not-found", "there is no member to ask");
}
