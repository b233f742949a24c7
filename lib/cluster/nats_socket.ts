/**
 * Sockets to NATS servers: how one is opened, with TLS if the server has it.
 *
 * 1. Connects, and reads the server's first line, `INFO`, which says if it has TLS.
 * 2. Starts TLS on the same connection. The files are read each time, so that they may be replaced while a node runs.
 *
 * Deno's own sockets cannot show a certificate of the client at this point. With one, the sockets are those of Node.
 *
 * @module
 */

import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { joinBytes } from "../bytes.ts";
import { readTlsFiles, type TlsFiles, type TlsTexts } from "./tls_files.ts";

/** Open connection to a server. */
export interface NatsSocket {
  /** First bytes of the server: the line `INFO`. */
  readonly greeting: Uint8Array;
  readonly isEncrypted: boolean;
  /** Returns the next bytes; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<unknown>;
  /** Ends it. It may be called more than once. */
  close(): void;
}

/** Place of a server, and how it is connected to. */
export interface NatsSocketOptions {
  /** Address. */
  hostname: string;
  port: number;
  /** Name or address that the server's certificate must have. */
  name: string;
  tls: TlsFiles;
  /** Ends opening. */
  signal: AbortSignal;
  /**
   * Looks at the server's `INFO`.
   *
   * @returns True to start TLS.
   * @throws The reason why the server cannot be used.
   */
  wantsTls(info: unknown): boolean;
}

/**
 * Opens a connection.
 *
 * @throws {Error} It is not possible.
 */
export async function openNatsSocket(options: NatsSocketOptions): Promise<NatsSocket> {
  const texts = readTlsFiles(options.tls);
  return await (texts.cert === undefined ? openOwn(options, texts) : openByNode(options, texts));
}

async function openOwn(options: NatsSocketOptions, { ca }: TlsTexts): Promise<NatsSocket> {
  const { hostname, port, name, signal, wantsTls } = options;
  let conn: Deno.TcpConn | Deno.TlsConn = await Deno.connect({ hostname, port, signal });
  const close = () => closeConn(conn);
  signal.addEventListener("abort", close);
  try {
    conn.setNoDelay(true);
    const greeting = await readLine(conn);
    const isEncrypted = wantsTls(parseInfo(greeting));
    if (isEncrypted) {
      conn = await Deno.startTls(conn, { hostname: name, caCerts: ca === undefined ? [] : [ca] });
      await conn.handshake();
    }
    return { greeting, isEncrypted, read: readerOf(conn), write: writerOf(conn), close };
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function closeConn(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed.
  }
}

/** Characters of the longest `INFO`. A server's lists of addresses may be long. */
const LONGEST_INFO = 1 << 20;

async function readLine(conn: Deno.Conn): Promise<Uint8Array> {
  const read = readerOf(conn);
  let line = new Uint8Array();
  while (!line.includes(NEWLINE) && line.length < LONGEST_INFO) {
    const bytes = await read();
    if (bytes === undefined) throw new Error(CLOSED);
    line = joinBytes(line, bytes);
  }
  return line;
}

const NEWLINE = "\n".charCodeAt(0);
const CLOSED = "it closed the connection";

function parseInfo(line: Uint8Array): unknown {
  const [, json] = /^INFO\s+(\{.*\})\s*\r?\n/i.exec(new TextDecoder().decode(line)) ?? [];
  if (json === undefined) throw new Error("it is not a NATS server");
  return JSON.parse(json);
}

/** Size of a buffer. It is used up in parts, as the client may keep what it has got. */
const BUFFER = 1 << 16;
/** Least size of a part. */
const LEAST_PART = 1 << 12;

function readerOf(conn: Deno.Conn): NatsSocket["read"] {
  let buffer = new Uint8Array();
  return async () => {
    if (buffer.length < LEAST_PART) buffer = new Uint8Array(BUFFER);
    const count = await conn.read(buffer);
    if (count === null) return undefined;
    const part = buffer.subarray(0, count);
    buffer = buffer.subarray(count);
    return part;
  };
}

/** Writes one after another. */
function writerOf(conn: Deno.Conn): NatsSocket["write"] {
  let last: Promise<unknown> = Promise.resolve();
  return (bytes) => last = last.then(() => writeAll(conn, bytes));
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}

async function openByNode(options: NatsSocketOptions, { ca, cert, key }: TlsTexts): Promise<NatsSocket> {
  const { hostname, port, name, signal, wantsTls } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const plain = connectSocket({ host: hostname, port, noDelay: true });
  const close = () => void plain.destroy();
  signal.addEventListener("abort", close);
  let greeting = new Uint8Array();
  // TLS starts in the same turn, before the plain socket reads once more.
  const greet = (bytes: Uint8Array) => {
    greeting = joinBytes(greeting, bytes);
    if (!greeting.includes(NEWLINE) && greeting.length < LONGEST_INFO) return;
    plain.off("data", greet);
    try {
      wantsTls(parseInfo(greeting));
      const servername = isIP(name) === 0 ? name : undefined;
      const socket = connectTls({ socket: plain, host: name, servername, ca, cert, key });
      socket.once("secureConnect", () => resolve(socket)).on("error", reject);
    } catch (error) {
      reject(error);
    }
  };
  // The listeners stay: an error that nothing listens to would end the process.
  plain.on("data", greet).on("error", reject).on("close", () => reject(new Error(CLOSED)));
  try {
    return nodeSocket(await promise, greeting, close);
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function nodeSocket(socket: Socket, greeting: Uint8Array, closePlain: () => void): NatsSocket {
  const chunks = socket[Symbol.asyncIterator]();
  return {
    greeting,
    isEncrypted: true,
    read: async () => (await chunks.next()).value,
    write: (bytes) => new Promise((resolve) => socket.write(bytes, resolve)),
    close() {
      socket.destroy();
      closePlain();
    },
  };
}
