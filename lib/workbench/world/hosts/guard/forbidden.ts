/**
 * What a simulated program may not call: all that has an outcome which does not follow from the seed, or which comes when the real world
 * is ready, and not when virtual time is. Nor does the {@linkcode VirtualClock} wait for such a thing: the node would seem to be silent.
 *
 * @module
 */

import process from "node:process";

/** Something of the real world. */
export interface Forbidden {
  /** What it belongs to. */
  of: object;
  name: string;
  /** What a program calls. */
  call: string;
  /** What it is to call instead. */
  instead: string;
  /** Whether a module may call it while it is imported: that is waited for. */
  whileImported?: boolean;
  /** Whether it is no function, but something that a program reads. */
  isRead?: boolean;
}

const TIMERS = "node.after(), node.every() or node.sleep()";
const BYTES = "node.getRandomValues()";
const MESSAGES = "messages to nodes and services";
const COUNTS = "node.stats, which counts messages";

const TIME: readonly Forbidden[] = [
  { of: Date, name: "now", call: "Date.now()", instead: "node.now()" },
  ...["now", "mark", "measure", "toJSON"].map((name) => ({
    of: performance,
    name,
    call: `performance.${name}()`,
    instead: "node.now()",
  })),
  { of: performance, name: "timeOrigin", call: "performance.timeOrigin", instead: "node.now()", isRead: true },
  ...functionsOf(temporalNow()).map((name) => ({
    of: temporalNow(),
    name,
    call: `Temporal.Now.${name}()`,
    instead: "node.now()",
  })),
  { of: globalThis, name: "setTimeout", call: "setTimeout()", instead: TIMERS },
  { of: globalThis, name: "setInterval", call: "setInterval()", instead: TIMERS },
  { of: globalThis, name: "setImmediate", call: "setImmediate()", instead: TIMERS },
  { of: AbortSignal, name: "timeout", call: "AbortSignal.timeout()", instead: TIMERS },
];

/** How much of the machine is in use, and for how long. */
const MACHINE: readonly Forbidden[] = [
  ...["memoryUsage", "systemMemoryInfo", "loadavg", "osUptime"].map((name) => ({
    of: Deno,
    name,
    call: `Deno.${name}()`,
    instead: COUNTS,
  })),
  ...["cpuUsage", "resourceUsage"].map((name) => ({
    of: process,
    name,
    call: `process.${name}()`,
    instead: COUNTS,
  })),
];

const CHANCE: readonly Forbidden[] = [
  { of: Math, name: "random", call: "Math.random()", instead: "node.random()" },
  { of: crypto, name: "getRandomValues", call: "crypto.getRandomValues()", instead: BYTES },
  { of: crypto, name: "randomUUID", call: "crypto.randomUUID()", instead: BYTES },
];

/** Hashes and the like are computed on another thread. */
const CRYPTO: readonly Forbidden[] = functionsOf(SubtleCrypto.prototype).map((name) => ({
  of: crypto.subtle,
  name,
  call: `crypto.subtle.${name}()`,
  instead: "node:crypto, which computes at once",
  whileImported: true,
}));

/** Files have functions that answer at once as well, and these are what the workbench itself uses for its store. */
const FILES: readonly Forbidden[] = functionsOf(Deno).filter((name) => `${name}Sync` in Deno).map((name) => ({
  of: Deno,
  name,
  call: `Deno.${name}()`,
  instead: `Deno.${name}Sync()`,
  whileImported: true,
}));

const NETWORK: readonly Forbidden[] = [
  { of: globalThis, name: "fetch", call: "fetch()", instead: MESSAGES },
  ...["connect", "connectTls", "listen", "listenTls", "resolveDns", "serve"].map((name) => ({
    of: Deno,
    name,
    call: `Deno.${name}()`,
    instead: MESSAGES,
  })),
  { of: Deno, name: "Command", call: "new Deno.Command()", instead: MESSAGES },
  { of: globalThis, name: "WebSocket", call: "new WebSocket()", instead: MESSAGES },
  { of: globalThis, name: "Worker", call: "new Worker()", instead: MESSAGES },
];

/** All of it, but for `Date`, which is forbidden in part. */
export const FORBIDDEN: readonly Forbidden[] = [...TIME, ...CHANCE, ...MACHINE, ...CRYPTO, ...FILES, ...NETWORK];

/** `Temporal.Now`, where there is one. */
function temporalNow(): object {
  return (globalThis as unknown as { Temporal?: { Now: object } }).Temporal?.Now ?? {};
}

/** The names of an object's own functions. */
function functionsOf(object: object): string[] {
  const isFunction = ({ value }: PropertyDescriptor) => typeof value === "function";
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([name, own]) => isFunction(own) && name !== "constructor")
    .map(([name]) => name);
}
