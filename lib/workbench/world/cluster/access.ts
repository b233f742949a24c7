/**
 * Access of a cluster's clients to its servers: the logins and the files for TLS of servers that others have started.
 * They are variables, from `up` to the last process, since a command line can be read by other users.
 *
 * @module
 */

import { createEtcd, type Etcd } from "../../../cluster/etcd.ts";
import { ETCD_VARIABLES, etcdAccess } from "../../../cluster/etcd_gateway.ts";
import { NATS_VARIABLES, type NatsAccess, natsAccess } from "../../../cluster/nats_access.ts";

/** Variables of {@linkcode NATS_VARIABLES} and {@linkcode ETCD_VARIABLES} that are set, with their values. */
export type AccessVariables = Readonly<Record<string, string>>;

/** Servers of a cluster. */
export interface ClusterServers {
  /** Addresses of NATS. */
  nats?: readonly string[];
  /** Addresses of etcd. */
  etcd?: readonly string[];
  /** Logins and files for those that others have started. */
  access?: AccessVariables;
}

/**
 * Reads the variables. The paths in them become absolute: the processes of a cluster run in other folders.
 *
 * @param resolve Makes a path absolute.
 * @param names Variables to read. Commands may read no others than those that they need.
 */
export function readAccess(
  env: (name: string) => string | undefined,
  resolve: (path: string) => string,
  names: readonly string[] = [...NATS_VARIABLES, ...ETCD_VARIABLES],
): AccessVariables {
  const set = names.map((name) => [name, env(name) ?? ""] as const)
    .filter(([, value]) => value !== "");
  return Object.fromEntries(set.map(([name, value]) => [name, name === "ETCD_USER" ? value : resolve(value)]));
}

/** Leaves out the variables for servers that the cluster starts itself: those have neither TLS nor logins. */
export function accessTo({ nats, etcd, access = {} }: ClusterServers): AccessVariables {
  const names: string[] = [...nats === undefined ? [] : NATS_VARIABLES, ...etcd === undefined ? [] : ETCD_VARIABLES];
  return Object.fromEntries(Object.entries(access).filter(([name]) => names.includes(name)));
}

/** Access to NATS. */
export function natsOf({ nats, access = {} }: ClusterServers): NatsAccess {
  return { ...natsAccess((name) => access[name]), servers: nats };
}

/** Client of etcd, and the access that it was created with. */
interface KeptClient {
  access: AccessVariables;
  client: Etcd;
}

/** Clients by the addresses of a cluster: a member that one request has given up is not asked first by the next one. */
const clients = new WeakMap<readonly string[], KeptClient>();

/** Returns the client of etcd of a cluster, which is always the same. */
export function etcdOf({ etcd = [], access = NO_ACCESS }: ClusterServers): Etcd {
  const kept = clients.get(etcd);
  if (kept?.access === access) return kept.client;
  const client = createEtcd(etcd, etcdAccess((name) => access[name]));
  clients.set(etcd, { access, client });
  return client;
}

const NO_ACCESS: AccessVariables = {};
