/**
 * Access to NATS: addresses, a login and files for TLS, given as options or by variables.
 *
 * The variables are those of the `nats` tool: `$NATS_URL`, `$NATS_CREDS`, `$NATS_CA`, `$NATS_CERT` and `$NATS_KEY`. A
 * command line is no place for them, because other users of a machine can read it.
 *
 * @module
 */

import type { TlsFiles } from "./tls_files.ts";

/** Addresses of NATS, and what a client needs to be let in. */
export interface NatsAccess {
  /**
   * Addresses of NATS servers, such as `nats://127.0.0.1:4222`. The client uses one of them at a time. A login may be
   * in an address, `nats://USER:PASSWORD@HOST` or `nats://TOKEN@HOST`; it is then the login for all of them. With
   * `tls://HOST`, or with `tls`, a server without TLS is refused.
   *
   * @default $NATS_URL, separated by commas
   */
  servers?: string | readonly string[];
  /**
   * Path of a file with the login: credentials (`.creds`), or the seed of an nkey. It is read for each connection, so
   * it may be replaced.
   *
   * @default $NATS_CREDS
   */
  credentials?: string;
  /**
   * Files for TLS, which is used if the server has it. They are read for each connection, too.
   *
   * @default $NATS_CA, $NATS_CERT and $NATS_KEY
   */
  tls?: TlsFiles;
}

/** Variables with the login and the files of a client of NATS. */
export const NATS_VARIABLES = ["NATS_CREDS", "NATS_CA", "NATS_CERT", "NATS_KEY"] as const;

/**
 * Reads the access to NATS from variables. One that is empty counts as not set.
 *
 * @param env Reads a variable.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { natsAccess } from "./nats_access.ts";
 *
 * const env: Record<string, string> = { NATS_URL: "nats://a,nats://b", NATS_CA: "/etc/ca.pem" };
 * const { servers, tls } = natsAccess((name) => env[name]);
 * assertEquals(servers, ["nats://a", "nats://b"]);
 * assertEquals(tls?.ca, "/etc/ca.pem");
 * ```
 */
export function natsAccess(env: (name: string) => string | undefined): NatsAccess {
  const [url, credentials, ca, cert, key] = ["NATS_URL", ...NATS_VARIABLES].map((name) => env(name) || undefined);
  return { servers: url?.split(","), credentials, tls: { ca, cert, key } };
}
