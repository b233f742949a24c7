/**
 * Process that runs the four services of a cluster, until SIGTERM. Its arguments are the name of the cluster, the name
 * of this run, which separates its data from that of others, and the names of its clients, separated by commas. It
 * drops the requests of others, which another machine answers; without names, it answers everybody. The
 * environment has the addresses of NATS and etcd, and what is needed to be let in.
 *
 * @module
 */

import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { serveNats } from "../../../../cluster/nats.ts";
import { logToStderr } from "../../../../process_host.ts";
import { RPCError } from "../../../../protocol.ts";
import { NATS_CONNECTION } from "../../../../cluster/nats_link.ts";
import { createEtcd } from "../../../../cluster/etcd.ts";
import { etcdAccess } from "../../../../cluster/etcd_gateway.ts";
import { type NatsAccess, natsAccess } from "../../../../cluster/nats_access.ts";
import { connectNats } from "../../../../cluster/nats_connection.ts";
import { bucketName } from "../common_run.ts";
import { isUnavailable, UNAVAILABLE, untilAvailable } from "../jetstream.ts";
import type { Bucket } from "./lww_kv.ts";
import { createServices, serviceProgram } from "./mod.ts";
import { messageOf } from "../../../base/errors.ts";

/** Copies of a bucket in a cluster of servers: with one server less, it still takes writes. */
const REPLICAS = 3;

/**
 * Opens a bucket, and creates it if there is none. A cluster of servers needs {@linkcode REPLICAS} of them.
 *
 * @param access Login and files for the servers.
 */
export async function openBucket(
  servers: readonly string[],
  name: string,
  access: NatsAccess = {},
): Promise<Bucket & { close(): Promise<void> }> {
  const connection = await connectNats({ ...access, servers }, { ...NATS_CONNECTION, name });
  const kv = await createBucket(connection, name, servers.length);
  return {
    async get(key) {
      const entry = await answered(kv.get(key));
      return entry === null ? undefined : { value: entry.string(), revision: entry.revision };
    },
    async put(key, value) {
      await answered(kv.put(key, value));
    },
    async update(key, value, revision) {
      try {
        await answered(kv.update(key, value, revision));
        return true;
      } catch (error) {
        if (isWrongRevision(error)) return false;
        throw error;
      }
    },
    close: () => connection.close(),
  };
}

/** Waits for an answer of JetStream. Throws the errors of one that is away as those of the protocol. */
async function answered<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    // It is known of a status only that the request was not performed.
    const name = (error as { status?: number }).status === UNAVAILABLE ? "temporarily-unavailable" : "timeout";
    throw new RPCError(name, `JetStream does not answer: ${(error as Error).message}`);
  }
}

/** Creates a bucket, or opens it if it is there. */
async function createBucket(connection: NatsConnection, name: string, addresses: number): Promise<KV> {
  // A server alone tells no name of a cluster.
  const isAlone = connection.info?.cluster === undefined;
  // Two addresses are those of a cluster of two.
  const replicas = isAlone ? 1 : addresses === 2 ? 2 : REPLICAS;
  const create = () => new Kvm(connection).create(name, { history: 1, replicas });
  return await untilAvailable(create, { onWait: (reason) => logToStderr("warn", reason) });
}

/** Code of JetStream for a write whose expected revision is not the last one. */
const WRONG_LAST_SEQUENCE = 10_071;

function isWrongRevision(error: unknown): boolean {
  return (error as { code?: number }).code === WRONG_LAST_SEQUENCE;
}

/** Runs the services until SIGTERM. */
async function runServices(): Promise<void> {
  const [cluster, run, names] = Deno.args as [string, string, string];
  const clients = names.split(",").filter((name) => name !== "");
  const hears = clients.length === 0 ? undefined : (source: string) => clients.includes(source);
  const [servers, urls] = ["NATS_URL", "ETCD_URL"].map((name) => Deno.env.get(name)!.split(","));
  const bucket = await openBucket(servers!, bucketName(cluster, run), natsAccess(Deno.env.get));
  const etcd = createEtcd(urls!, etcdAccess(Deno.env.get));
  // While a member does not answer, a write would wait for it; a read goes to the next one, and later requests do, too.
  await etcd.read(`${cluster}/health`, false).catch(() => {});
  const services = createServices({ etcd, prefix: `${cluster}/${run}/`, bucket });
  await Promise.all(
    Object.entries(services).map(([id, service]) =>
      serveNats(serviceProgram(service), { cluster, id, nodes: [id, ...clients], hears })
    ),
  );
  await bucket.close();
}

if (import.meta.main) {
  try {
    await runServices();
  } catch (error) {
    // Its cause is a server, not this code.
    logToStderr("error", messageOf(error));
    Deno.exit(1);
  }
}
