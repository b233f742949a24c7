/**
 * Servers for tests: nats-server and etcd, with data in a temporary folder. A test that needs one is ignored where it
 * is not installed, and where tests may not run programs, use the network and write files.
 *
 * @module
 */

import {
  findServer,
  freePort,
  type Server,
  type ServerName,
  startEtcd,
  startNats,
} from "../lib/workbench/world/cluster/servers.ts";

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
  /** Starts a server; again on the same port after it was killed. */
  start(name: ServerName, port?: number): Promise<Server>;
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
  const started: Server[] = [];
  const keep = async (starting: Promise<Server>) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  try {
    await fn({
      folder,
      start(name, port) {
        const options = { folder, bin: findServer(name)!, env: { PATH: Deno.env.get("PATH") ?? "" }, port };
        return keep((name === "etcd" ? startEtcd : startNats)(options));
      },
      async startPlainNats(flags = "") {
        const [bin, port] = [`${folder}/plain-nats`, freePort()];
        const script = `#!/bin/sh\nexec ${findServer("nats-server")} -a 127.0.0.1 -p ${port} ${flags}\n`;
        await Deno.writeTextFile(bin, script, { mode: 0o755 });
        return await keep(startNats({ folder, bin, env: {}, port }));
      },
    });
  } finally {
    await Promise.all(started.map((server) => server.kill()));
    await Deno.remove(folder, { recursive: true });
  }
}
