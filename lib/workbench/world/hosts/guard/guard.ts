/**
 * Guard of a simulation: it refuses calls that would make a run depend on anything but its seed, and calls that would
 * end the workbench's process or print on its stdout.
 *
 * 1. `calls.ts` lists the functions to replace, and the effect of a call.
 * 2. The guard's {@linkcode Mode} says which problem an effect is: one mode is for the nodes of a simulation, one for a
 *    module that is being imported.
 * 3. The guard reports the problem to its owner. The call throws; a print is dropped.
 *
 * Functions that a module imports, such as those of `node:timers/promises`, cannot be replaced.
 *
 * @module
 */

import type { LogLevel } from "../../../../host.ts";
import { describeThrown } from "../../../../log.ts";
import { isStopped } from "../../../../rpc.ts";
import { formatFrame, type Frame, framesOf } from "../../../base/stack_frames.ts";
import type { TestException } from "../../../base/test_exception.ts";
import { nodeInTurn } from "../../../base/watchdog.ts";
import { badLine, nodeCrashed } from "../node_host.ts";
import { type Effect, GUARDED_CALLS, type GuardedCall } from "./calls.ts";

/** Options for {@linkcode guard}. */
export interface GuardOptions {
  /**
   * URL of a module that is being imported. Only its own calls are refused, not those of the modules that it imports;
   * and it may make calls that the import waits for, such as reading a file. By default the guard is for the nodes of a
   * simulation.
   */
  module?: string;
  /** Receives what a node writes on stderr by `console.error()` and the like; by default it goes to stderr. */
  onStderr?(node: string, level: LogLevel, text: string): void;
}

/** Active guard. */
interface Guard extends GuardOptions {
  mode: Mode;
  onTrouble(trouble: TestException): void;
}

/** Call that may be refused. */
interface Call extends Effect {
  /** The call and its place: `Date.now() at /home/me/node.ts:12:3`. */
  site: string;
  /** URL of the calling module. */
  caller: string | undefined;
  /** Node whose turn it is. */
  node: string | undefined;
}

/** Rules of a guard: the problem that a call is, by the kind of its effect; undefined if the call is allowed. */
type Mode = Record<Exclude<Effect["kind"], "stderr">, (call: Call, module?: string) => TestException | undefined>;

const NODES: Mode = {
  nondeterminism,
  end: ({ node, text, site }) => nodeCrashed(node ?? "?", text, `  ${site}`),
  stdout: ({ node, text, site }) =>
    node === undefined
      ? undefined
      : badLine(node, text, `${site} prints on stdout, expected node.log.info() or console.error()`),
};

const MODULE: Mode = {
  nondeterminism: (call, module) => call.caller === module && !call.isAwaited ? nondeterminism(call) : undefined,
  end: ({ site }) => ({
    type: "node-crashed",
    message: `${site} would end the process, expected a module that only exports its program`,
    count: 1,
  }),
  stdout: ({ site }) => ({
    type: "bad-line",
    message: `${site} prints on stdout, where a node's messages go, expected console.error()`,
    count: 1,
  }),
};

function nondeterminism({ site, text }: Call): TestException {
  const message = `Cannot call ${site} in a simulation, where a seed must repeat a run: expected ${text}`;
  return { type: "nondeterminism", message, count: 1 };
}

/** The active guards. The functions of the process are replaced as long as there is one. */
const guards = new Set<Guard>();
let restoreCalls = () => {};

/**
 * Starts to guard this process.
 *
 * @param onTrouble Called for each refused call (`nondeterminism`, `node-crashed` or `bad-line`), for each uncaught
 *   error (`node-crashed`) and for each unhandled rejection (`unhandled-rejection`).
 * @returns Function that ends the guard; with the last one, all functions are restored.
 */
export function guard(onTrouble: (trouble: TestException) => void, options: GuardOptions = {}): () => void {
  const added: Guard = { ...options, mode: options.module === undefined ? NODES : MODULE, onTrouble };
  if (guards.size === 0) restoreCalls = replaceCalls();
  guards.add(added);
  return () => {
    if (guards.delete(added) && guards.size === 0) restoreCalls();
  };
}

function replaceCalls(): () => void {
  const restores = GUARDED_CALLS.map((call) => replace(call, (real) => guardedProperty(call, real)));
  restores.push(replace({ owner: globalThis, name: "Date" }, () => ({ value: guardedDate(Date), writable: true })));
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    globalThis.removeEventListener("error", onError);
    for (const restore of restores) restore();
  };
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Replaces a property; `create` is given a function that returns the real value. */
function replace<T = AnyFunction>(
  { owner, name }: Pick<GuardedCall, "owner" | "name">,
  create: (real: () => T) => PropertyDescriptor,
): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const inherited = own === undefined ? (owner as Record<string, T>)[name]! : undefined;
  // Deno loads some of its functions only when they are read.
  const real = () => inherited ?? own!.value ?? own!.get!.call(owner);
  Object.defineProperty(owner, name, { ...create(real), configurable: true, enumerable: false });
  return () => {
    if (own === undefined) delete (owner as Record<string, unknown>)[name];
    else Object.defineProperty(owner, name, own);
  };
}

function guardedProperty({ owner, call, effect }: GuardedCall, real: () => AnyFunction): PropertyDescriptor {
  if (!call.endsWith(")")) {
    const get = () => {
      intercept(call, effect(), get);
      return real();
    };
    return { get };
  }
  const value: AnyFunction = function guarded(...args) {
    if (intercept(call, effect(...args), guarded)) return undefined;
    return new.target === undefined ? Reflect.apply(real(), owner, args) : Reflect.construct(real(), args);
  };
  return { value, writable: true };
}

/** Creates a `Date` that refuses to read the clock. */
function guardedDate(real: DateConstructor): DateConstructor {
  const now: Effect = { kind: "nondeterminism", text: "new Date(node.now())" };
  const construct: ProxyHandler<DateConstructor>["construct"] = (target, args, newTarget) => {
    if (args.length === 0) intercept("new Date()", now, construct);
    return Reflect.construct(target, args, newTarget);
  };
  const apply: ProxyHandler<DateConstructor>["apply"] = (target, thisValue, args) => {
    intercept("Date()", now, apply);
    return Reflect.apply(target, thisValue, args);
  };
  return new Proxy(real, { construct, apply });
}

/**
 * Asks the guards about a call.
 *
 * @param below The replacement that was called; its caller is the calling code.
 * @returns True if the call is handled; false if the real function is to be called.
 * @throws {Error} A guard refuses the call.
 */
function intercept(name: string, effect: Effect | undefined, below: unknown): boolean {
  if (effect === undefined) return false;
  const { kind } = effect;
  if (kind === "stderr") return logStderr(effect);
  const frame = callerOf(below);
  const site = frame === undefined ? name : `${name} at ${formatFrame(frame)}`;
  const call: Call = { ...effect, site, caller: frame?.url, node: nodeInTurn() };
  let problem: string | undefined;
  for (const { mode, module, onTrouble } of guards) {
    const trouble = mode[kind](call, module);
    if (trouble === undefined) continue;
    problem = trouble.message;
    onTrouble(trouble);
  }
  if (problem === undefined) return false;
  if (kind === "stdout") return true;
  // process.exit() has set it.
  if (kind === "end") Deno.exitCode = 0;
  throw new Error(problem);
}

/** Hands a node's text to the guards; returns false if it is not from a node, or no guard wants it. */
function logStderr({ text, level }: Effect): boolean {
  const node = nodeInTurn();
  const listening = [...guards].filter(({ onStderr }) => onStderr !== undefined);
  if (node === undefined || listening.length === 0) return false;
  for (const { onStderr } of listening) onStderr!(node, level!, text);
  return true;
}

/** Finds the code that called a function; Deno's own may stand between. */
function callerOf(below: unknown): Frame | undefined {
  const error = new Error();
  Error.captureStackTrace(error, below as AnyFunction);
  return framesOf(error).find(({ url }) => !/^(ext|node):/.test(url));
}

function onRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  if (isStopped(event.reason)) return;
  const message = `A node has not handled a rejection: ${describeThrown(event.reason)}`;
  for (const { onTrouble } of guards) onTrouble({ type: "unhandled-rejection", message, count: 1 });
}

/** Handles errors outside of promises, as in `queueMicrotask()`: they would end a process. */
function onError(event: ErrorEvent): void {
  event.preventDefault();
  if (isStopped(event.error)) return;
  const thrown = describeThrown(event.error);
  const trouble = nodeCrashed(nodeInTurn() ?? "?", "threw an uncaught error", `  ${thrown}`);
  for (const { onTrouble } of guards) onTrouble(trouble);
}
