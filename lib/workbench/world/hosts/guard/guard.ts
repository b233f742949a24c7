/**
 * A guard for simulations: while one runs, nothing in this process may reach for the real world, from which the same seed would not give
 * the same run: its clock, timers, randomness, files and network. What does so is stopped, and told what to use instead. And no node may
 * end this process, or print on its stdout, which are the workbench's.
 *
 * What a module has imported, as from `node:timers/promises`, is beyond its reach.
 *
 * @module
 */

import type { LogLevel } from "../../../../host.ts";
import { describeThrown } from "../../../../log.ts";
import { isStopped } from "../../../../rpc.ts";
import type { TestException } from "../../../base/test_exception.ts";
import { FORBIDDEN, type Forbidden } from "./forbidden.ts";
import { badLine, nodeCrashed } from "../node_host.ts";
import { type Effect, PROCESS_CALLS, type ProcessCall } from "./process_calls.ts";
import { nodeInTurn } from "../../../base/watchdog.ts";

/** Who guards. */
interface Watch extends GuardOptions {
  onTrouble(trouble: TestException): void;
}

/** How to guard. */
export interface GuardOptions {
  /**
   * The URL of a module that is being imported: only what that module itself calls is forbidden, but for what is waited for then, such as
   * reading a file; what it uses may call everything. Nobody may end the process then, or print on stdout.
   */
  caller?: string;
  /** Takes what a node writes on stderr by `console.error()` and the like; without it, it goes there. */
  onStderr?(node: string, level: LogLevel, text: string): void;
}

const watches = new Set<Watch>();
let restore = () => {};

/**
 * Begins to guard.
 *
 * @param onTrouble Is told of each call of what is forbidden (`nondeterminism`; the call itself throws), of a node that ends its process
 *   (`node-crashed`; this, too, throws) or prints on stdout (`bad-line`), of each error that nobody catches (`node-crashed`), and of each
 *   promise that was rejected although nobody looks (`unhandled-rejection`).
 * @returns Ends it, and puts everything back as it was when nobody else guards.
 */
export function guard(onTrouble: (trouble: TestException) => void, options: GuardOptions = {}): () => void {
  const watch: Watch = { onTrouble, ...options };
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
    ...PROCESS_CALLS.map((call) => replace(call, (real) => ({ value: actingAsProcess(call, real), writable: true }))),
    replace({ of: globalThis, name: "Date" }, () => ({ value: guardedDate(Date), writable: true })),
  ];
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    globalThis.removeEventListener("error", onError);
    for (const putBack of replaced) putBack();
  };
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Replaces what an object has; what `make` is given returns the real one. */
function replace<T = AnyFunction>(
  { of, name }: Pick<Forbidden, "of" | "name">,
  make: (real: () => T) => PropertyDescriptor,
): () => void {
  const own = Object.getOwnPropertyDescriptor(of, name);
  const inherited = own === undefined ? (of as Record<string, T>)[name]! : undefined;
  // Some of what belongs to Deno is loaded when somebody gets it.
  const real = () => inherited ?? own!.value ?? own!.get!.call(of);
  Object.defineProperty(of, name, { ...make(real), configurable: true, enumerable: false });
  return () => {
    if (own === undefined) delete (of as Record<string, unknown>)[name];
    else Object.defineProperty(of, name, own);
  };
}

/** Read, called, or called with `new`, as the real one is. */
function replacement(forbidden: Forbidden, real: () => AnyFunction): PropertyDescriptor {
  if (forbidden.isRead) {
    const get = () => {
      refuse(forbidden, get);
      return real();
    };
    return { get };
  }
  const value: AnyFunction = function guarded(...args) {
    refuse(forbidden, guarded);
    return new.target === undefined ? Reflect.apply(real(), forbidden.of, args) : Reflect.construct(real(), args);
  };
  return { value, writable: true };
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
  const frame = callerOf(below);
  const concerned = [...watches].filter(({ caller }) =>
    caller === undefined || (frame?.url === caller && !whileImported)
  );
  if (concerned.length === 0) return;
  const message = `Cannot call ${call}${placeOf(frame)} in a simulation, where a seed must repeat a run: ` +
    `expected ${instead}`;
  for (const { onTrouble } of concerned) onTrouble({ type: "nondeterminism", message, count: 1 });
  throw new Error(message);
}

/** What a node does to its process ends, or breaks, this node alone; a module that is being imported is broken by it as well. */
function actingAsProcess(processCall: ProcessCall, real: () => AnyFunction): AnyFunction {
  return function guarded(...args) {
    const effect = processCall.effect(...args);
    const node = nodeInTurn();
    const place = () => `${processCall.call}${placeOf(callerOf(guarded))}`;
    const importing = [...watches].some(({ caller }) => caller !== undefined);
    const trouble = effect && (importing ? moduleTrouble(effect, place) : nodeTrouble(effect, node, place));
    if (trouble !== undefined) {
      for (const { onTrouble } of watches) onTrouble(trouble);
      if ("stdout" in effect!) return undefined;
      // process.exit() has set it.
      Deno.exitCode = 0;
      throw new Error(trouble.message);
    }
    const listening = [...watches].filter(({ onStderr }) => onStderr !== undefined);
    if (effect === undefined || !("stderr" in effect) || node === undefined || listening.length === 0) {
      return Reflect.apply(real(), processCall.of, args);
    }
    for (const { onStderr } of listening) onStderr!(node, effect.level, effect.stderr);
    return undefined;
  };
}

/** As {@linkcode processWorld} would say it. */
function nodeTrouble(effect: Effect, node: string | undefined, place: () => string): TestException | undefined {
  if ("end" in effect) return nodeCrashed(node ?? "?", effect.end, `  ${place()}`);
  if (!("stdout" in effect) || node === undefined) return undefined;
  const problem = `${place()} prints on stdout, expected node.log.info() or console.error()`;
  return badLine(node, effect.stdout, problem);
}

function moduleTrouble(effect: Effect, place: () => string): TestException | undefined {
  if ("stderr" in effect) return undefined;
  const message = "end" in effect
    ? `${place()} would end the process, expected a module that only exports its program`
    : `${place()} prints on stdout, where a node's messages go, expected console.error()`;
  return { type: "end" in effect ? "node-crashed" : "bad-line", message, count: 1 };
}

/** Who has called a function; what stands between may be Deno's own. */
function callerOf(below: unknown): Frame | undefined {
  const error = new Error();
  Error.captureStackTrace(error, below as AnyFunction);
  return framesOf(error).find(({ url }) => !/^(ext|node):/.test(url));
}

function placeOf(frame: Frame | undefined): string {
  return frame === undefined ? "" : ` at ${formatFrame(frame)}`;
}

function onRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  if (isStopped(event.reason)) return;
  const message = `A node has not handled a rejection: ${describeThrown(event.reason)}`;
  for (const { onTrouble } of watches) onTrouble({ type: "unhandled-rejection", message, count: 1 });
}

/** Thrown where no promise is, as in `queueMicrotask()`: it would end a process. */
function onError(event: ErrorEvent): void {
  event.preventDefault();
  if (isStopped(event.error)) return;
  const thrown = event.error instanceof Error ? event.error.stack ?? String(event.error) : describeThrown(event.error);
  const trouble = nodeCrashed(nodeInTurn() ?? "?", "threw an error that nobody catches", `  ${thrown}`);
  for (const { onTrouble } of watches) onTrouble(trouble);
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
