/**
 * Thread of a run under `--watch`: runs one command line, and says when it has ended.
 *
 * @module
 */

import { startWatchdog } from "../../base/watchdog.ts";
import { createMachine } from "../../engines/real_machine.ts";
import { main } from "../main.ts";
import type { ThreadTask } from "./test_run.ts";

/** The part of a worker's global scope that is used here. Its own types clash with those of the main thread. */
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ThreadTask>) => void) | null;
  postMessage(message: "ended"): void;
};

/** The original: the guard of a simulation replaces the global one. */
const { postMessage } = scope;

scope.onmessage = async ({ data: { root, line } }) => {
  // The main thread goes on watching, whatever a node does.
  startWatchdog(undefined, false);
  await main(line, { ...createMachine(root), onInterrupt: () => () => {} });
  postMessage("ended");
};
