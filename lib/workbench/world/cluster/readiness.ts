/**
 * Checks that the servers of a cluster can do what it needs, whoever has started them: before its start, before a test,
 * and for `status`.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import { abortable } from "@std/async/abortable";
import { NoLeaderError } from "../../../cluster/etcd_gateway.ts";
import { splitLogin, spreadLogin } from "../../../cluster/login.ts";
import { connectNats } from "../../../cluster/nats_connection.ts";
import { NATS_CONNECTION } from "../../../cluster/nats_link.ts";
import { FailedError, messageOf } from "../../base/errors.ts";
import { type ClusterServers, etcdOf, natsOf } from "./access.ts";
import { LEADER_PATIENCE, requireJetStream } from "./jetstream.ts";
import type { ServerName } from "./servers/find.ts";
import type { AddressState, ClusterPlan } from "./state.ts";

/** Servers of a cluster that starts or runs. */
export interface ServersInUse extends Required<ClusterServers> {
  readonly plan: Pick<ClusterPlan, "cluster">;
  /** Servers that the cluster has started itself, by their program. */
  readonly groups: ReadonlyMap<ServerName, unknown>;
  /** The supervisor's own connection to NATS. */
  connection?: NatsConnection;
}

/** Time that servers which the cluster has started have to elect a leader, ms. A busy machine takes long. */
const OWN_PATIENCE = 180_000;
/** Time between two attempts, ms. */
const RETRY_DELAY = 20;
/** Time that a server has to answer before a test, ms. */
const SERVER_TIMEOUT = 5000;

/**
 * Connects to the servers, and waits until they have leaders.
 *
 * @param tell Receives lines of progress while they have none.
 * @throws {Error} One cannot be used, or has no leader in time.
 */
export async function connectServers(cluster: ServersInUse, tell: (line: string) => void): Promise<string> {
  cluster.connection = await connectNats(natsOf(cluster), { ...NATS_CONNECTION, name: "supervisor" });
  const patience = (program: ServerName) => cluster.groups.has(program) ? OWN_PATIENCE : LEADER_PATIENCE;
  const onWait = (reason: string) => tell(`Waiting: ${reason}`);
  await requireJetStream(cluster.connection, splitLogin(cluster.nats).servers, {
    patience: patience("nats-server"),
    onWait,
  });
  await untilEtcdHasLeader(cluster, patience("etcd"), onWait);
  return "NATS and etcd answer";
}

async function untilEtcdHasLeader(
  cluster: ServersInUse,
  patience: number,
  onWait: (reason: string) => void,
): Promise<void> {
  const client = etcdOf(cluster);
  const deadline = performance.now() + patience;
  for (let told = "";; await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY))) {
    try {
      return void await client.read(healthKey(cluster), false);
    } catch (error) {
      if (!(error instanceof NoLeaderError) || performance.now() >= deadline) throw error;
      if (error.message !== told) onWait(error.message);
      told = error.message;
    }
  }
}

/** Key that is only read. As all others, it begins with the name of the cluster: a user of etcd may read no others. */
function healthKey({ plan }: ServersInUse): string {
  return `${plan.cluster}/health`;
}

/**
 * Checks that the servers answer: without them, what ends cannot start again.
 *
 * @throws {FailedError} One does not.
 */
export async function requireServers(cluster: ServersInUse): Promise<void> {
  const { servers } = splitLogin(cluster.nats);
  await abortable(cluster.connection!.flush(), AbortSignal.timeout(SERVER_TIMEOUT)).catch(() => {
    throw new FailedError(`NATS at ${servers.join(", ")} does not answer: expected it to run, as when up has started`);
  });
  await etcdOf(cluster).read(healthKey(cluster), false).catch((error) => {
    throw new FailedError(messageOf(error));
  });
}

/** Asks each server that the cluster uses and has not started itself. */
export async function checkAddresses(cluster: ServersInUse): Promise<AddressState[]> {
  const { nats, etcd, groups } = cluster;
  return await Promise.all([
    ...groups.has("nats-server") ? [] : spreadLogin(nats).map((address) => stateOf(address, askNats(cluster, address))),
    ...groups.has("etcd") ? [] : etcd.map((address) => stateOf(address, askEtcd(cluster, address))),
  ]);
}

async function stateOf(written: string, asked: Promise<unknown>): Promise<AddressState> {
  const address = splitLogin([written]).servers[0]!;
  try {
    await asked;
    return { address, problem: null };
  } catch (error) {
    return { address, problem: messageOf(error) };
  }
}

async function askNats(cluster: ServersInUse, address: string): Promise<void> {
  const only = { reconnect: false, ignoreClusterUpdates: true, name: "status" };
  const connection = await connectNats({ ...natsOf(cluster), servers: [address] }, only);
  try {
    await requireJetStream(connection, splitLogin([address]).servers, { patience: 0 });
  } finally {
    await connection.close();
  }
}

async function askEtcd(cluster: ServersInUse, address: string): Promise<void> {
  await etcdOf({ ...cluster, etcd: [address] }).read(healthKey(cluster), false);
}
