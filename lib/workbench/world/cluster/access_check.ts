/**
 * Check of the variables for NATS and etcd, before a cluster is started: all that can be checked without a server.
 *
 * @module
 */

import { checkEtcdAccess, etcdAccess } from "../../../cluster/etcd_gateway.ts";
import { checkNatsAccess } from "../../../cluster/nats_connection.ts";
import { messageOf, UsageError } from "../../base/errors.ts";
import { accessTo, type ClusterServers, natsOf } from "./access.ts";

/**
 * Checks the logins and the files for servers that others have started.
 *
 * @throws {UsageError} A value is malformed, or a file cannot be used; the message names the variables.
 */
export function checkAccess(servers: ClusterServers): void {
  const access = accessTo(servers);
  try {
    checkNatsAccess(natsOf({ ...servers, access }));
    checkEtcdAccess(etcdAccess((name) => access[name]));
  } catch (error) {
    const message = messageOf(error);
    const isNamed = (name: string) => name !== "ETCD_USER" && message.includes(access[name]!);
    const names = Object.keys(access).filter(isNamed).map((name) => `$${name}`);
    throw new UsageError(names.length === 0 ? message : `${message}; see ${names.join(" and ")}`);
  }
}
