/**
 * Faults of the servers of a cluster (`--engine cluster`): of nats-servers, which carry all messages, and of members of
 * etcd, which keep the data of services. Other engines have no servers.
 *
 * @module
 */

import type { ServerName } from "../../world/cluster/servers/find.ts";
import type { NodeAction } from "../../world/cluster/control.ts";
import type { Random } from "../../world/random.ts";
import { type Fault, FAULTS } from "./faults.ts";

/**
 * Groups of servers that are hit at once. A majority always stays, if there is one without a server: so the others go
 * on. Where there are one or two servers, one is hit.
 */
export const SERVER_GROUPS: Readonly<Record<string, (count: number) => number>> = {
  "one": () => 1,
  "minority": (count) => Math.max(1, Math.floor((count - 1) / 2)),
};

/** Faults of servers, by their names for `--nemesis`. */
export const SERVER_FAULTS: Readonly<Record<string, Fault>> = {
  "pause-nats": serverFault("nats-server", "pause", "resume", "nats"),
  "kill-nats": serverFault("nats-server", "kill", "start", "nats"),
  "pause-etcd": serverFault("etcd", "pause", "resume", "etcd"),
  "kill-etcd": serverFault("etcd", "kill", "start", "etcd"),
};

/** All faults, by their names for `--nemesis`: {@linkcode FAULTS} and {@linkcode SERVER_FAULTS}. */
export const ALL_FAULTS: Readonly<Record<string, Fault>> = { ...FAULTS, ...SERVER_FAULTS };

/** Returns the program whose servers a fault hits; undefined if it hits none. */
export function serversHitBy(fault: string): ServerName | undefined {
  if (SERVER_FAULTS[fault] === undefined) return undefined;
  return fault.endsWith("-nats") ? "nats-server" : "etcd";
}

/** Fault that acts on a group of servers; its end acts on all of them. */
function serverFault(program: ServerName, begin: NodeAction, end: NodeAction, name: string): Fault {
  return {
    begin: {
      f: `${begin}-${name}`,
      kinds: Object.keys(SERVER_GROUPS),
      perform(kind, { servers, random }) {
        const { names, act } = servers!;
        return actOn(drawServers(SERVER_GROUPS[kind!]!, names[program], random), (server) => act(server, begin));
      },
    },
    end: {
      f: `${end}-${name}`,
      value: "all",
      perform: ({ servers }) => actOn(servers!.names[program], (server) => servers!.act(server, end)),
    },
  };
}

/** Draws a group of servers, in their order. */
function drawServers(size: (count: number) => number, servers: readonly string[], random: Random): string[] {
  const chosen = random.shuffle(servers).slice(0, size(servers.length));
  return servers.filter((server) => chosen.includes(server));
}

/** Acts on several servers at the same time. Returns the outcomes by server. */
async function actOn(
  names: readonly string[],
  act: (server: string) => Promise<string>,
): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await act(name)])));
}
