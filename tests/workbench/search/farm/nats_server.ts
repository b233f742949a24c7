/**
 * A nats-server for tests, with its files in a temporary folder.
 *
 * @module
 */

import { connect } from "@nats-io/transport-node";

/** True if the tests may run programs, and use files and the network. */
const IS_ALLOWED = (["read", "write", "env", "run", "net", "sys"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");

/** True if there is no nats-server for the tests: Debian's package has one. */
export const HAS_NO_SERVER = !IS_ALLOWED ||
  !new Deno.Command("sh", { args: ["-c", "command -v nats-server"], stdout: "null" }).outputSync().success;

/** A nats-server. */
export interface NatsServer {
  /** Its address. */
  url: string;
  /** Kills it as `kill -9` does. Its files stay. */
  kill(): Promise<void>;
  /** Starts it again, with the same files. */
  start(): Promise<void>;
}

/** Runs a function with a server, and removes the server's files at the end. */
export async function withNatsServer(
  run: (server: NatsServer) => Promise<void>,
  { hasJetStream = true } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const url = `nats://127.0.0.1:${port}`;
  const args = ["-a", "127.0.0.1", "-p", String(port), ...hasJetStream ? ["--jetstream", "--store_dir", folder] : []];
  let child: Deno.ChildProcess | undefined;
  const server: NatsServer = {
    url,
    async kill() {
      child?.kill("SIGKILL");
      await child?.status;
      child = undefined;
    },
    async start() {
      child = new Deno.Command("nats-server", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
      const connection = await connect({ servers: url, waitOnFirstConnect: true, reconnectTimeWait: 50 });
      await connection.close();
    },
  };
  try {
    await server.start();
    await run(server);
  } finally {
    await server.kill();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns a port that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return (listener.addr as Deno.NetAddr).port;
}
