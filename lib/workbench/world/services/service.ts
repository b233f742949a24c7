/**
 * Interface of a service.
 *
 * @module
 */

import type { Body } from "../../../protocol.ts";

/** Body of a reply, without the ids that tie it to its request. */
export type Reply = Omit<Body, "msg_id" | "in_reply_to"> & { type: string };

/**
 * Service: a state machine that answers one request after another. It knows neither network nor time; its random draws
 * come from the stream it was created with.
 *
 * @param client Source of the request.
 * @param request Body of the request.
 * @returns The reply; an error reply if the request cannot be granted.
 * @throws {RPCError} 10: the service does not know this type of request. Its state is unchanged.
 */
export type Service = (client: string, request: Body) => Reply;
