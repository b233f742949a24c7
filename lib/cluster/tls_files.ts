/**
 * Certificates and keys for connections by TLS: files in PEM format, which are checked when they are read, because a
 * server only says that it refuses them.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";

/** Paths of files in PEM format, for connections by TLS. */
export interface TlsFiles {
  /**
   * Certificates of the authorities (CA) that have signed those of the servers.
   *
   * @default the authorities that Deno knows
   */
  ca?: string;
  /** Certificate of this client, for servers that ask for one. It needs `key`. */
  cert?: string;
  /** Private key of `cert`, not encrypted. */
  key?: string;
}

/** Contents of {@linkcode TlsFiles}. */
export interface TlsTexts {
  ca?: string;
  cert?: string;
  key?: string;
}

/**
 * Reads the files for TLS, and checks that they can be used.
 *
 * @throws {Error} A file cannot be read, or has something else; the certificate is not valid now, or has another key.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readTlsFiles } from "./tls_files.ts";
 *
 * assertThrows(() => readTlsFiles({ cert: "n0.pem" }), Error, "Cannot use the certificate n0.pem without its key");
 * ```
 */
export function readTlsFiles({ ca, cert, key }: TlsFiles): TlsTexts {
  if (cert !== undefined && key === undefined) {
    throw new Error(`Cannot use the certificate ${cert} without its key: expected a file for both`);
  }
  if (key !== undefined && cert === undefined) {
    throw new Error(`Cannot use the key ${key} without its certificate: expected a file for both`);
  }
  const texts: TlsTexts = {};
  if (ca !== undefined) texts.ca = readPem(ca, "CERTIFICATE");
  if (cert !== undefined) texts.cert = readPem(cert, "CERTIFICATE");
  if (key !== undefined) texts.key = readPem(key, "PRIVATE KEY");
  if (cert !== undefined) checkPair(cert, texts.cert!, key!, texts.key!);
  return texts;
}

/** Reads a file that has a certificate or a key. */
function readPem(path: string, label: string): string {
  const text = readTextFile(path);
  const what = label === "CERTIFICATE" ? "certificate" : "private key";
  if (text.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----")) {
    throw new Error(`Cannot use the key ${path}: it is encrypted, expected one without a passphrase`);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) {
    throw new Error(`Cannot use ${path}: it has no ${what}, expected a file in PEM format`);
  }
  return text;
}

/**
 * Reads a file that the user has named.
 *
 * @throws {Error} It cannot be read.
 */
export function readTextFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${(error as Error).message.replace(/ \(os error \d+\).*/s, "")}`);
  }
}

/** Checks that a certificate is valid now, and that a key is its own. */
function checkPair(certPath: string, certText: string, keyPath: string, keyText: string): void {
  const certificate = parse(certPath, () => new X509Certificate(certText));
  const now = new Date();
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const cannotUse = `Cannot use the certificate ${certPath}`;
  if (to < now) throw new Error(`${cannotUse}: it has expired, at ${to.toISOString()}`);
  if (from > now) throw new Error(`${cannotUse}: it is valid only from ${from.toISOString()}`);
  const key = parse(keyPath, () => createPublicKey(createPrivateKey(keyText)));
  const expected = publicKeyOf(certificate);
  if (expected !== undefined && key.export(SPKI) !== expected) {
    throw new Error(`Cannot use the key ${keyPath}: it is not that of the certificate ${certPath}`);
  }
}

const SPKI = { type: "spki", format: "pem" } as const;

/** Public key of a certificate; undefined if it is of a type that this version of Deno does not know. */
function publicKeyOf(certificate: X509Certificate): string | undefined {
  try {
    return certificate.publicKey.export(SPKI) as string;
  } catch {
    return undefined;
  }
}

function parse<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`Cannot use ${path}: ${(error as Error).message}; expected a file in PEM format`);
  }
}

/**
 * Says for a person why a connection by TLS is not possible, and what to do; undefined for an error of another kind.
 *
 * @param message The error of the connection.
 * @param names Names by which the user gives the files, for the advice.
 */
export function explainTls(
  message: string,
  { ca, cert }: TlsFiles,
  names: readonly [ca: string, cert: string, key: string],
): string | undefined {
  const [caName, ...own] = names;
  const signed = ca === undefined ? "a CA that this system knows" : `the CA in ${ca}`;
  if (/UnknownIssuer|unable to (verify|get)|self.signed/i.test(message)) {
    return `its certificate is not signed by ${signed}; expected that of its CA in ${caName}`;
  }
  if (/certificate:? (expired|has expired)/i.test(message)) return "its certificate has expired";
  if (/not valid for name|does not match/.test(message)) {
    return `its certificate is for another address: ${message.replace("invalid peer certificate: ", "")}`;
  }
  // All that Deno 2.5 says of a certificate that it refuses.
  if (message === "write UNKNOWN") {
    return `its certificate is refused; expected one that ${signed} has signed, for its address, and not expired`;
  }
  const isRefused = /alert/.test(message);
  if (cert === undefined) {
    return isRefused ? `it wants a certificate of the client; expected one in ${own.join(" and ")}` : undefined;
  }
  if (!isRefused && !/EPIPE|ECONNRESET|closed/.test(message)) return undefined;
  const what = isRefused ? "it refused" : "it closed the connection; it may have refused";
  return `${what} the certificate ${cert}; expected one that its CA has signed`;
}
