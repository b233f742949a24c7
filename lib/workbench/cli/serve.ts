/**
 * `serve`: the runs in the store as pages, for a browser on this machine, until Ctrl-C.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { bracketed } from "../report/serve/guard.ts";
import { DEFAULTS, parseFlagsOnly } from "../request/arguments.ts";
import type { Flag } from "../request/flag.ts";
import { openInterruption } from "../search/interruption.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/** The flags of `serve`. `maelstrom.sh` looks for `--host`, too, to permit it. */
export const SERVE_FLAGS = [
  {
    name: "host",
    kind: "text",
    placeholder: "ADDRESS",
    default: "127.0.0.1",
    help: "Address to listen on; any but the default lets other machines read the store",
    origin: "workbench",
  },
  {
    name: "port",
    kind: "integer",
    placeholder: "NUMBER",
    default: "8080",
    least: 0,
    most: 65_535,
    help: "Port to listen on; 0 is any that is free",
    origin: "workbench",
  },
  {
    name: "store",
    kind: "text",
    placeholder: "FOLDER",
    default: "store",
    help: "Folder of the runs",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Paragraphs of the help of `serve`. */
export const SERVE_NOTES: readonly string[] = [
  "The page lists all runs, follows those under way, and compares. Nothing is written, and no other page can " +
  "read it. Ctrl-C ends it.",
];

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Serves the store until Ctrl-C.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad, or the port is in use.
 */
export async function serveRuns(words: readonly string[], machine: Machine): Promise<number> {
  const given = parseFlagsOnly(words, "serve", SERVE_FLAGS);
  const { host = "127.0.0.1", port = 8080, store = DEFAULTS.get("store")![0]! } = given;
  const { createStoreServer } = await import("../report/serve/handler.ts");
  const server = createStoreServer(store.replace(/(?<=.)\/+$/, ""), host, machine);
  const listener = machine.listen(host, port, server.handle);
  const interruption = openInterruption("Ending the server", machine);
  if (!LOOPBACK.includes(host)) {
    machine.stderr(`Note: whoever reaches ${host} can read every file in ${store}\n`);
  }
  machine.stdout(`http://${bracketed(host)}:${listener.port}/\n`);
  if (machine.files.inspect(store).kind !== "folder") {
    machine.stderr(`Note: there is no ${store} yet; the first run makes it\n`);
  }
  await ended(interruption.signal);
  server.close();
  await listener.close();
  interruption.close();
  return EXIT_STATUS.passed;
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
