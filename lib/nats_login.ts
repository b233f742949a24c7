/**
 * Logins in the addresses of NATS servers. The client of NATS takes them as options only, and ignores those in an
 * address.
 *
 * @module
 */

/** Addresses as the client of NATS takes them. */
export interface NatsAddresses {
  /** Addresses without a login, so they can be shown. */
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
}

/**
 * Takes the login out of addresses: `USER:PASSWORD@` or `TOKEN@`. It is the same for all of them; the last one counts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitLogin } from "./nats_login.ts";
 *
 * const { servers, ...login } = splitLogin(["nats://me:a%40b@n1:4222", "nats://n2"]);
 * assertEquals(servers, ["nats://n1:4222", "nats://n2"]);
 * assertEquals(login, { user: "me", pass: "a@b" });
 * assertEquals(splitLogin(["tls://s3cr%t@h"]), { servers: ["tls://h"], token: "s3cr%t" });
 * ```
 */
export function splitLogin(addresses: readonly string[]): NatsAddresses {
  let login: Omit<NatsAddresses, "servers"> = {};
  const servers = addresses.map((address) => {
    const [, scheme = "", written, host] = /^(\w+:\/\/)?(?:(.*)@)?(.*)$/s.exec(address)!;
    if (written !== undefined) login = parseLogin(written);
    return `${scheme}${host}`;
  });
  return { servers, ...login };
}

/** Parses `user:password` or a token. */
function parseLogin(text: string): Omit<NatsAddresses, "servers"> {
  const [user, ...rest] = text.split(":");
  if (rest.length === 0) return { token: decode(text) };
  return { user: decode(user!), pass: decode(rest.join(":")) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
