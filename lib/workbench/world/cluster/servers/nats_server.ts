/**
 * nats-servers with JetStream: one alone, or several that are joined by routes.
 *
 * @module
 */

import type { ServerCommand, ServerMember, ServerOptions } from "./server.ts";

/** Largest message that nats-server takes, bytes. Its default of 1 MB is less than a large log of kafka. */
const MAX_PAYLOAD = 8_388_608;

/** Time that a listener has to send its first line, ms. */
const INFO_TIMEOUT = 1000;

/** Returns the commands of nats-servers, and writes their configurations. */
export function natsCommands(members: readonly ServerMember[], token: string, options: ServerOptions): ServerCommand[] {
  return members.map(({ name, folder, port, peerPort }) => {
    const config = `${folder}/nats.conf`;
    // JetStream knows its servers by their names, also after a restart.
    const serverName = `${name}-${token}`;
    const routes = members.map((other) => `"nats://127.0.0.1:${other.peerPort}"`);
    const lines = [
      `server_name: "${serverName}"`,
      `listen: "127.0.0.1:${port}"`,
      `max_payload: ${MAX_PAYLOAD}`,
      `jetstream { store_dir: ${JSON.stringify(`${folder}/data`)} }`,
      ...members.length === 1 ? [] : [
        `cluster { name: "${token}", listen: "127.0.0.1:${peerPort}", routes: [${routes.join(", ")}] }`,
      ],
    ];
    Deno.writeTextFileSync(config, `${lines.join("\n")}\n`);
    return {
      program: "nats-server",
      name,
      url: `nats://127.0.0.1:${port}`,
      command: { bin: options.bin, args: ["--config", config], env: options.env, log: `${folder}/log` },
      async ask() {
        const { server_name: found } = await readInfo(port);
        if (found !== serverName) throw new Error(`Port ${port} belongs to the server ${found}`);
      },
    };
  });
}

/** Reads what a nats-server tells each client that connects: the line `INFO {…}`. */
async function readInfo(port: number): Promise<{ server_name?: string }> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), INFO_TIMEOUT);
  try {
    let text = "";
    for await (const part of connection.readable.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("\r\n")) break;
    }
    return JSON.parse(/^INFO (\{.*\})\s*\r\n/.exec(text)![1]!);
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
}

/** Closes a connection. The end of its stream may have closed it. */
function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}
