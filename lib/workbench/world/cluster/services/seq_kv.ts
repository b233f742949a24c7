/**
 * seq-kv on etcd: a sequentially consistent store, whose reads may be old.
 *
 * All replies are from a state of etcd, which its revision names. The order of the states is the order of all requests.
 * It respects the order of each client's requests:
 *
 * 1. The requests of a client are performed one after another.
 * 2. A client's session is the newest revision that it has seen.
 * 3. A read is serializable: the member that is asked answers by itself, with what it has. If that is older than the
 *    session, the read is repeated as a linearizable one, which is never older.
 * 4. A change is made in the newest state.
 *
 * The sessions are in this process, so there must be only one for each cluster. After a restart they begin anew, and a
 * client may once see an older state than before.
 *
 * @module
 */

import type { Body } from "../../../../protocol.ts";
import { parseKeyValueRequest } from "../../services/key_value.ts";
import type { Reply } from "../../services/service.ts";
import type { EtcdStore } from "../../../../cluster/etcd.ts";
import { type ClusterService, type Performed, performOnEtcd } from "./service.ts";

/** Session of a client. */
interface Session {
  /** Newest revision that the client has seen. It never goes down. */
  revision: number;
  /** Settles when the client's last request so far is answered. */
  last: Promise<unknown>;
}

/**
 * Creates a seq-kv.
 *
 * @param prefix Beginning of its keys in etcd.
 */
export function createEtcdSeqKV(etcd: EtcdStore, prefix: string): ClusterService {
  const sessions = new Map<string, Session>();
  return (client, body) => {
    const session = sessions.get(client) ?? { revision: 0, last: Promise.resolve() };
    sessions.set(client, session);
    const reply = session.last.then(() => perform(etcd, prefix, session, body));
    session.last = reply.catch(() => {});
    return reply;
  };
}

async function perform(etcd: EtcdStore, prefix: string, session: Session, body: Body): Promise<Reply> {
  const request = parseKeyValueRequest(body);
  const key = prefix + request.key;
  let performed: Performed = await performOnEtcd(etcd, key, request, true);
  if (performed.revision < session.revision) performed = await performOnEtcd(etcd, key, request);
  session.revision = performed.revision;
  return performed.reply;
}
