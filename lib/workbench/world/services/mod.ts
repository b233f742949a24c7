/**
 * Services of Maelstrom: participants of the network that programs may use.
 *
 * One file each: `lin_kv.ts`, `seq_kv.ts` (stale reads), `lww_kv.ts` (lost writes), `lin_tso.ts`. The three stores
 * share `key_value.ts`. A service is a pure state machine (`service.ts`); here they are put on the network.
 *
 * Source: Maelstrom's `doc/services.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/services.md>.
 *
 * @module
 */

import { limitProblem } from "../../../json.ts";
import { type Body, ERRORS, type Message, RPCError } from "../../../protocol.ts";
import { MAX_NESTING } from "../../history/nesting.ts";
import { isClient, type Network } from "../network/network.ts";
import type { Random } from "../random.ts";
import { createLinKV } from "./lin_kv.ts";
import { createLinTSO } from "./lin_tso.ts";
import { createLWWKV } from "./lww_kv.ts";
import { createSeqKV } from "./seq_kv.ts";
import type { Reply, Service } from "./service.ts";

export type { Reply, Service };

/** Services by their names on the network. */
export const SERVICES: Record<string, (random: Random) => Service> = {
  "lin-kv": createLinKV,
  "seq-kv": createSeqKV,
  "lww-kv": createLWWKV,
  "lin-tso": createLinTSO,
};

/** Returns true for a name that no node can have: a client's or a service's. */
export function isReservedName(id: string): boolean {
  return isClient(id) || Object.hasOwn(SERVICES, id);
}

/**
 * Puts the services on a network. Each answers its requests in order, and at once.
 *
 * A request without a `msg_id` is answered with an `in_reply_to` of null, as in Maelstrom. A request of an unknown type
 * gets an error, where Maelstrom is silent.
 *
 * @param random Each service draws from its own stream of it.
 * @param names Keys of {@linkcode SERVICES}; all by default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../virtual_clock.ts";
 * import { createNetwork } from "../network/network.ts";
 * import { seededRandom } from "../random.ts";
 * import { attachServices } from "./mod.ts";
 *
 * const clock = new VirtualClock();
 * const random = seededRandom("dune");
 * const network = createNetwork({ clock, random, latency: { mean: 10, distribution: "constant" } });
 * attachServices(network, random.stream("services"));
 * network.attach("n0", ({ body }) => {
 *   assertEquals(body, { type: "ts_ok", ts: 0, in_reply_to: 1 });
 *   assertEquals(clock.now(), 20);
 * });
 * network.send({ src: "n0", dest: "lin-tso", body: { type: "ts", msg_id: 1 } });
 * await clock.run();
 * ```
 */
export function attachServices(
  network: Pick<Network, "attach" | "send">,
  random: Random,
  names: readonly string[] = Object.keys(SERVICES),
): void {
  for (const id of names) {
    const service = SERVICES[id]!(random.stream(id));
    network.attach(id, ({ src, body }: Message) => {
      const in_reply_to = body.msg_id ?? null;
      const reply = answer(service, src, body);
      // Without a msg_id, an unknown message may be a reply itself: two services would answer each other for ever.
      if (reply.type === "error" && reply.code === ERRORS["not-supported"].code && in_reply_to === null) return;
      network.send({ src: id, dest: src, body: { ...reply, in_reply_to } });
    });
  }
}

function answer(service: Service, client: string, request: Body): Reply {
  // Keys and values are compared by recursion. Nodes cannot send deeper ones, but clients of a simulation can.
  const problem = limitProblem(request, MAX_NESTING);
  try {
    if (problem !== undefined) throw new RPCError("malformed-request", `Malformed request: ${problem}`);
    return service(client, request);
  } catch (error) {
    if (!(error instanceof RPCError)) throw error;
    return error.toBody();
  }
}
