/**
 * What a service is.
 *
 * @module
 */

import type { Body } from "../../../protocol.ts";

/** The body of a reply, but for the ids that tie it to its request. */
export type Reply = Omit<Body, "msg_id" | "in_reply_to"> & { type: string };

/**
 * A service: a state machine that answers one request after another. It knows of no network and no time, and all that is random in it
 * comes from the stream it was made with.
 *
 * @param client Who asks: the source of the message.
 * @param request The body of the message.
 * @returns The reply; an error reply where the request cannot be granted.
 * @throws {RPCError} 10: the service does not know this type of request. The state is as it was before.
 */
export type Service = (client: string, request: Body) => Reply;
