/**
 * Listener for HTTP on this machine.
 *
 * @module
 */

import { messageOf, reasonOf, UsageError } from "../base/errors.ts";
import type { Listener } from "./machine.ts";

/**
 * Starts to serve HTTP.
 *
 * @param onError Called with one line if a request cannot be answered.
 * @throws {UsageError} The address cannot be listened on.
 */
export function listen(
  host: string,
  port: number,
  handle: (request: Request) => Promise<Response>,
  onError: (line: string) => void,
): Listener {
  const ending = new AbortController();
  const server = start(host, port, {
    signal: ending.signal,
    onListen() {},
    onError(error) {
      onError(`Cannot answer a request: ${messageOf(error)}`);
      return new Response("Cannot answer this: the server has failed; its terminal says why\n", { status: 500 });
    },
  }, handle);
  return {
    port: (server.addr as Deno.NetAddr).port,
    async close() {
      ending.abort();
      await server.finished;
    },
  };
}

function start(
  hostname: string,
  port: number,
  options: Pick<Deno.ServeTcpOptions, "signal" | "onListen" | "onError">,
  handle: (request: Request) => Promise<Response>,
): Deno.HttpServer {
  try {
    return Deno.serve({ hostname, port, ...options }, handle);
  } catch (error) {
    throw new UsageError(`Cannot listen on ${hostname}, port ${port}: ${explain(error as Error)}`);
  }
}

function explain(error: Error): string {
  const { AddrInUse, AddrNotAvailable, NotCapable, PermissionDenied } = Deno.errors;
  if (error instanceof AddrInUse) {
    return "another program uses it; expected another --port, or --port 0 for any that is free";
  }
  if (error instanceof AddrNotAvailable || error instanceof NotCapable) {
    return "it is no address of this machine; expected another --host";
  }
  if (error instanceof PermissionDenied) return `${reasonOf(error)}; expected a --port above 1023`;
  return reasonOf(error);
}
