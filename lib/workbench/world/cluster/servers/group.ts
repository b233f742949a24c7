/**
 * Servers of one kind that a cluster starts on this machine: nats-servers carry the messages, the members of etcd keep
 * the data of lin-kv, seq-kv and lin-tso. Those of one kind form one cluster (`nats_server.ts`, `etcd_member.ts`).
 *
 * All of them listen on 127.0.0.1 only, on free ports. Each has a folder for its data and its log.
 *
 * @module
 */

import { reasonOf } from "../../../base/errors.ts";
import { etcdCommands } from "./etcd_member.ts";
import type { ServerName } from "./find.ts";
import { natsCommands } from "./nats_server.ts";
import { freePort } from "./ports.ts";
import { createServer, PortTakenError, type Server, type ServerMember, type ServerOptions } from "./server.ts";

/** Servers of one kind, which form one cluster. */
export interface ServerGroup {
  readonly program: ServerName;
  /** The servers; none before the start. */
  readonly servers: readonly Server[];
  /**
   * Starts all of them with empty data, and waits until each answers.
   *
   * @throws {FailedError} One does not start; the message has the end of its log.
   */
  start(): Promise<void>;
  /** Ends all faults: starts those that are down, resumes those that are paused. */
  heal(): Promise<void>;
  /** Ends all of them for good, also while they start. */
  stop(): Promise<void>;
}

/** Short name of each kind of server, and the commands of its servers. */
const KINDS = {
  "nats-server": { name: "nats", commands: natsCommands },
  "etcd": { name: "etcd", commands: etcdCommands },
} as const;

/** Number of times that free ports are looked for. Another process may take one before the server does. */
const ATTEMPTS = 5;

/** Creates servers that do not run yet. */
export function createServerGroup(program: ServerName, options: ServerOptions): ServerGroup {
  let servers: Server[] = [];
  let isStopped = false;
  const start = async (attempt: number): Promise<void> => {
    servers = createServers(program, options);
    try {
      await Promise.all(servers.map((server) => server.act("start")));
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()));
      if (!(error instanceof PortTakenError) || attempt === ATTEMPTS || isStopped) throw error;
      await start(attempt + 1);
    }
  };
  return {
    program,
    get servers() {
      return servers;
    },
    start: () => start(1),
    async heal() {
      await Promise.all(servers.map((server) => server.act("resume")));
      await Promise.all(servers.map((server) => server.act("start")));
    },
    async stop() {
      isStopped = true;
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/**
 * Starts a server that is alone.
 *
 * @throws {FailedError} It does not start; the message has the end of its log.
 */
export async function startServer(program: ServerName, options: Omit<ServerOptions, "count">): Promise<Server> {
  const group = createServerGroup(program, options);
  await group.start();
  return group.servers[0]!;
}

/** Creates servers with new ports and empty folders. */
function createServers(program: ServerName, options: ServerOptions): Server[] {
  const { folder, count = 1 } = options;
  const { name, commands } = KINDS[program];
  const members = Array.from({ length: count }, (_, index): ServerMember => {
    const own = `${folder}/${name}${index}`;
    return { name: `${name}${index}`, folder: emptyFolder(own), port: freePort(), peerPort: freePort() };
  });
  // Another server on one of the ports has another token.
  const token = crypto.randomUUID().slice(0, 8);
  return commands(members, token, options).map((command) => createServer(command, options.onCrash));
}

function emptyFolder(path: string): string {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw new Error(`Cannot remove ${path}: ${reasonOf(error as Error)}`);
  }
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
