/**
 * The parts that hosts of a process share: its clock, its timers, its randomness and its log; and the end of a node.
 *
 * @module
 */

import type { Host, LogLevel, NodeHandle } from "./host.ts";
import { describeThrown } from "./log.ts";
import { endOfTurn } from "./output.ts";
import { type Message, parseMessage } from "./protocol.ts";

/** Characters shown of a text that is not a message. */
const MAX_SHOWN = 1000;

/** Longest delay of `setTimeout`, ms: about 25 days. A timer with a longer delay fires after that time. */
const MAX_DELAY = 2 ** 31 - 1;

/** Time for handlers to finish after the last message, ms. Messages that they wait for can no longer arrive. */
const GRACE_PERIOD = 5000;

/** Creates the host of a node that is a process; only the way of a message is missing. */
export function createProcessHost(send: Host["send"], log: Host["log"]): Host {
  return {
    send,
    now: () => performance.timeOrigin + performance.now(),
    setTimer: (delay, callback) => setTimeout(callback, Math.min(delay, MAX_DELAY)),
    clearTimer: (timer) => clearTimeout(timer as number),
    getRandomValues: (array) => crypto.getRandomValues(array as Uint8Array<ArrayBuffer>) as typeof array,
    random: Math.random,
    log,
  };
}

/** Parses a text as a message. If it is not one, logs it and returns undefined. */
export function parseOrLog(text: string, log: Host["log"]): Message | undefined {
  try {
    return parseMessage(text);
  } catch (error) {
    const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
    log("error", `${(error as Error).message}: ${shown}`);
    return undefined;
  }
}

/** Leaves out the entries of level debug. */
export function withoutDetails(log: Host["log"]): Host["log"] {
  return (level, text) => {
    if (level !== "debug") log(level, text);
  };
}

/** Writes one entry to stderr, with its time and level. */
export function logToStderr(level: LogLevel, text: string): void {
  const bytes = new TextEncoder().encode(`${new Date().toISOString()} ${level} ${text}\n`);
  try {
    let written = 0;
    while (written < bytes.length) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch {
    // The log cannot be written: the node runs on without it.
  }
}

/** Options for {@linkcode runNode}. */
export interface RunNodeOptions {
  node: NodeHandle;
  log: Host["log"];
  /** Ends the wait for handlers when it settles: what they would send can no longer leave. */
  broken: Promise<void>;
  /** True if the process is the node's own: a rejection that nothing handles ends it with exit status 1. */
  ownsProcess: boolean;
}

/**
 * Delivers messages to a node until there are no more, lets its handlers finish for up to 5 s, and stops it.
 *
 * @param receiveAll Delivers the messages.
 * @throws What `receiveAll` throws, and the reason of a rejection that nothing handled.
 */
export async function runNode(receiveAll: () => Promise<void>, options: RunNodeOptions): Promise<void> {
  const { node, log, broken, ownsProcess } = options;
  const crash = catchRejection();
  try {
    await Promise.race([receiveAll(), crash.happened]);
    await withinGracePeriod([node.idle(), broken, crash.happened]);
  } catch (error) {
    if (!crash.isCause(error)) throw error;
    log("error", `The node ends: it did not handle a rejection: ${describeThrown(error)}`);
    // As the log has the reason, Deno need not print it again.
    if (ownsProcess) Deno.exit(1);
    throw error;
  } finally {
    node.stop();
    // RPCs that nothing awaits are rejected now: they must not end the process as unhandled.
    await endOfTurn();
    crash.stopCatching();
  }
}

/** Waits for the first of some promises, or for {@linkcode GRACE_PERIOD}. */
async function withinGracePeriod(promises: readonly Promise<void>[]): Promise<void> {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GRACE_PERIOD);
  try {
    await Promise.race([...promises, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a rejection that nothing handles. */
interface RejectionCatcher {
  /** Rejects with the reason of the first one. */
  happened: Promise<never>;
  /** True if that reason is what was thrown. */
  isCause(thrown: unknown): boolean;
  /** Leaves later rejections to Deno. */
  stopCatching(): void;
}

function catchRejection(): RejectionCatcher {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  let first: { reason: unknown } | undefined;
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    first ??= { reason: event.reason };
    reject(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    happened: promise,
    isCause: (thrown) => first?.reason === thrown && first !== undefined,
    stopCatching: () => globalThis.removeEventListener("unhandledrejection", onRejection),
  };
}
