/**
 * The functions that a guard replaces, and the effect of calling each:
 *
 * - `nondeterminism`: the result depends on the machine or on real time, not on the seed. Virtual time does not wait
 *   for such a call, so the node would just seem to be silent.
 * - `end`, `stdout`, `stderr`: the call ends the process or writes to its output. A simulated node has no process of
 *   its own; the one it runs in is the workbench's.
 *
 * @module
 */

import process from "node:process";
import { format } from "node:util";
import type { LogLevel } from "../../../../host.ts";

/** Effect of a call. */
export interface Effect {
  kind: "nondeterminism" | "end" | "stdout" | "stderr";
  /** The call to use instead, the end of the process, or the text that is written. */
  text: string;
  /** Level of a text on stderr. */
  level?: LogLevel;
  /** True if a module may make the call while it is imported, as the import waits for the result. */
  isAwaited?: boolean;
}

/** Function or property to replace. */
export interface GuardedCall {
  /** Object that it belongs to. */
  owner: object;
  name: string;
  /** Notation for messages: `Date.now()`. */
  call: string;
  /** Returns the effect of a call; undefined if it has none that a guard looks for. */
  effect(...args: unknown[]): Effect | undefined;
}

/** Lists functions of one object; in `notation`, `*` stands for the name. */
function calls(
  owner: object,
  notation: string,
  names: readonly string[],
  effect: (name: string, ...args: unknown[]) => Effect | undefined,
): GuardedCall[] {
  return names.map((name) => ({
    owner,
    name,
    call: notation.replace("*", name),
    effect: (...args) => effect(name, ...args),
  }));
}

const use = (text: string) => (): Effect => ({ kind: "nondeterminism", text });
const USE_NOW = use("node.now()");
const USE_TIMERS = use("node.after(), node.every() or node.sleep()");
const USE_BYTES = use("node.getRandomValues()");
const USE_STATS = use("node.stats, which counts messages");
const USE_MESSAGES = use("messages to nodes and services");

const TEMPORAL_NOW = (globalThis as unknown as { Temporal?: { Now: object } }).Temporal?.Now ?? {};
const MACHINE = ["memoryUsage", "systemMemoryInfo", "loadavg", "osUptime"];
const NETWORK = ["connect", "connectTls", "listen", "listenTls", "resolveDns", "serve"];

const NONDETERMINISM: readonly GuardedCall[] = [
  calls(Date, "Date.*()", ["now"], USE_NOW),
  calls(performance, "performance.*()", ["now", "mark", "measure", "toJSON"], USE_NOW),
  calls(performance, "performance.*", ["timeOrigin"], USE_NOW),
  calls(TEMPORAL_NOW, "Temporal.Now.*()", functionsOf(TEMPORAL_NOW), USE_NOW),
  calls(globalThis, "*()", ["setTimeout", "setInterval", "setImmediate"], USE_TIMERS),
  calls(AbortSignal, "AbortSignal.*()", ["timeout"], USE_TIMERS),
  calls(Math, "Math.*()", ["random"], use("node.random()")),
  calls(crypto, "crypto.*()", ["getRandomValues", "randomUUID"], USE_BYTES),
  calls(Deno.env, "Deno.env.*()", ["get", "has", "toObject"], use("an argument of the program, which stands after --")),
  calls(Deno, "Deno.*()", MACHINE, USE_STATS),
  calls(process, "process.*()", ["cpuUsage", "resourceUsage"], USE_STATS),
  // Computed on another thread.
  calls(crypto.subtle, "crypto.subtle.*()", functionsOf(SubtleCrypto.prototype), () => ({
    kind: "nondeterminism",
    text: "node:crypto, which computes at once",
    isAwaited: true,
  })),
  // The synchronous twins stay: the workbench itself uses them.
  calls(Deno, "Deno.*()", functionsOf(Deno).filter((name) => `${name}Sync` in Deno), (name) => ({
    kind: "nondeterminism",
    text: `Deno.${name}Sync()`,
    isAwaited: true,
  })),
  calls(globalThis, "*()", ["fetch"], USE_MESSAGES),
  calls(Deno, "Deno.*()", NETWORK, USE_MESSAGES),
  calls(Deno, "new Deno.*()", ["Command"], USE_MESSAGES),
  calls(globalThis, "new *()", ["WebSocket", "Worker"], USE_MESSAGES),
].flat();

const exit = (status: unknown): Effect => ({ kind: "end", text: `exited with status ${status}` });
const killed = (signal: unknown): Effect => ({ kind: "end", text: `was ended by signal ${signal}` });

/** Signals that do not end a process; 0 only asks if it exists. */
const HARMLESS: readonly unknown[] = [0, "SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"];

function kill(_name: string, id: unknown, signal: unknown = "SIGTERM"): Effect | undefined {
  return id === Deno.pid && !HARMLESS.includes(signal) ? killed(signal) : undefined;
}

const ENDS: readonly GuardedCall[] = [
  // process.exit() calls it too.
  calls(Deno, "Deno.*()", ["exit"], (_name, status = Deno.exitCode) => exit(status)),
  calls(globalThis, "*()", ["close"], () => exit(Deno.exitCode)),
  calls(process, "process.*()", ["abort"], () => killed("SIGABRT")),
  calls(process, "process.*()", ["kill"], kill),
  calls(Deno, "Deno.*()", ["kill"], kill),
].flat();

const PRINTS = "log info debug dir dirxml table group groupCollapsed count timeLog timeEnd clear".split(" ");

const stderr = (level: LogLevel) => (_name: string, ...args: unknown[]): Effect => ({
  kind: "stderr",
  text: format(...args),
  level,
});

const OUTPUT: readonly GuardedCall[] = [
  calls(console, "console.*()", PRINTS, (_name, ...args) => ({ kind: "stdout", text: format(...args) })),
  calls(console, "console.*()", ["error"], stderr("error")),
  calls(console, "console.*()", ["warn", "trace"], stderr("warn")),
  calls(console, "console.*()", ["assert"], (_name, holds = false, ...args) => {
    if (holds) return undefined;
    const text = args.length === 0 ? "Assertion failed" : `Assertion failed: ${format(...args)}`;
    return { kind: "stderr", text, level: "error" };
  }),
].flat();

/** All calls that a guard replaces, except `Date` itself: dates of a given time are allowed. */
export const GUARDED_CALLS: readonly GuardedCall[] = [...NONDETERMINISM, ...ENDS, ...OUTPUT];

/** Lists the names of an object's own functions. */
function functionsOf(object: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor")
    .map(([name]) => name);
}
