/**
 * Interface of a service of a cluster, and the requests that those on etcd share.
 *
 * @module
 */

import type { Body } from "../../../../protocol.ts";
import { parseExactJSON } from "../../../base/json.ts";
import { canonicalText, type KeyValueRequest, performRequest } from "../../services/key_value.ts";
import type { Reply } from "../../services/service.ts";
import type { EtcdStore } from "../../../../cluster/etcd.ts";

/**
 * Service: answers requests, several at a time. Its state is in a server.
 *
 * @param client Source of the request.
 * @param request Body of the request.
 * @returns The reply; an error reply if the request cannot be granted.
 * @throws {RPCError} The service does not know this type of request, or its server failed.
 */
export type ClusterService = (client: string, request: Body) => Promise<Reply>;

/** Reply of etcd to a request. */
export interface Performed {
  reply: Reply;
  /** Revision of the state that the reply is from. */
  revision: number;
}

/**
 * Performs a request on etcd. Values are texts by {@linkcode canonicalText}, so that equal values have equal texts.
 *
 * @param key Key in etcd.
 * @param isSerializable True if a read may return an old state.
 */
export async function performOnEtcd(
  etcd: EtcdStore,
  key: string,
  request: KeyValueRequest,
  isSerializable = false,
): Promise<Performed> {
  if (request.type === "write") {
    const revision = await etcd.write(key, canonicalText(request.value));
    return { reply: { type: "write_ok" }, revision };
  }
  if (request.type === "read") {
    const { value, revision } = await etcd.read(key, isSerializable);
    return { reply: replyFrom(request, value), revision };
  }
  const { from, to, createIfNotExists } = request;
  const swap = { key, from: canonicalText(from), to: canonicalText(to), createIfNotExists };
  const { isDone, value, revision } = await etcd.swap(swap);
  return { reply: isDone ? { type: "cas_ok" } : replyFrom(request, value), revision };
}

/** Reply to a request that changes nothing. */
export function replyFrom(request: KeyValueRequest, text: string | undefined): Reply {
  return performRequest(request, text === undefined ? undefined : parseExactJSON(text)).reply;
}
