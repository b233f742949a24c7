/**
 * lin-tso on etcd: each timestamp is the revision of a write. Timestamps grow in the order of real time, but not by 1:
 * the other keys of etcd share its revisions.
 *
 * @module
 */

import { RPCError } from "../../../../protocol.ts";
import type { EtcdStore } from "../../../../cluster/etcd.ts";
import type { ClusterService } from "./service.ts";

/**
 * Creates a lin-tso.
 *
 * @param key Key in etcd that it writes.
 */
export function createEtcdLinTSO(etcd: EtcdStore, key: string): ClusterService {
  return async (_client, { type }) => {
    if (type !== "ts") throw new RPCError("not-supported", `Cannot handle ${JSON.stringify(type)}: expected ts`);
    return { type: "ts_ok", ts: await etcd.write(key, "") };
  };
}
