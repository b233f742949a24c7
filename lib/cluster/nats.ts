/**
 * Entry point `./nats`: the host of a node whose messages travel over NATS, <https://nats.io>. The program is the same
 * as on stdin and stdout, and so are the messages.
 *
 * 1. {@linkcode serveNats} connects, and subscribes to the node's subject: the names of cluster and node, `prod.n0`.
 * 2. It gives the node its `init`, with the names that it was given, or those in etcd: {@linkcode etcdMembers}.
 *    Messages that arrive before the node has answered it wait.
 * 3. A message to `n1` or `c7` is published on the subject of its recipient, `prod.n1` or `prod.c7`.
 * 4. At SIGTERM it takes no more messages, handlers have 5 s to finish, what they sent is flushed, and the node ends.
 *
 * A message may be lost, as in any network: while there is no connection, or if too many wait. Programs have timeouts
 * and retries for that.
 *
 * Two subjects are for those who run the node: a request on `prod.n0.status` is answered with its
 * {@linkcode NatsNodeStatus}, and one on `prod.n0.cut` with a list of names, `["n1"]`, makes it drop what these send,
 * as a partition would, until the next such request.
 *
 * ```ts
 * import type { Node } from "../node.ts";
 * import { serveNats } from "./nats.ts";
 *
 * const echo = (node: Node) => node.on("echo", ({ echo }) => ({ echo }));
 *
 * // Run it with the name of a node: deno run --allow-net --allow-env --allow-read echo.ts n0
 * const [id] = Deno.args;
 * if (id !== undefined) {
 *   await serveNats(echo, { servers: "nats://127.0.0.1:4222", cluster: "prod", id, nodes: ["n0", "n1", "n2"] });
 * }
 * ```
 *
 * Servers with TLS, and those that want a login, are reached by options, or by the variables of the `nats` tool:
 * `$NATS_URL`, `$NATS_CREDS`, `$NATS_CA`, `$NATS_CERT` and `$NATS_KEY`. None of them belongs on a command line.
 *
 * ```ts
 * import type { Node } from "../node.ts";
 * import { serveNats } from "./nats.ts";
 *
 * const [id] = Deno.args;
 * if (id !== undefined) {
 *   await serveNats((node: Node) => node.on("echo", ({ echo }) => ({ echo })), {
 *     servers: ["tls://10.0.0.1:4222", "tls://10.0.0.2:4222"],
 *     credentials: "/etc/maelstrom/n0.creds",
 *     tls: { ca: "/etc/maelstrom/ca.pem", cert: "/etc/maelstrom/n0.pem", key: "/etc/maelstrom/n0.key" },
 *     cluster: "prod",
 *     id,
 *     nodes: ["n0", "n1"],
 *   });
 * }
 * ```
 *
 * @module
 */

import type { Host } from "../host.ts";
import type { AnyMessages, MessageTypes } from "../messages.ts";
import { runOnNats, type ServeNatsOptions } from "./nats_host.ts";
import type { Program } from "../node.ts";
import { RunningNode } from "../running_node.ts";

export type { EtcdAccess } from "./etcd_gateway.ts";
export { etcdMembers } from "./membership.ts";
export type { EtcdMembersOptions, JoiningNode, Members, Membership } from "./membership.ts";
export type { NatsNodeStatus, ServeNatsOptions } from "./nats_host.ts";
export type { NatsAccess } from "./nats_access.ts";
export type { NatsPlace } from "./nats_link.ts";
export type { TlsFiles } from "./tls_files.ts";

/**
 * Runs a program as a node on NATS, until SIGTERM or until `signal` ends it.
 *
 * @throws {TypeError} A name cannot be a part of a subject, or `nodes` lacks `id`.
 * @throws {Error} At the start, no server can be reached, none lets the node in, a file cannot be used, or another node
 *   has the name (with `etcdMembers()`); or the node answered its `init` with an error.
 * @throws The reason of a rejection that nothing handled, if `signal` was given.
 */
export async function serveNats<M extends MessageTypes = AnyMessages>(
  program: Program<M>,
  options: ServeNatsOptions,
): Promise<void> {
  const start = (host: Host) => {
    const node = new RunningNode<M>(host);
    program(node);
    return node;
  };
  await runOnNats(start, options);
}
