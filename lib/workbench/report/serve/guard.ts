/**
 * Requests that the server refuses, whatever they ask for. It shows files of this machine to the person at it, so a
 * page of somebody else must not read them through that person's browser.
 *
 * - Another host: a foreign name that resolves to this machine (DNS rebinding) would make a foreign page ours.
 * - Another origin: a foreign page may link to us, but neither embed nor fetch anything.
 * - Other methods: nothing here can be changed.
 *
 * @module
 */

/** Reason to refuse a request. */
export interface Refusal {
  status: number;
  text: string;
}

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** Addresses that mean every interface of the machine. */
const WILDCARDS = ["0.0.0.0", "[::]"];

/**
 * Returns the reason to refuse a request; undefined if it may be answered.
 *
 * @param host Host that the server listens on, as `--host` has it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestRefusal } from "./guard.ts";
 *
 * const request = (host: string) => new Request("http://localhost/", { headers: { host } });
 * assertEquals(requestRefusal(request("localhost:8080"), "127.0.0.1"), undefined);
 * assertEquals(requestRefusal(request("evil.example:8080"), "127.0.0.1")?.status, 403);
 * ```
 */
export function requestRefusal(request: Request, host: string): Refusal | undefined {
  const { headers, method } = request;
  const named = headers.get("host") ?? new URL(request.url).host;
  if (!isServed(named, host)) {
    return { status: 403, text: `Cannot serve this for the host ${named}: expected the address that serve printed` };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, text: `Cannot ${method} anything: the store is read-only here; expected GET or HEAD` };
  }
  if (isForeign(headers, named)) {
    return { status: 403, text: "Cannot serve this to a page of another origin: open it in a tab of its own" };
  }
  return undefined;
}

/** True if a `Host` header names this server. The port may be another one, as behind a tunnel. */
function isServed(named: string, host: string): boolean {
  const name = named.replace(/:\d+$/, "").toLowerCase();
  const own = bracketed(host);
  if (name === own) return true;
  if (LOOPBACK.includes(own)) return LOOPBACK.includes(name);
  // A name could be anybody's; the number of an address is not.
  return WILDCARDS.includes(own) && (LOOPBACK.includes(name) || /^\d+(\.\d+){3}$/.test(name) || name.startsWith("["));
}

/**
 * Writes a host as in an address: IPv6 in brackets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bracketed } from "./guard.ts";
 *
 * assertEquals([bracketed("::1"), bracketed("LocalHost")], ["[::1]", "localhost"]);
 * ```
 */
export function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host.toLowerCase()}]` : host.toLowerCase();
}

/** True for a request that a page of another origin makes, but for a link that opens a page of its own. */
function isForeign(headers: Headers, named: string): boolean {
  const origin = headers.get("origin");
  if (origin !== null && origin !== `http://${named}`) return true;
  const site = headers.get("sec-fetch-site");
  if (site === null || site === "same-origin" || site === "none") return false;
  return headers.get("sec-fetch-mode") !== "navigate" || headers.get("sec-fetch-dest") !== "document";
}
