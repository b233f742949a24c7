/**
 * Process that is part of a cluster: its output goes to a file, and it ends with the process that has started it, even
 * if that is killed (`../hosts/process/guardian.ts`).
 *
 * @module
 */

import { reasonOf } from "../../base/errors.ts";
import { watchExit } from "../hosts/process/exit.ts";
import { openChildLog } from "./child_log.ts";

/** Command to start. */
export interface ChildCommand {
  /** Path of the program. */
  bin: string;
  args: readonly string[];
  /** Whole environment. */
  env: Readonly<Record<string, string>>;
  /** File that stdout and stderr are appended to. */
  log: string;
}

/** Running process. */
export interface Child {
  readonly pid: number;
  /** Its end, such as `exited with status 1`; undefined while it runs. */
  readonly end: string | undefined;
  /** Resolves with its end. */
  readonly ended: Promise<string>;
  /** Sends a signal to it and to what it has started. */
  signal(name: Deno.Signal): void;
  /** Asks it to end by SIGTERM, and kills it after `patience` ms. Resolves when it has ended. */
  stop(patience?: number): Promise<void>;
  /** Kills it. Resolves when it has ended. */
  kill(): Promise<void>;
}

/** Time that a process has to end by itself, ms. */
const PATIENCE = 8000;
/** Time that its output may stay open after its end, ms: what it has started in another session may hold it. */
const DRAIN_TIMEOUT = 1000;

/**
 * Starts a process.
 *
 * @throws {Error} It cannot be started; the message says why.
 */
export function startChild({ bin, args, env, log }: ChildCommand): Child {
  const child = spawn(bin, args, env);
  const append = openChildLog(log);
  const draining = new AbortController();
  const streams = [child.stdout, child.stderr];
  const written = Promise.all(streams.map((stream) => appendAll(stream, append, draining.signal)));
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  let end: string | undefined;
  const exit = watchExit(child, async (how) => {
    const timer = setTimeout(() => draining.abort(), DRAIN_TIMEOUT);
    await written;
    clearTimeout(timer);
    end = how;
    resolve(how);
  });
  return {
    pid: child.pid,
    get end() {
      return end;
    },
    ended,
    signal: exit.signal,
    async stop(patience = PATIENCE) {
      exit.terminate();
      // A paused process would not see it.
      exit.signal("SIGCONT");
      const timer = setTimeout(() => void exit.kill(), patience);
      await ended;
      clearTimeout(timer);
    },
    kill: exit.kill,
  };
}

function spawn(bin: string, args: readonly string[], env: ChildCommand["env"]): Deno.ChildProcess {
  try {
    return new Deno.Command(bin, {
      args: [...args],
      clearEnv: true,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    throw new Error(`Cannot run ${bin}: ${reasonOf(error as Error)}`);
  }
}

/**
 * Appends a stream to a log. It is read to its end even if nothing can be written: a full pipe stops a process.
 *
 * @param signal Stops reading, even if the stream is open.
 */
async function appendAll(
  stream: ReadableStream<Uint8Array>,
  append: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await stream.pipeTo(new WritableStream({ write: append }), { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
