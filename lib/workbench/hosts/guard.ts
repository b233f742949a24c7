/**
 * A guard for simulations: while one runs, nothing in this process may reach for the real clock, real timers or real randomness, from
 * which the same seed would not give the same run. What does so is stopped, and told what to use instead.
 *
 * What a module has imported, as from `node:timers`, is beyond its reach.
 *
 * @module
 */

import { describeThrown } from "../../log.ts";
import { isStopped } from "../../rpc.ts";
import type { TestException } from "../results.ts";

/** Something of the real world. */
interface Forbidden {
  /** What it belongs to. */
  of: object;
  name: string;
  /** What a program calls. */
  call: string;
  /** What it is to call instead. */
  instead: string;
}

const TIMERS = "node.after(), node.every() or node.sleep()";
const BYTES = "node.getRandomValues()";

const FORBIDDEN: readonly Forbidden[] = [
  { of: Date, name: "now", call: "Date.now()", instead: "node.now()" },
  { of: performance, name: "now", call: "performance.now()", instead: "node.now()" },
  ...functionsOf(temporalNow()).map((name) => ({
    of: temporalNow(),
    name,
    call: `Temporal.Now.${name}()`,
    instead: "node.now()",
  })),
  { of: Math, name: "random", call: "Math.random()", instead: "node.random()" },
  { of: crypto, name: "getRandomValues", call: "crypto.getRandomValues()", instead: BYTES },
  { of: crypto, name: "randomUUID", call: "crypto.randomUUID()", instead: BYTES },
  { of: globalThis, name: "setTimeout", call: "setTimeout()", instead: TIMERS },
  { of: globalThis, name: "setInterval", call: "setInterval()", instead: TIMERS },
  { of: globalThis, name: "setImmediate", call: "setImmediate()", instead: TIMERS },
  { of: AbortSignal, name: "timeout", call: "AbortSignal.timeout()", instead: TIMERS },
  { of: globalThis, name: "fetch", call: "fetch()", instead: "messages to nodes and services" },
];

/** `Temporal.Now`, where there is one. */
function temporalNow(): object {
  return (globalThis as unknown as { Temporal?: { Now: object } }).Temporal?.Now ?? {};
}

function functionsOf(object: object): string[] {
  const isFunction = ({ value }: PropertyDescriptor) => typeof value === "function";
  return Object.entries(Object.getOwnPropertyDescriptors(object)).filter(([, own]) => isFunction(own)).map(([name]) =>
    name
  );
}

/** Who guards. */
interface Watch {
  onTrouble(trouble: TestException): void;
  /** Whose calls are forbidden: those from this file only. */
  caller?: string;
}

const watches = new Set<Watch>();
let restore = () => {};

/**
 * Begins to guard.
 *
 * @param onTrouble Is told of each call of what is forbidden (`nondeterminism`; the call itself throws), and of each promise that was
 *   rejected although nobody looks (`unhandled-rejection`).
 * @param caller The URL of a module: only what that module itself calls is forbidden, and what it uses may call everything.
 * @returns Ends it, and puts everything back as it was when nobody else guards.
 */
export function guard(onTrouble: (trouble: TestException) => void, caller?: string): () => void {
  const watch: Watch = { onTrouble, ...caller === undefined ? {} : { caller } };
  if (watches.size === 0) restore = forbid();
  watches.add(watch);
  return () => {
    if (watches.delete(watch) && watches.size === 0) restore();
  };
}

/** Replaces all that is forbidden; returns what puts it back. */
function forbid(): () => void {
  const replaced = [
    ...FORBIDDEN.map((forbidden) => replace(forbidden, (real) => replacement(forbidden, real))),
    replace({ of: globalThis, name: "Date" }, () => guardedDate(Date)),
  ];
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    for (const putBack of replaced) putBack();
  };
}

type AnyFunction = (...args: unknown[]) => unknown;

function replace({ of, name }: Pick<Forbidden, "of" | "name">, make: (real: AnyFunction) => unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(of, name);
  const real = (of as Record<string, AnyFunction>)[name]!;
  Object.defineProperty(of, name, { value: make(real), configurable: true, writable: true, enumerable: false });
  return () => {
    if (own === undefined) delete (of as Record<string, unknown>)[name];
    else Object.defineProperty(of, name, own);
  };
}

function replacement(forbidden: Forbidden, real: AnyFunction): AnyFunction {
  return function guarded(this: unknown, ...args) {
    refuse(forbidden, guarded);
    return Reflect.apply(real, forbidden.of, args);
  };
}

/** A `Date` that can be made of a time, but not of the present. */
function guardedDate(real: DateConstructor): DateConstructor {
  const present = (call: string) => ({ call, instead: "new Date(node.now())" });
  const construct: ProxyHandler<DateConstructor>["construct"] = (target, args, newTarget) => {
    if (args.length === 0) refuse(present("new Date()"), construct);
    return Reflect.construct(target, args, newTarget);
  };
  const apply: ProxyHandler<DateConstructor>["apply"] = (target, thisValue, args) => {
    refuse(present("Date()"), apply);
    return Reflect.apply(target, thisValue, args);
  };
  return new Proxy(real, { construct, apply });
}

/** Tells those whose business it is, and throws if there are any. */
function refuse({ call, instead }: Pick<Forbidden, "call" | "instead">, below: unknown): void {
  const error = new Error();
  Error.captureStackTrace(error, below as AnyFunction);
  // What stands between may be Deno's own.
  const frame = framesOf(error).find(({ url }) => !/^(ext|node):/.test(url));
  const concerned = [...watches].filter(({ caller }) => caller === undefined || frame?.url === caller);
  if (concerned.length === 0) return;
  const where = frame === undefined ? "" : ` at ${formatFrame(frame)}`;
  error.message = `Cannot call ${call}${where} in a simulation, where a seed must repeat a run: expected ${instead}`;
  for (const { onTrouble } of concerned) onTrouble({ type: "nondeterminism", message: error.message, count: 1 });
  throw error;
}

function onRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  if (isStopped(event.reason)) return;
  const message = `A node has not handled a rejection: ${describeThrown(event.reason)}`;
  for (const { onTrouble } of watches) onTrouble({ type: "unhandled-rejection", message, count: 1 });
}

/** A place in a module. */
export interface Frame {
  url: string;
  /** `12:3`: the line and the column. */
  position: string;
}

/** Where an error comes from, the innermost place first. */
export function framesOf({ stack = "" }: Error): Frame[] {
  const matches = stack.matchAll(/^ +at .*?((?:file|https?|ext|node|data|blob):[^\s)]*?):(\d+:\d+)\)?$/gm);
  return Array.from(matches, ([, url, position]) => ({ url: url!, position: position! }));
}

/** A place as a person would look it up: `/home/me/node.ts:12:3`. */
export function formatFrame({ url, position }: Frame): string {
  const path = url.startsWith("file://") ? decodeURIComponent(new URL(url).pathname) : url;
  return `${path}:${position}`;
}
