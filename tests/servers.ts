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

/** Program that a test needs. */
export type NeededProgram = ServerName | "openssl";

/** Reason why tests of a server are ignored; undefined if they run. */
export function reasonToIgnoreServers(names: readonly NeededProgram[]): string | undefined {
  if (!isPermitted) return "needs permission to run programs, to use the network, and to write";
  const missing = names.filter((name) => findServer(name as ServerName) === undefined);
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
  /**
   * Starts a nats-server without JetStream, and with more flags. At each of its starts, it reads what is then in
   * `more.conf` in the folder.
   */
  startPlainNats(flags?: string): Promise<Server>;
  /** Starts an etcd that listens on one more address, with more flags. */
  startEtcdAt(url: string, flags?: string): Promise<Server>;
}

/** Declares a test with servers. If it is ignored, its name says why. */
export function testWithServers(
  name: string,
  needed: readonly NeededProgram[],
  fn: (servers: TestServers) => Promise<void>,
  options: { sanitizeResources?: boolean } = {},
): void {
  const reason = reasonToIgnoreServers(needed);
  const shown = reason === undefined ? name : `${name} (ignored: ${reason})`;
  Deno.test({ name: shown, ignore: reason !== undefined, ...options, fn: () => withServers(fn) });
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
        const bin = `${folder}/plain-nats-${groups.length}`;
        const more = `${folder}/more.conf`;
        // The second argument is the path of the configuration.
        const script = [
          "#!/bin/sh",
          'sed -i "/^jetstream/d; /^include/d" "$2"',
          `if [ -f ${more} ]; then cp ${more} "$2.more"; echo "include $(basename "$2.more")" >>"$2"; fi`,
          `exec ${findServer("nats-server")} "$@" ${flags}`,
        ].join("\n");
        await Deno.writeTextFile(bin, script, { mode: 0o755 });
        return await start("nats-server", bin);
      },
      async startEtcdAt(url, flags = "") {
        const bin = `${folder}/etcd-${groups.length}`;
        const script = [
          "#!/bin/sh",
          `for a; do shift; case $a in --listen-client-urls=*) a="$a,${url}" ;; esac; set -- "$@" "$a"; done`,
          `exec ${findServer("etcd")} "$@" ${flags}`,
        ].join("\n");
        await Deno.writeTextFile(bin, script, { mode: 0o755 });
        return await start("etcd", bin);
      },
    });
  } finally {
    await Promise.all(groups.map((group) => group.stop()));
    await Deno.remove(folder, { recursive: true });
  }
}
