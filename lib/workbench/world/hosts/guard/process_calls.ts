/**
 * What a program does to the process that it runs in: it ends it, or writes on its stdout and stderr. In a simulation, where there is no
 * process to a node, it comes to what it would come to if there were.
 *
 * @module
 */

import process from "node:process";
import { format } from "node:util";
import type { LogLevel } from "../../../../host.ts";

/** A function by which a program does so. */
export interface ProcessCall {
  /** What it belongs to. */
  of: object;
  name: string;
  /** What a program calls. */
  call: string;
  /** What a call comes to; undefined where it is of another kind. */
  effect(...args: unknown[]): Effect | undefined;
}

/** What has become of the process; or what it has written, and where. */
export type Effect = { end: string } | { stdout: string } | { stderr: string; level: LogLevel };

const ENDS: readonly ProcessCall[] = [
  // All ways to exit lead here, process.exit() too.
  { of: Deno, name: "exit", call: "Deno.exit()", effect: (status = Deno.exitCode) => exited(status) },
  { of: globalThis, name: "close", call: "close()", effect: () => exited(Deno.exitCode) },
  { of: process, name: "abort", call: "process.abort()", effect: () => killed("SIGABRT") },
  { of: process, name: "kill", call: "process.kill()", effect: kills },
  { of: Deno, name: "kill", call: "Deno.kill()", effect: kills },
];

function exited(status: unknown): Effect {
  return { end: `exited with status ${status}` };
}

function killed(signal: unknown): Effect {
  return { end: `was ended by signal ${signal}` };
}

/** What a process gets without coming to its end; 0 only asks whether it is there. */
const HARMLESS: readonly unknown[] = [0, "SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"];

/** What becomes of others is no end of this process. */
function kills(id: unknown, signal: unknown = "SIGTERM"): Effect | undefined {
  return id === Deno.pid && !HARMLESS.includes(signal) ? killed(signal) : undefined;
}

const PRINTING = [
  "log",
  "info",
  "debug",
  "dir",
  "dirxml",
  "table",
  "group",
  "groupCollapsed",
  "count",
  "timeLog",
  "timeEnd",
  "clear",
];

const STDOUT: readonly ProcessCall[] = PRINTING.map((name) => ({
  of: console,
  name,
  call: `console.${name}()`,
  effect: (...args: unknown[]) => ({ stdout: format(...args) }),
}));

const LEVELS = { error: "error", warn: "warn", trace: "warn" } as const;

const STDERR: readonly ProcessCall[] = [
  ...Object.entries(LEVELS).map(([name, level]): ProcessCall => ({
    of: console,
    name,
    call: `console.${name}()`,
    effect: (...args) => ({ stderr: format(...args), level }),
  })),
  {
    of: console,
    name: "assert",
    call: "console.assert()",
    effect: (holds = false, ...args) =>
      holds
        ? undefined
        : { stderr: ["Assertion failed", format(...args)].join(": ").replace(/: $/, ""), level: "error" },
  },
];

/** All of them. */
export const PROCESS_CALLS: readonly ProcessCall[] = [...ENDS, ...STDOUT, ...STDERR];
