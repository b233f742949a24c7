/**
 * Programs of the servers that a cluster needs, and the ways to get them.
 *
 * @module
 */

import { FailedError } from "../../../base/errors.ts";

/** Name of a server, as its program is called. */
export type ServerName = "nats-server" | "etcd";

/** Commands that install each server, by system. */
const INSTALL: Record<ServerName, string> = {
  "nats-server": "apt install nats-server (Debian, Ubuntu), brew install nats-server (macOS), or a release from " +
    "https://github.com/nats-io/nats-server/releases",
  etcd: "apt install etcd-server (Debian, Ubuntu), brew install etcd (macOS), or a release from " +
    "https://github.com/etcd-io/etcd/releases",
};

/** Folders that are not on the `PATH` of every user, though packages put servers there. */
const SERVER_FOLDERS = ["/usr/local/sbin", "/usr/sbin"];

/** Finds the program of a server; undefined if there is none. */
export function findServer(name: ServerName, folders: readonly string[] = serverFolders()): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find(isFile);
}

/**
 * Finds the program of a server.
 *
 * @throws {FailedError} There is none; the message says how to get it.
 */
export function requireServer(name: ServerName, flag: string, folders?: readonly string[]): string {
  const found = findServer(name, folders);
  if (found !== undefined) return found;
  throw new FailedError(
    `Cannot find ${name} on PATH: install it with ${INSTALL[name]}; or name one that runs with --${flag} URL`,
  );
}

function serverFolders(): string[] {
  const path = Deno.env.get("PATH") ?? "";
  return [...path.split(":").filter((folder) => folder !== ""), ...SERVER_FOLDERS];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
