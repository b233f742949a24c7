/**
 * World of a test whose clients use another store directly: where a request would go to a node, a function of this
 * process asks the store. So clients, operations, their times and checkers are those of every other test.
 *
 * @module
 */

import type { Body } from "../../lib/protocol.ts";
import { messageOf } from "../../lib/workbench/base/errors.ts";
import type { Clock } from "../../lib/workbench/world/clock.ts";
import type { World } from "../../lib/workbench/world/hosts/world.ts";
import { StrangerError } from "../../lib/workbench/world/network/network.ts";

/** Function that answers a request of a client: returns the body of the reply. */
export type Answer = (body: Record<string, unknown>) => Promise<Record<string, unknown>>;

/**
 * Creates the world.
 *
 * @param connect Connects to the store, once for each name of a node.
 */
export function directWorld(clock: Clock, connect: () => Promise<Answer>): World {
  return {
    mode: "process",
    clock,
    async startNode(id, network, _random, onFailure) {
      const answer = await connect();
      network.attach(id, async ({ src, body }) => {
        try {
          const fields = body.type === "init" ? {} : await answer(body);
          network.send({ src: id, dest: src, body: replyTo(body, fields) });
        } catch (error) {
          // The test is over.
          if (error instanceof StrangerError) return;
          onFailure({ type: "node-crashed", node: id, message: messageOf(error), count: 1 });
        }
      });
      return {
        id,
        diagnose: () => Promise.resolve({ activity: [], log: [] }),
        pause() {},
        resume() {},
        stop() {
          network.detach(id);
          return Promise.resolve();
        },
      };
    },
  };
}

function replyTo({ type, msg_id }: Body, fields: Record<string, unknown>): Body {
  return { type: `${type}_ok`, in_reply_to: msg_id, ...fields };
}
