/**
 * Servers for tests: nats-server and etcd, with data in a temporary folder. A test that needs one is ignored where it
 * is not installed, and where tests may not run programs, use the network and write files.
 *
 * @module
 */

import {
  findServer,
  type Server,
  type ServerName,
  startEtcd,
  startNats,
} from "../lib/workbench/world/cluster/servers.ts";

const NEEDED: readonly Deno.PermissionDescriptor["name"][] = ["run", "net", "read", "write", "env"];

const isPermitted = (await Promise.all(NEEDED.map((name) => Deno.permissions.query({ name }))))
  .every(({ state }) => state === "granted");

/** Reason why tests of a server are ignored; undefined if they run. */
function reasonToIgnore(names: readonly ServerName[]): string | undefined {
  if (!isPermitted) return "needs permission to run programs, to use the network, and to write";
  const missing = names.filter((name) => findServer(name) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(" and ")} not installed`;
}

/** Servers that run while a test does. */
export interface TestServers {
  /** Folder of their data. */
  folder: string;
  /** Starts a server; again on the same port after it was killed. */
  start(name: ServerName, port?: number): Promise<Server>;
}

/** Declares a test with servers. If it is ignored, its name says why. */
export function testWithServers(
  name: string,
  needed: readonly ServerName[],
  fn: (servers: TestServers) => Promise<void>,
): void {
  const reason = reasonToIgnore(needed);
  const shown = reason === undefined ? name : `${name} (ignored: ${reason})`;
  Deno.test({ name: shown, ignore: reason !== undefined, fn: () => withServers(fn) });
}

async function withServers(fn: (servers: TestServers) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "servers-" });
  const started: Server[] = [];
  try {
    await fn({
      folder,
      async start(name, port) {
        const options = { folder, bin: findServer(name)!, env: { PATH: Deno.env.get("PATH") ?? "" }, port };
        const server = await (name === "etcd" ? startEtcd : startNats)(options);
        started.push(server);
        return server;
      },
    });
  } finally {
    await Promise.all(started.map((server) => server.kill()));
    await Deno.remove(folder, { recursive: true });
  }
}
