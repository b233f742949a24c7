/**
 * Logins in the addresses of servers: the client of NATS takes them as options only, and nobody else may see them.
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

/** Address, in three parts: scheme, login, and host with all that follows. */
const ADDRESS = /^(\w+:\/\/)?(?:(.*)@)?(.*)$/s;

/**
 * Takes the login out of addresses: `USER:PASSWORD@` or `TOKEN@`. It is the same for all of them; the last one counts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitLogin } from "./login.ts";
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
    const [, scheme = "", written, host] = ADDRESS.exec(address)!;
    if (written !== undefined) login = parseLogin(written);
    return `${scheme}${host}`;
  });
  return { servers, ...login };
}

/**
 * Returns addresses that have the login themselves, so that each can be used alone.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spreadLogin } from "./login.ts";
 *
 * assertEquals(spreadLogin(["nats://me:s@n1", "n2"]), ["nats://me:s@n1", "me:s@n2"]);
 * assertEquals(spreadLogin(["nats://n1"]), ["nats://n1"]);
 * ```
 */
export function spreadLogin(addresses: readonly string[]): string[] {
  const parts = addresses.map((address) => ADDRESS.exec(address)!);
  const login = parts.findLast(([, , login]) => login !== undefined)?.[2];
  return parts.map(([, scheme = "", , host]) => login === undefined ? `${scheme}${host}` : `${scheme}${login}@${host}`);
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

/**
 * Replaces the logins of addresses in a text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hideLogins } from "./login.ts";
 *
 * assertEquals(hideLogins("Cannot use nats://me:s@h,tls://t@i"), "Cannot use nats://…@h,tls://…@i");
 * assertEquals(hideLogins("http://me:s@h/a see https://h/@std"), "http://…@h/a see https://h/@std");
 * ```
 */
export function hideLogins(text: string): string {
  return text.replace(/\b((?:nats|tls):\/\/)[^\s,"]*@|\b(https?:\/\/)[^\s/@]*@/g, "$1$2…@");
}
