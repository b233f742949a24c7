/**
 * A service that answers with errors, or malformed replies, for a while, for the tests of programs.
 *
 * @module
 */

import type { AnyNode } from "../../lib/node.ts";
import type { Body } from "../../lib/protocol.ts";
import { simulate, type SimulatedWorld, type SimulateOptions } from "../../lib/workbench/engines/simulate.ts";

/** Codes of errors: definite and indefinite ones, of services and of others. */
const ERROR_CODES = [0, 1, 10, 11, 12, 13, 14, 21, 22, 30, 1001];

/** Replies to test with, by their descriptions. None of them says what the request did. */
export const BAD_REPLIES: readonly [name: string, reply: Body][] = [
  ...ERROR_CODES.map((code): [string, Body] => [`error ${code}`, { type: "error", code }]),
  ["a reply of another type", { type: "other_ok" }],
];

/** A world one of whose services can fail. */
export interface FailingWorld {
  readonly world: SimulatedWorld;
  /** Requests answered badly so far. */
  readonly failed: number;
  /** Has the service answer every request with this body, and not do its work; or do its work again. */
  fail(reply: Body | undefined): void;
}

/** Simulates a program. */
export function simulateFailing(
  program: (node: AnyNode) => void,
  service: string,
  options: Pick<SimulateOptions, "nodes" | "latency">,
): FailingWorld {
  let failing: Body | undefined;
  let failed = 0;
  const world = simulate({ ...options, program });
  world.intercept(({ src, dest, body }) => {
    if (failing === undefined || dest !== service) return false;
    failed++;
    world.send({ src: dest, dest: src, body: { ...failing, in_reply_to: body.msg_id } });
    return true;
  });
  return {
    world,
    get failed() {
      return failed;
    },
    fail: (reply) => failing = reply,
  };
}
