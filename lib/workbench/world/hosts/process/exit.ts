/**
 * End of a process.
 *
 * Each process leads a process group of its own (a session, where the system has them). So Ctrl-C in the terminal does
 * not reach it, and what it has started ends with it, unless that has left the group. The nodes are killed when this
 * process exits; if it is killed, by the guardian (`guardian.ts`).
 *
 * @module
 */

import { guardGroup } from "./guardian.ts";

/** Handle for ending a process. */
export interface Exit {
  /** Sends a signal to the process and what it has started, unless it has ended. */
  signal(name: Deno.Signal): void;
  /** Asks the process to end, by SIGTERM. What it has started is its own affair until it has ended. */
  terminate(): void;
  /** Kills the process, unless it has ended. Resolves after `onExit`. */
  kill(): Promise<void>;
}

/**
 * Waits for the end of a process, and then kills what it has started.
 *
 * @param onExit Called with its end: `exited with status 1`.
 */
export function watchExit(child: Deno.ChildProcess, onExit: (how: string) => Promise<void>): Exit {
  let hasExited = false;
  const killGroup = () => signalGroup(child, "SIGKILL");
  const release = guardGroup(child.pid);
  addEventListener("unload", killGroup);
  const done = child.status.then(async ({ code, signal }) => {
    hasExited = true;
    killGroup();
    removeEventListener("unload", killGroup);
    const released = release();
    await onExit(signal === null ? `exited with status ${code}` : `was ended by signal ${signal}`);
    await released;
  });
  return {
    signal(name) {
      if (!hasExited) signalGroup(child, name);
    },
    terminate() {
      if (!hasExited) signalProcess(child, "SIGTERM");
    },
    kill() {
      if (!hasExited) killGroup();
      return done;
    },
  };
}

function signalGroup(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    Deno.kill(-child.pid, name);
  } catch {
    signalProcess(child, name);
  }
}

function signalProcess(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It has ended, though its status is not known yet.
  }
}
