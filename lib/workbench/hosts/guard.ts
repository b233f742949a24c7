/**
 * A guard for simulations: while one runs, nothing in this process may reach for the real world, from which the same seed would not give
 * the same run: its clock, timers, randomness, files and network. What does so is stopped, and told what to use instead.
 *
 * What a module has imported, as from `node:timers/promises`, is beyond its reach.
 *
 * @module
 */

import { describeThrown } from "../../log.ts";
import { isStopped } from "../../rpc.ts";
import type { TestException } from "../results.ts";
import { FORBIDDEN, type Forbidden } from "./forbidden.ts";

/** Who guards. */
interface Watch {
  onTrouble(trouble: TestException): void;
  /** Whose calls are forbidden: those from this file only, which is being imported. */
  caller?: string;
}

const watches = new Set<Watch>();
let restore = () => {};

/**
 * Begins to guard.
 *
 * @param onTrouble Is told of each call of what is forbidden (`nondeterminism`; the call itself throws), and of each promise that was
 *   rejected although nobody looks (`unhandled-rejection`).
 * @param caller The URL of a module that is being imported: only what that module itself calls is forbidden, but for what is waited for
 *   then, such as reading a file; what it uses may call everything.
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

/** Replaces what an object has; what `make` is given returns the real one. */
function replace(
  { of, name }: Pick<Forbidden, "of" | "name">,
  make: (real: () => AnyFunction) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(of, name);
  const inherited = own === undefined ? (of as Record<string, AnyFunction>)[name]! : undefined;
  // Some of what belongs to Deno is loaded when somebody gets it.
  const real = () => inherited ?? own!.value ?? own!.get!.call(of);
  Object.defineProperty(of, name, { value: make(real), configurable: true, writable: true, enumerable: false });
  return () => {
    if (own === undefined) delete (of as Record<string, unknown>)[name];
    else Object.defineProperty(of, name, own);
  };
}

/** Called, or called with `new`, as the real one is. */
function replacement(forbidden: Forbidden, real: () => AnyFunction): AnyFunction {
  return function guarded(...args) {
    refuse(forbidden, guarded);
    return new.target === undefined ? Reflect.apply(real(), forbidden.of, args) : Reflect.construct(real(), args);
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
function refuse({ call, instead, whileImported }: Omit<Forbidden, "of" | "name">, below: unknown): void {
  const error = new Error();
  Error.captureStackTrace(error, below as AnyFunction);
  // What stands between may be Deno's own.
  const frame = framesOf(error).find(({ url }) => !/^(ext|node):/.test(url));
  const concerned = [...watches].filter(({ caller }) =>
    caller === undefined || (frame?.url === caller && !whileImported)
  );
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
