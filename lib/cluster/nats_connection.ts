/**
 * Connections to NATS. Every client of NATS in this project opens its own here.
 *
 * @module
 */

import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
  NatsConnectionImpl,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { showJSON } from "../json.ts";
import { type NatsAddresses, splitLogin } from "./login.ts";
import type { NatsAccess } from "./nats_access.ts";
import { REFUSED, type TransportOptions, useTransport } from "./nats_transport.ts";
import { explainTls, readTextFile, readTlsFiles } from "./tls_files.ts";

/** Time for one attempt to connect, ms. */
const TIMEOUT = 5000;

/** Address of a server, without a login. */
const ADDRESS = /^(?:(?:nats|tls):\/\/)?[^\s/,]+\/?$/;

/**
 * Checks what can be checked without a server.
 *
 * @throws {Error} An address or a file cannot be used.
 */
export function checkNatsAccess({ servers = [], tls = {}, credentials }: NatsAccess): void {
  const bad = splitLogin([servers].flat()).servers.find((address) => !ADDRESS.test(address));
  if (bad !== undefined) {
    throw new Error(
      `Cannot use the address ${showJSON(bad)} for NATS: expected nats://HOST:PORT, or tls://HOST:PORT`,
    );
  }
  readTlsFiles(tls);
  if (credentials !== undefined) readAuthenticator(credentials);
}

/**
 * Connects to NATS.
 *
 * @param options More options of the client.
 * @throws {Error} It is not possible; the message says why, and shows no login.
 */
export async function connectNats(access: NatsAccess, options: ConnectionOptions): Promise<NatsConnection> {
  const { servers: written = [], tls = {}, credentials } = access;
  const addresses = splitLogin(typeof written === "string" ? [written] : written);
  const shown = addresses.servers.length === 0 ? "" : ` at ${addresses.servers.join(", ")}`;
  try {
    if (shown === "") throw new Error("no address is set; expected $NATS_URL, such as nats://127.0.0.1:4222");
    // A client that waits for a server would wait for the file, too.
    checkNatsAccess(access);
    const needsTls = Object.values(tls).some((path) => path !== undefined) ||
      addresses.servers.some((address) => address.startsWith("tls://"));
    const ours = { tlsFiles: tls, progress: { isAccepted: options.waitOnFirstConnect === true } };
    const all: TransportOptions = { timeout: TIMEOUT, ...options, ...addresses, ...ours };
    if (credentials !== undefined) all.authenticator = authenticatorOf(credentials);
    if (needsTls) all.tls = {};
    useTransport();
    return await NatsConnectionImpl.connect(all);
  } catch (cause) {
    const error = new Error(`Cannot connect to NATS${shown}: ${explain(cause as Error, addresses, access)}`);
    // A stack is of no use to a person, also where nothing catches the error.
    error.stack = `Error: ${error.message}`;
    throw error;
  }
}

/** Creates the login by a file, which is read for each connection. While it is being replaced, the last one counts. */
function authenticatorOf(path: string): Authenticator {
  let current = readAuthenticator(path);
  return (nonce) => {
    try {
      current = readAuthenticator(path);
    } catch {
      // The file is being replaced.
    }
    return current(nonce);
  };
}

/** @throws {Error} The file cannot be read, or is none of credentials. */
function readAuthenticator(path: string): Authenticator {
  const bytes = new TextEncoder().encode(readTextFile(path));
  const text = new TextDecoder().decode(bytes);
  const seed = /^S[A-Z2-7]{57}$/m.exec(text)?.[0];
  const isCreds = /-----BEGIN NATS USER JWT-----/.test(text) && seed !== undefined;
  const authenticator = isCreds ? credsAuthenticator(bytes) : nkeyAuthenticator(new TextEncoder().encode(seed));
  try {
    // It parses the file when it is called.
    authenticator("a nonce");
    if (seed !== undefined) return authenticator;
  } catch {
    // The error is about functions of the client, not about the file.
  }
  throw new Error(`Cannot use the credentials ${path}: expected a file by nsc, with a JWT and a seed, or a seed only`);
}

/** Says for a person why there is no connection, and what to do. */
function explain(error: Error & { code?: string }, login: NatsAddresses, access: NatsAccess): string {
  const message = error.message.replace(REFUSED, "").replace(/ \(os error \d+\).*/s, "");
  const { code } = error;
  // The message of a problem with a file is complete.
  if (message.startsWith("Cannot ")) return message;
  if (code === "ECONNREFUSED" || error instanceof Deno.errors.ConnectionRefused) {
    return "connection refused; expected nats-server to run there";
  }
  if (code === "ENOTFOUND") return "there is no such host";
  if (message === "timeout") return `no answer within ${TIMEOUT / 1000} s`;
  if (/does not support 'tls'/.test(message)) return "it has no TLS; expected a server with TLS, or no files for it";
  const problem = explainTls(message, access.tls ?? {}, ["$NATS_CA", "$NATS_CERT", "$NATS_KEY"]);
  if (problem !== undefined) return problem;
  if (!/authorization violation/i.test(message)) return message;
  if (access.credentials !== undefined) return `it refused the credentials ${access.credentials}`;
  if (login.user !== undefined) return `it refused the user ${login.user} or its password`;
  if (login.token !== undefined) return "it refused the token";
  return "it wants a login; expected a file in $NATS_CREDS, or a user and a password in $NATS_URL";
}
