/**
 * The services of a cluster, with real servers behind them: lin-kv, seq-kv and lin-tso on etcd, lww-kv on NATS. Their
 * requests and replies are those of the simulated services (`../../services/`).
 *
 * `etcd.ts` is the client of etcd, `service.ts` what those on etcd share, and each service has a file. Here a service
 * becomes a program: on NATS it is a node whose name is that of the service. `main.ts` is the process that runs all
 * four.
 *
 * @module
 */

import type { Node, Program } from "../../../../node.ts";
import { type Body, type Message, RPCError } from "../../../../protocol.ts";
import type { EtcdStore } from "../../../../cluster/etcd.ts";
import { createEtcdLinKV } from "./lin_kv.ts";
import { createEtcdLinTSO } from "./lin_tso.ts";
import { type Bucket, createBucketKV } from "./lww_kv.ts";
import { createEtcdSeqKV } from "./seq_kv.ts";
import type { ClusterService } from "./service.ts";

/** Servers behind the services. */
export interface Backends {
  etcd: EtcdStore;
  /** Beginning of all keys in etcd. */
  prefix: string;
  bucket: Bucket;
}

/** Creates the services, by name. */
export function createServices({ etcd, prefix, bucket }: Backends): Record<string, ClusterService> {
  return {
    "lin-kv": createEtcdLinKV(etcd, `${prefix}lin-kv/`),
    "seq-kv": createEtcdSeqKV(etcd, `${prefix}seq-kv/`),
    "lww-kv": createBucketKV(bucket),
    "lin-tso": createEtcdLinTSO(etcd, `${prefix}lin-tso`),
  };
}

/** Requests of all services. */
const REQUESTS = ["read", "write", "cas", "ts"];

/** Creates the program of a service. A request of a type that the service does not know gets error 10. */
export function serviceProgram(service: ClusterService): Program {
  return (node: Node) => {
    for (const type of REQUESTS) {
      node.on(type, async (body, message: Message) => await answer(service, message.src, { ...body, type }));
    }
  };
}

async function answer(service: ClusterService, client: string, request: Body): Promise<Record<string, unknown>> {
  const reply = await service(client, request);
  if (reply.type === "error") throw new RPCError(reply.code as number, reply.text as string);
  return reply;
}
