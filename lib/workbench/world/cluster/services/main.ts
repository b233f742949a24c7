/**
 * Process that runs the four services of a cluster, until SIGTERM. Its arguments are the name of the cluster and the
 * name of this run, which separates its data from that of others. `$NATS_URL` and `$ETCD_URL` have the addresses,
 * separated by commas.
 *
 * @module
 */

import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { serveNats } from "../../../../nats.ts";
import { splitLogin } from "../../../../nats_login.ts";
import { createEtcd } from "../../../../etcd.ts";
import type { Bucket } from "./lww_kv.ts";
import { createServices, serviceProgram } from "./mod.ts";

/** Copies of a bucket in a cluster of servers: with one server less, it still takes writes. */
const REPLICAS = 3;

/** Opens a bucket, and creates it if there is none. A cluster of servers needs {@linkcode REPLICAS} of them. */
export async function openBucket(
  servers: readonly string[],
  name: string,
): Promise<Bucket & { close(): Promise<void> }> {
  const connection = await connect({ ...splitLogin(servers), maxReconnectAttempts: -1, name });
  // A server alone tells no name of a cluster.
  const replicas = connection.info?.cluster === undefined ? 1 : REPLICAS;
  const kv = await new Kvm(connection).create(name, { history: 1, replicas });
  return {
    async get(key) {
      const entry = await kv.get(key);
      return entry === null ? undefined : { value: entry.string(), revision: entry.revision };
    },
    async put(key, value) {
      await kv.put(key, value);
    },
    async update(key, value, revision) {
      try {
        await kv.update(key, value, revision);
        return true;
      } catch (error) {
        if (isWrongRevision(error)) return false;
        throw error;
      }
    },
    close: () => connection.close(),
  };
}

/** Code of JetStream for a write whose expected revision is not the last one. */
const WRONG_LAST_SEQUENCE = 10_071;

function isWrongRevision(error: unknown): boolean {
  return (error as { code?: number }).code === WRONG_LAST_SEQUENCE;
}

if (import.meta.main) {
  const [cluster, run] = Deno.args as [string, string];
  const [servers, etcdURLs] = ["NATS_URL", "ETCD_URL"].map((name) => Deno.env.get(name)!.split(","));
  const bucket = await openBucket(servers!, `${cluster}-${run}`);
  const services = createServices({ etcd: createEtcd(etcdURLs!), prefix: `${cluster}/${run}/`, bucket });
  await Promise.all(
    Object.entries(services).map(([id, service]) =>
      serveNats(serviceProgram(service), { servers: servers!, cluster, id, nodes: [id] })
    ),
  );
  await bucket.close();
}
