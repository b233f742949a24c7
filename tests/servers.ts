/**
 * Servers for tests: nats-server and etcd, with data in a temporary folder. A test that needs one is ignored where it
 * is not installed, and where tests may not run programs, use the network and write files.
 *
 * @module
 */

import { findServer, type ServerName } from "../lib/workbench/world/cluster/servers/find.ts";
import { createServerGroup, type ServerGroup } from "../lib/workbench/world/cluster/servers/group.ts";
import type { Server } from "../lib/workbench/world/cluster/servers/server.ts";

const NEEDED: readonly Deno.PermissionDescriptor["name"][] = ["run", "net", "read", "write", "env"];

const isPermitted = (await Promise.all(NEEDED.map((name) => Deno.permissions.query({ name }))))
  .every(({ state }) => state === "granted");

/** Reason why tests of a server are ignored; undefined if they run. */
export function reasonToIgnoreServers(names: readonly ServerName[]): string | undefined {
  if (!isPermitted) return "needs permission to run programs, to use the network, and to write";
  const missing = names.filter((name) => findServer(name) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(" and ")} not installed`;
}

/** Servers that run while a test does. */
export interface TestServers {
  /** Folder of their data. */
  folder: string;
  /** Starts a server that is alone; a script may take the place of its program. */
  start(name: ServerName, bin?: string): Promise<Server>;
  /** Starts several servers that form one cluster. */
  startGroup(name: ServerName, count: number): Promise<readonly Server[]>;
  /** Starts a nats-server without JetStream, and with more flags. */
  startPlainNats(flags?: string): Promise<Server>;
}

/** Declares a test with servers. If it is ignored, its name says why. */
export function testWithServers(
  name: string,
  needed: readonly ServerName[],
  fn: (servers: TestServers) => Promise<void>,
): void {
  const reason = reasonToIgnoreServers(needed);
  const shown = reason === undefined ? name : `${name} (ignored: ${reason})`;
  Deno.test({ name: shown, ignore: reason !== undefined, fn: () => withServers(fn) });
}

async function withServers(fn: (servers: TestServers) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "servers-" });
  const groups: ServerGroup[] = [];
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  const startGroup = async (program: ServerName, count: number, bin = findServer(program)!) => {
    const group = createServerGroup(program, { folder: `${folder}/${groups.length}`, bin, env, count });
    groups.push(group);
    await group.start();
    return group.servers;
  };
  const start = async (name: ServerName, bin?: string) => (await startGroup(name, 1, bin))[0]!;
  try {
    await fn({
      folder,
      start,
      startGroup,
      async startPlainNats(flags = "") {
        const bin = `${folder}/plain-nats`;
        // The second argument is the path of the configuration.
        const script = `#!/bin/sh\nsed -i /^jetstream/d "$2"\nexec ${findServer("nats-server")} "$@" ${flags}\n`;
        await Deno.writeTextFile(bin, script, { mode: 0o755 });
        return await start("nats-server", bin);
      },
    });
  } finally {
    await Promise.all(groups.map((group) => group.stop()));
    await Deno.remove(folder, { recursive: true });
  }
}
