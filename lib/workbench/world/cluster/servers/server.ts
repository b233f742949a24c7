/**
 * One server of a cluster on this machine, which can be killed, started again with its data, paused and resumed.
 *
 * Its state: down → running ⇄ paused → down. It listens on a port of 127.0.0.1, the same after each start.
 *
 * @module
 */

import { FailedError, messageOf } from "../../../base/errors.ts";
import { type Child, type ChildCommand, startChild } from "../child.ts";
import { lastLines } from "../child_log.ts";
import type { NodeAction } from "../control.ts";
import type { ServerState } from "../state.ts";
import type { ServerName } from "./find.ts";

/** Server: its process, across all its starts. */
export interface Server {
  /** Its name within the cluster, such as `etcd0`. */
  readonly name: string;
  /** Its address. */
  readonly url: string;
  /** Its state at present. */
  state(): ServerState;
  /**
   * Performs an action, after those before it.
   *
   * @returns The outcome: `killed`, `started`, `paused` or `resumed`; or what it was before, such as `not-running`.
   * @throws {FailedError} It does not start; the message has the end of its log.
   */
  act(action: NodeAction): Promise<string>;
  /** Ends it for good, also while it starts. */
  stop(): Promise<void>;
}

/** Options for starting servers of one kind. */
export interface ServerOptions {
  /** Folder for their data and logs; it exists. Each server has a folder in it. */
  folder: string;
  /** Path of the program. */
  bin: string;
  /** Whole environment. */
  env: Readonly<Record<string, string>>;
  /** Number of servers. `@default 1` */
  count?: number;
  /** Called when a server ends by itself. */
  onCrash?(problem: string): void;
}

/** Place of one server: its folder and its ports, which stay the same. */
export interface ServerMember {
  name: string;
  folder: string;
  /** Port for clients. */
  port: number;
  /** Port for the other servers. */
  peerPort: number;
}

/** Description of a server. */
export interface ServerCommand {
  /** Name of its program. */
  program: ServerName;
  /** Its name within the cluster. */
  name: string;
  url: string;
  command: ChildCommand;
  /** Resolves if this server answers, and no other one on its port. */
  ask(): Promise<void>;
}

/** Error of a server whose port another process has taken. */
export class PortTakenError extends FailedError {
  override name = "PortTakenError";
}

/** Time that a server has until it answers, ms. One that ends is noticed at once, so only a busy machine needs it. */
const START_TIMEOUT = 180_000;
/** Time between two attempts to reach a server that starts, ms. */
const RETRY_DELAY = 50;
/** Lines of the log of a server that does not start, in its report. */
const LOG_LINES = 5;

/** State of a server. */
interface State extends ServerCommand {
  /** Process of the last start; undefined while the server is down because of an action. */
  child: Child | undefined;
  isPaused: boolean;
  /** True after its end for good. */
  isStopped: boolean;
  onCrash(problem: string): void;
}

/**
 * Creates a server that is down.
 *
 * @param onCrash Called when it ends by itself.
 */
export function createServer(command: ServerCommand, onCrash: (problem: string) => void = () => {}): Server {
  const state: State = { ...command, onCrash, child: undefined, isPaused: false, isStopped: false };
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: command.name,
    url: command.url,
    state: () => stateOf(state),
    act(action) {
      const outcome = last.then(() => perform(state, action));
      last = outcome.catch(() => {});
      return outcome;
    },
    async stop() {
      state.isStopped = true;
      await state.child?.stop();
    },
  };
}

function stateOf({ name, child, isPaused }: State): ServerState {
  if (child === undefined) return { name, state: "down", pid: null, end: null };
  if (child.end !== undefined) return { name, state: "crashed", pid: child.pid, end: child.end };
  return { name, state: isPaused ? "paused" : "running", pid: child.pid, end: null };
}

async function perform(state: State, action: NodeAction): Promise<string> {
  const { child, isPaused } = state;
  const isRunning = child !== undefined && child.end === undefined;
  switch (action) {
    case "start":
      if (isRunning) return "already-running";
      await start(state);
      return "started";
    case "kill":
      if (!isRunning) return "not-running";
      // From now on it is down: its end is no crash.
      state.child = undefined;
      await child.kill();
      return "killed";
    case "pause":
      if (!isRunning) return "not-running";
      state.isPaused = true;
      child.signal("SIGSTOP");
      return isPaused ? "already-paused" : "paused";
    case "resume":
      if (!isRunning || !isPaused) return "not-paused";
      state.isPaused = false;
      child.signal("SIGCONT");
      return "resumed";
  }
}

/** Starts the process, and waits until it answers. */
async function start(state: State): Promise<void> {
  const { program, url, command, ask } = state;
  if (state.isStopped) throw new FailedError(`Cannot start ${state.name}: the cluster ends`);
  const child = state.child = startOrFail(command);
  state.isPaused = false;
  const deadline = performance.now() + START_TIMEOUT;
  while (child.end === undefined) {
    if (await answers(ask)) return watch(state, child);
    if (performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
  }
  const problem = child.end ?? `did not answer at ${url} within ${START_TIMEOUT / 1000} s`;
  await child.kill();
  const log = lastLines(command.log, LOG_LINES);
  const lines = [`${program} ${problem}; the end of ${command.log}:`, ...log.map((line) => `  ${line}`)];
  const isTaken = log.some((line) => line.includes("address already in use"));
  throw new (isTaken ? PortTakenError : FailedError)(lines.join("\n"));
}

function watch(state: State, child: Child): void {
  void child.ended.then((end) => {
    if (state.child === child && !state.isStopped) state.onCrash(`${state.name} ${end}`);
  });
}

function startOrFail(command: ChildCommand): Child {
  try {
    return startChild(command);
  } catch (error) {
    throw new FailedError(messageOf(error));
  }
}

async function answers(ask: () => Promise<void>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch {
    return false;
  }
}
