/**
 * Transport of the client of NATS: hands it what a server sends, and the end of the connection.
 *
 * The one that comes with the client (`@nats-io/transport-node`) is not used, for three reasons: it takes its listeners
 * off a socket that it gives up, so that a later error of that socket ends the process; with Deno 2.5 it cannot start
 * TLS; and with it, the client learns only from a timeout that its certificate was refused.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import {
  checkOptions,
  type ConnectionOptions,
  type Server,
  setTransportFactory,
  type Transport,
} from "@nats-io/transport-node";
import { type NatsSocket, openNatsSocket } from "./nats_socket.ts";
import type { TlsFiles } from "./tls_files.ts";

/** Options of a connection, as the client hands them to its transports. */
export interface TransportOptions extends ConnectionOptions {
  /** Files for TLS, which is used if the server has it. `tls` says that it must have it. */
  tlsFiles?: TlsFiles;
  /**
   * Shared by all transports of a connection: true once a server has accepted the client, and from the start for one
   * that waits for a server. Until then, the client gives up when a server ends the connection.
   */
  progress?: { isAccepted: boolean };
}

/** Makes the client of NATS use this transport from now on. */
export function useTransport(): void {
  setTransportFactory({ factory: createTransport, dnsResolveFn: addressesOf });
}

/** Finds all addresses of a host: the client tries one after another. */
async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** State of a transport. */
interface State {
  /** Undefined until it is open. */
  socket: NatsSocket | undefined;
  /** That of the options. */
  progress: { isAccepted: boolean };
  /** True when a server has accepted the client on this connection. Only then `closed` tells of its end. */
  isAccepted: boolean;
  /** Aborted when the connection has ended, or is not wanted any more. */
  readonly ended: AbortController;
  error: Error | undefined;
  readonly closed: PromiseWithResolvers<void | Error>;
}

function createTransport(): Transport {
  const ended = new AbortController();
  const closed = Promise.withResolvers<void | Error>();
  const nothing = { socket: undefined, progress: { isAccepted: false }, isAccepted: false, error: undefined };
  const state: State = { ...nothing, ended, closed };
  return {
    lang: "deno",
    version: Deno.version.deno,
    get isClosed() {
      return ended.signal.aborted;
    },
    get closeError() {
      return state.error;
    },
    connect: (server, options) => open(state, server, options as TransportOptions),
    [Symbol.asyncIterator]: () => receivedBy(state),
    isEncrypted: () => state.socket?.isEncrypted ?? false,
    // The client learns from reading, or by its heartbeat, that the connection is lost.
    send: (frame) => void state.socket?.write(frame).catch(() => {}),
    closed: () => closed.promise,
    close: (error) => Promise.resolve(end(state, error)),
    disconnect: () => end(state),
    discard: () => destroy(state),
  };
}

async function open(state: State, server: Server, options: TransportOptions): Promise<void> {
  const { signal } = state.ended;
  state.progress = options.progress ?? state.progress;
  const socket = await openNatsSocket({
    hostname: server.hostname,
    port: server.port,
    // The client resolves names itself: `tlsName` is the one that the user has written.
    name: server.tlsName || server.hostname,
    tls: options.tlsFiles ?? {},
    signal,
    wantsTls(info) {
      checkOptions(info as Parameters<typeof checkOptions>[0], options);
      const { tls_required: isRequired, tls_available: isAvailable } = info as Record<string, unknown>;
      return isRequired === true || isAvailable === true;
    },
  });
  state.socket = socket;
  if (signal.aborted) socket.close();
}

/** Yields what the server sends, until the connection ends. */
async function* receivedBy(state: State): AsyncGenerator<Uint8Array> {
  const { ended: { signal }, progress } = state;
  const { greeting, read } = state.socket!;
  let reason = "it closed the connection";
  yield greeting;
  try {
    for (let bytes = await read(); bytes !== undefined; bytes = await read()) {
      // The first answer to the client's login is an error, or the client is accepted.
      if (bytes[0] !== MINUS) progress.isAccepted = state.isAccepted = true;
      else if (!state.isAccepted) reason = new TextDecoder().decode(bytes).replace(/^-ERR\s+'?|'?\s*$/g, "");
      yield bytes;
    }
  } catch (error) {
    reason = (error as Error).message;
    state.error ??= error as Error;
  }
  if (signal.aborted) return;
  if (!progress.isAccepted) yield refusal(reason);
  end(state);
}

/** First character of the line `-ERR`. */
const MINUS = "-".charCodeAt(0);

/**
 * Error line for a connection that ended before any server has accepted the client: by TLS, a server refuses a
 * certificate only after the handshake. The client gives up an attempt at once if it is told that it is not authorized;
 * of anything else it learns by its timeout.
 */
function refusal(reason: string): Uint8Array {
  return new TextEncoder().encode(`-ERR '${REFUSED}${reason.replace(/[\r\n']/g, " ")}'\r\n`);
}

/** Beginning of the client's error for a connection that ended before it was accepted. */
export const REFUSED = "Authorization Violation: ";

/** Ends the connection, and tells the client, unless it knows. */
function end(state: State, error?: Error): void {
  const isNew = !state.ended.signal.aborted;
  state.error ??= error;
  destroy(state);
  if (isNew && state.isAccepted) state.closed.resolve(state.error);
}

function destroy(state: State): void {
  state.ended.abort();
  state.socket?.close();
}
