/**
 * The two servers that a cluster needs, started on this machine: nats-server carries the messages, etcd keeps the data
 * of lin-kv, seq-kv and lin-tso.
 *
 * Both listen on 127.0.0.1 only, on free ports, and have their data in a folder that the caller names.
 *
 * @module
 */

import { FailedError, messageOf } from "../../base/errors.ts";
import { type Child, type ChildCommand, lastLines, startChild } from "./child.ts";

/** Running server. */
export interface Server extends Child {
  /** Its address. */
  readonly url: string;
}

/** Options for starting a server. */
export interface ServerOptions {
  /** Folder for its data and its log; it exists. */
  folder: string;
  /** Path of the program. */
  bin: string;
  /** Port to listen on. `@default a free one` */
  port?: number;
  /** Whole environment. */
  env: Readonly<Record<string, string>>;
}

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

/** Time that a server has until it answers, ms. One that ends is noticed at once, so only a busy machine needs it. */
const START_TIMEOUT = 180_000;
/** Time between two attempts to reach a server that starts, ms. */
const RETRY_DELAY = 50;

/** Largest message that nats-server takes, bytes. Its default of 1 MB is less than a large log of kafka. */
const MAX_PAYLOAD = 8_388_608;

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

/**
 * Starts nats-server with JetStream, and waits until it answers.
 *
 * @throws {FailedError} It does not start; the message has the end of its log.
 */
export async function startNats({ folder, bin, env, port = freePort() }: ServerOptions): Promise<Server> {
  const config = `${folder}/nats.conf`;
  await Deno.writeTextFile(
    config,
    [
      `listen: "127.0.0.1:${port}"`,
      `max_payload: ${MAX_PAYLOAD}`,
      `jetstream { store_dir: ${JSON.stringify(`${folder}/nats`)} }`,
    ].join("\n") + "\n",
  );
  const url = `nats://127.0.0.1:${port}`;
  const command = { bin, args: ["--config", config], env, log: `${folder}/nats-server.log` };
  return await startServer("nats-server", command, url, async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.close();
  });
}

/**
 * Starts an etcd with one member, and waits until it answers.
 *
 * @throws {FailedError} It does not start; the message has the end of its log.
 */
export async function startEtcd({ folder, bin, env, port = freePort() }: ServerOptions): Promise<Server> {
  const [url, peerURL] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${freePort()}`];
  const flags = {
    "name": "etcd",
    "data-dir": `${folder}/etcd`,
    "listen-client-urls": url,
    "advertise-client-urls": url,
    "listen-peer-urls": peerURL,
    "initial-advertise-peer-urls": peerURL,
    "initial-cluster": `etcd=${peerURL}`,
    "logger": "zap",
    "log-level": "warn",
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return await startServer("etcd", { bin, args, env, log: `${folder}/etcd.log` }, url, async () => {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
    const { health } = await response.json() as { health: string };
    if (health !== "true") throw new Error("etcd is not healthy yet");
  });
}

/** @param ask Resolves if the server answers. */
async function startServer(
  name: ServerName,
  command: ChildCommand,
  url: string,
  ask: () => Promise<void>,
): Promise<Server> {
  let child: Child;
  try {
    child = startChild(command);
  } catch (error) {
    throw new FailedError(messageOf(error));
  }
  const deadline = performance.now() + START_TIMEOUT;
  while (child.end === undefined) {
    if (await answers(ask)) return withURL(child, url);
    if (performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
  }
  const problem = child.end ?? `did not answer at ${url} within ${START_TIMEOUT / 1000} s`;
  await child.kill();
  throw new FailedError([`${name} ${problem}; the end of ${command.log}:`, ...indentedLog(command.log)].join("\n"));
}

function withURL(child: Child, url: string): Server {
  const { pid, ended, signal, stop, kill } = child;
  return {
    url,
    pid,
    get end() {
      return child.end;
    },
    ended,
    signal,
    stop,
    kill,
  };
}

function indentedLog(log: string): string[] {
  return lastLines(log, 5).map((line) => `  ${line}`);
}

async function answers(ask: () => Promise<void>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch {
    return false;
  }
}

/** Returns a port of 127.0.0.1 that nothing listens on. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
