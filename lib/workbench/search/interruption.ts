/**
 * Ctrl-C: the first ends a command early, the second ends the process at once. SIGTERM has the same effect, and SIGHUP,
 * when a terminal is closed. But SIGHUP often comes twice, from the shell and from the system: it does not end the
 * process at once.
 *
 * @module
 */

import { EXIT_STATUS } from "../base/exit_status.ts";
import type { Machine } from "../engines/machine.ts";

/** Listens for Ctrl-C until it is closed. */
export interface Interruption {
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  close(): void;
}

/**
 * Starts to listen for Ctrl-C.
 *
 * @param notice Line that the first Ctrl-C prints on stderr.
 */
export function openInterruption(
  notice: string,
  machine: Pick<Machine, "onInterrupt" | "stderr" | "exit">,
): Interruption {
  const controller = new AbortController();
  const close = machine.onInterrupt((signal) => {
    if (controller.signal.aborted) return signal === "SIGHUP" ? undefined : machine.exit(EXIT_STATUS.interrupted);
    machine.stderr(`\n${notice}\n`);
    controller.abort(new Error("Interrupted"));
  });
  return { signal: controller.signal, close };
}
