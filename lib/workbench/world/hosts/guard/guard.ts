/**
 * Guard of a simulation: it refuses calls that would make a run depend on anything but its seed, and calls that would
 * end the workbench's process or print on its stdout.
 *
 * 1. `calls.ts` lists the functions to replace, and the effect of a call.
 * 2. `guarded.ts` marks the code of a node or of a module. All other code calls the real functions.
 * 3. The {@linkcode Mode} says which problem an effect is: one mode is for the nodes of a simulation, one for a module
 *    that is being imported.
 * 4. The problem is reported to the owner of the node or module. The call throws; a print is dropped.
 *
 * Functions that a module imports, such as those of `node:timers/promises`, cannot be replaced.
 *
 * @module
 */

import { isStopped } from "../../../../rpc.ts";
import { describeCrash, formatFrame, type Frame, framesOf } from "../../../base/stack_frames.ts";
import type { TestException } from "../../../base/test_exception.ts";
import { indented } from "../../../base/text.ts";
import { badLine, nodeCrashed } from "../node_host.ts";
import { type Effect, GUARDED_CALLS, type GuardedCall } from "./calls.ts";
import { forgetGuarded, type Guarded, guardedNow, lastGuarded } from "./guarded.ts";

/** Call that may be refused. */
interface Call extends Effect {
  /** The call and its place: `Date.now() at /home/me/node.ts:12:3`. */
  site: string;
  /** URL of the calling module. */
  caller: string | undefined;
  /** Code that the call belongs to. */
  guarded: Guarded;
}

/** Rules for code: the problem that a call is, by the kind of its effect; undefined if the call is allowed. */
type Mode = Record<Exclude<Effect["kind"], "stderr">, (call: Call) => TestException | undefined>;

const NODES: Mode = {
  nondeterminism,
  end: ({ guarded, text, site }) => nodeCrashed(nameOf(guarded), `${text} by ${site}`),
  stdout: ({ guarded, text, site }) =>
    badLine(nameOf(guarded), "printed a line that is not a message", text, {
      problem: `${site} prints on stdout`,
      advice: "stdout is for messages only: use node.log.info() or console.error()",
    }),
};

const MODULE: Mode = {
  nondeterminism: (call) =>
    call.caller === call.guarded.importing && !call.isAwaited ? nondeterminism(call) : undefined,
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

/**
 * Starts to guard this process.
 *
 * @returns Function that ends the guard; with the last one, all functions are restored.
 */
export function guard(): () => void {
  const ends = [replaceCalls(), handleErrors()];
  return () => ends.forEach((end) => end());
}

/**
 * Starts to guard this process during a wait of a unit test. The functions stay replaced when that ends, until the
 * process ends: it would take a millisecond to replace them again, and a test waits many times. Code that belongs to no
 * node calls the real functions.
 *
 * @returns Function that ends the guard.
 */
export function guardWait(): () => void {
  replaceCalls();
  return handleErrors();
}

/** Replaces the functions of the process, which all code shares. */
const replaceCalls = shared(() => {
  const restores = GUARDED_CALLS.map((call) => replace(call, (real) => guardedProperty(call, real)));
  restores.push(replace({ owner: globalThis, name: "Date" }, () => ({ value: guardedDate(Date), writable: true })));
  return () => restores.forEach((restore) => restore());
});

/** Handles the errors of guarded code that nothing else handles. */
const handleErrors = shared(() => {
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    globalThis.removeEventListener("error", onError);
    forgetGuarded();
  };
});

/** Makes one thing of many: the first user starts it, and the last one ends it. Each user gets a function to leave. */
function shared(start: () => () => void): () => () => void {
  let users = 0;
  let end = () => {};
  return () => {
    if (users++ === 0) end = start();
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      if (--users === 0) end();
    };
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
      intercept(call, effect, get);
      return real();
    };
    return { get };
  }
  const value: AnyFunction = function guarded(...args) {
    if (intercept(call, () => effect(...args), guarded)) return undefined;
    return new.target === undefined ? Reflect.apply(real(), owner, args) : Reflect.construct(real(), args);
  };
  return { value, writable: true };
}

/** Creates a `Date` that refuses to read the clock. */
function guardedDate(real: DateConstructor): DateConstructor {
  const now = (): Effect => ({ kind: "nondeterminism", text: "new Date(node.now())" });
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
 * Judges a call.
 *
 * @param below The replacement that was called; its caller is the calling code.
 * @returns True if the call is handled; false if the real function is to be called.
 * @throws {Error} The call is refused.
 */
function intercept(name: string, effectOf: () => Effect | undefined, below: unknown): boolean {
  const guarded = guardedNow();
  const effect = guarded && effectOf();
  if (effect === undefined || guarded === undefined) return false;
  const { kind } = effect;
  if (kind === "stderr") {
    guarded.onStderr?.(effect.level!, effect.text);
    return guarded.onStderr !== undefined;
  }
  const frame = callerOf(below);
  const site = frame === undefined ? name : `${name} at ${formatFrame(frame)}`;
  const mode = guarded.importing === undefined ? NODES : MODULE;
  const trouble = mode[kind]({ ...effect, site, caller: frame?.url, guarded });
  if (trouble === undefined) return false;
  guarded.onTrouble(trouble);
  if (kind === "stdout") return true;
  // process.exit() has set it.
  if (kind === "end") Deno.exitCode = 0;
  throw new Error(trouble.message);
}

/** Finds the code that called a function; Deno's own may stand between. */
function callerOf(below: unknown): Frame | undefined {
  const error = new Error();
  Error.captureStackTrace(error, below as AnyFunction);
  return framesOf(error).find(({ url }) => !/^(ext|node):/.test(url));
}

/**
 * Handles a rejection that nothing handles: it would end a process. Deno 2.5 does not tell whose it is: it is reported
 * to the code that ran last.
 */
function onRejection(event: PromiseRejectionEvent): void {
  const guarded = guardedNow();
  const owner = guarded?.node === undefined ? lastGuarded() : guarded;
  if (owner === undefined) return;
  event.preventDefault();
  // While a module is imported, the import itself tells what is wrong.
  if (owner.importing === undefined) reportUncaught(owner, guarded?.node, REJECTION, event.reason);
}

/** Handles an error outside of promises, as in `queueMicrotask()`: it would end a process. */
function onError(event: ErrorEvent): void {
  const guarded = guardedNow();
  if (guarded === undefined) return;
  event.preventDefault();
  reportUncaught(guarded, guarded.node, ERROR, event.error);
}

/** Ends of a node by an error that nothing handles, and what to do. */
const REJECTION = { how: "ended: nothing handled a rejection", advice: "Await the promise, or handle its rejection" };
const ERROR = { how: "ended: nothing caught an error", advice: "Catch it where it is thrown" };

function reportUncaught(
  { onTrouble }: Guarded,
  node: string | undefined,
  { how, advice }: typeof ERROR,
  thrown: unknown,
): void {
  if (isStopped(thrown)) return;
  onTrouble(nodeCrashed(node ?? "?", how, indented(describeCrash(thrown)), advice));
}

function nameOf({ node = "?" }: Guarded): string {
  return node;
}
