/**
 * The NATS server of a swarm over many machines: the connection, and what a swarm stores there.
 *
 * - The bucket `maelstrom-swarms` has the definition of each swarm, by its name.
 * - The stream `maelstrom-NAME` is a work queue of ranges. A range is removed when a worker acknowledges it, and is
 *   delivered again if none does so in time.
 * - The bucket `maelstrom-NAME` has the result of each test, by its number. Only the first is stored.
 * - The object store `maelstrom-NAME` has the files of runs that failed.
 *
 * A server that dies and comes back with its files loses none of that. Until then, {@linkcode SwarmServer.retry} waits.
 *
 * @module
 */

import {
  AckPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { type ConnectionOptions, nanos, type NatsConnection } from "@nats-io/transport-node";
import { splitLogin } from "../../../../cluster/login.ts";
import { NATS_VARIABLES, natsAccess } from "../../../../cluster/nats_access.ts";
import { connectNats } from "../../../../cluster/nats_connection.ts";
import { FailedError, messageOf, UsageError } from "../../../base/errors.ts";
import type { Machine } from "../../../engines/machine.ts";
import { readAccess } from "../../../world/cluster/access.ts";
import { checkAccess } from "../../../world/cluster/access_check.ts";
import type { SwarmDefinition } from "./definition.ts";

/** Connection to a server with JetStream. */
export interface SwarmServer {
  /** Its addresses for people, without credentials. */
  address: string;
  js: JetStreamClient;
  jsm: JetStreamManager;
  /** The definitions of all swarms, by name. */
  definitions: KV;
  /**
   * Repeats an action until it succeeds: the server may be away for a while.
   *
   * @throws What the action throws, once the signal is aborted, or if no server can change it.
   * @throws {FailedError} The server does not accept this process any more.
   */
  retry<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Sends what is under way, and closes the connection. */
  close(): Promise<void>;
}

/** Buckets of one swarm: results of its tests, and files of runs that failed. */
export interface SwarmStores {
  results: KV;
  runs: ObjectStore;
}

/** Name of the consumer of a work queue: all workers share it. */
export const CONSUMER = "workers";
/** Time after which a range is delivered again, unless its worker has shown that it is at work, ms. */
export const ACK_WAIT = 10_000;
/** Most bytes of files of failing runs. Further ones are not stored: their seeds repeat them. */
const MAX_RUN_BYTES = 256_000_000;
/** Time between two attempts, ms. */
const RETRY_INTERVAL = 250;
/** Time to send what is under way at the end, ms. */
const CLOSE_TIME = 2000;
/** Attempts that fail before a person is told why. */
const TOLD_AFTER = 20;

/** Name of everything that belongs to a swarm. */
export function storeName(swarm: string): string {
  return `maelstrom-${swarm}`;
}

/** Subject of the ranges of a swarm. */
export function subjectOf(swarm: string): string {
  return `maelstrom.ranges.${swarm}`;
}

/**
 * Connects to a server.
 *
 * @param url Addresses, comma-separated: `nats://HOST:4222`. Credentials and files for TLS are in variables, and so is
 *   a user or a token: in the same addresses in `$NATS_URL`.
 * @param client Name of this process for the server.
 * @throws {UsageError} An address, or a file that a variable names, cannot be used.
 * @throws {FailedError} There is no server, it refuses the connection, or it has no JetStream.
 */
export async function openSwarmServer(
  url: string,
  client: string,
  machine: Pick<Machine, "env" | "stderr">,
): Promise<SwarmServer> {
  const written = parseAddresses(url);
  const address = written.join(", ");
  const access = natsAccess(machine.env);
  const variable = access.servers as string[] | undefined;
  const servers = withLogin(written, variable);
  checkAccess({ nats: servers, access: readAccess(machine.env, (path) => path, NATS_VARIABLES) });
  const connection = await connectNats({ ...access, servers }, { ...SETTINGS, name: client }).catch((error) => {
    const message = messageOf(error);
    const hint = message.includes("it wants a login") ? unusedLogin(written, variable) : "";
    throw new FailedError(`${message}${hint}`);
  });
  try {
    const jsm = await jetstreamManager(connection);
    const js = jetstream(connection);
    const definitions = await new Kvm(js).create("maelstrom-swarms");
    return createSwarmServer(connection, { address, js, jsm, definitions }, machine);
  } catch (error) {
    await connection.close();
    const { message } = error as Error;
    const reason = /jetstream/i.test(message) ? "it has no JetStream" : message;
    const expected = "expected a server that was started with: nats-server --jetstream --store_dir FOLDER";
    throw new FailedError(`Cannot use NATS at ${address}: ${reason}; ${expected}`);
  }
}

/** The connection is never given up, and a server that is silent for 10 s is given up for another. */
const SETTINGS: ConnectionOptions = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: RETRY_INTERVAL,
  pingInterval: 5000,
  maxPingOut: 2,
  timeout: 5000,
};

/** Address of a server. */
const ADDRESS = /^(nats|tls):\/\/([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?\/?$/i;

/**
 * Parses addresses of servers.
 *
 * @throws {UsageError} An address is bad, or has a login. The message shows no login.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseAddresses } from "./server.ts";
 *
 * assertEquals(parseAddresses("nats://a:4222,nats://b/"), ["nats://a:4222", "nats://b"]);
 * ```
 */
export function parseAddresses(text: string): string[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.some((word) => word.includes("@"))) {
    throw new UsageError(
      "Cannot use an address with a login: other users of this machine can see it; leave it out here, and set " +
        "$NATS_URL to the same address with it",
    );
  }
  const bad = words.find((word) => !ADDRESS.test(word) || !isPort(/:(\d+)\/?$/.exec(word)?.[1]));
  if (bad === undefined) return words.map((word) => word.replace(/\/$/, ""));
  const range = ADDRESS.test(bad) ? ", with a port from 1 to 65535" : "";
  throw new UsageError(
    `Cannot use ${JSON.stringify(bad)}: expected the address of a NATS server, such as nats://127.0.0.1:4222${range}`,
  );
}

function isPort(text = "4222"): boolean {
  return Number(text) >= 1 && Number(text) <= 65_535;
}

/** Returns the addresses in the variable, which may have a login, if all of these are among them. */
function withLogin(addresses: string[], variable: string[] = []): string[] {
  const { servers } = splitLogin(variable);
  return addresses.every((address) => servers.includes(address)) ? variable : addresses;
}

/** Text about a login in the variable that is not used, as it is for other addresses. */
function unusedLogin(addresses: string[], variable: string[] = []): string {
  const { servers, ...login } = splitLogin(variable);
  if (Object.keys(login).length === 0 || addresses.every((address) => servers.includes(address))) return "";
  return `. $NATS_URL has a login, but for ${servers.join(", ")}: expected the same spelling as in ${
    addresses.join(", ")
  }`;
}

/** Types of errors that another attempt does not change. */
const LASTING = [
  UsageError,
  FailedError,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
];

function createSwarmServer(
  connection: NatsConnection,
  parts: Pick<SwarmServer, "address" | "js" | "jsm" | "definitions">,
  { stderr }: Pick<Machine, "stderr">,
): SwarmServer {
  const { address } = parts;
  let isConnected = true;
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === "disconnect" && isConnected) stderr(`Lost the connection to NATS at ${address}: trying again\n`);
      if (type === "reconnect") stderr(`Connected to NATS at ${address} again\n`);
      if (type === "disconnect" || type === "reconnect") isConnected = type === "reconnect";
    }
  })();
  async function retry<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 1;; failures++) {
      try {
        return await action();
      } catch (error) {
        if (signal.aborted || LASTING.some((type) => error instanceof type)) throw error;
        if (connection.isClosed()) throw new FailedError(`NATS at ${address} has closed the connection for good`);
        if (failures % TOLD_AFTER === 0 && isConnected) stderr(`Trying again: ${messageOf(error)}\n`);
        await delay(RETRY_INTERVAL, signal);
      }
    }
  }
  return {
    ...parts,
    retry,
    async close() {
      // Without a connection, there is nothing to send.
      const sent = new AbortController();
      if (isConnected) await Promise.race([connection.drain(), delay(CLOSE_TIME, sent.signal)]).catch(() => {});
      sent.abort();
      await connection.close();
    },
  };
}

/** True for the error of a message that was to be the first after another, and is not. */
export function isWrongSequence(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}

/** Waits, at most until the signal is aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}

/** Creates the queue and the buckets of a swarm, as far as they are not there. */
export async function createSwarmStores({ js, jsm }: SwarmServer, swarm: string): Promise<SwarmStores> {
  const name = storeName(swarm);
  await jsm.streams.add({ name, subjects: [subjectOf(swarm)], retention: RetentionPolicy.Workqueue });
  const consumer = { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit, ack_wait: nanos(ACK_WAIT) };
  await jsm.consumers.info(name, CONSUMER).catch(() =>
    jsm.consumers.add(name, { ...consumer, max_deliver: -1, max_ack_pending: -1 })
  );
  const results = await new Kvm(js).create(name);
  const runs = await new Objm(js).create(name, { max_bytes: MAX_RUN_BYTES });
  return { results, runs };
}

/** Opens the buckets of a swarm. */
export async function openSwarmStores({ js }: SwarmServer, swarm: string): Promise<SwarmStores> {
  const name = storeName(swarm);
  return { results: await new Kvm(js).open(name), runs: await new Objm(js).open(name) };
}

/** Reads the definition of a swarm; undefined if there is none. */
export async function readDefinition({ definitions }: SwarmServer, name: string): Promise<SwarmDefinition | undefined> {
  const entry = await definitions.get(name);
  return entry === null || entry.operation !== "PUT" ? undefined : entry.json<SwarmDefinition>();
}

/** Removes the work queue of a swarm. A worker that waits for a range is told at once. */
export async function removeQueue({ jsm }: SwarmServer, swarm: string): Promise<void> {
  await removeStream(jsm, storeName(swarm));
}

/** Removes everything that the server has of a swarm. */
export async function removeSwarm({ jsm, definitions }: SwarmServer, swarm: string): Promise<void> {
  await definitions.purge(swarm);
  const name = storeName(swarm);
  for (const stream of [name, `KV_${name}`, `OBJ_${name}`]) await removeStream(jsm, stream);
}

async function removeStream(jsm: JetStreamManager, stream: string): Promise<void> {
  await jsm.streams.delete(stream).catch((error) => {
    if (!/not found/.test(messageOf(error))) throw error;
  });
}
