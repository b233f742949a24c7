/**
 * lin-kv on etcd: reads are linearizable, and a `cas` is one transaction that compares the value.
 *
 * @module
 */

import { parseKeyValueRequest } from "../../services/key_value.ts";
import type { EtcdStore } from "../../../../cluster/etcd.ts";
import { type ClusterService, performOnEtcd } from "./service.ts";

/**
 * Creates a lin-kv.
 *
 * @param prefix Beginning of its keys in etcd.
 */
export function createEtcdLinKV(etcd: EtcdStore, prefix: string): ClusterService {
  return async (_client, body) => {
    const request = parseKeyValueRequest(body);
    return (await performOnEtcd(etcd, prefix + request.key, request)).reply;
  };
}
