/**
 * Loads the program that a module exports, for simulation.
 *
 * The module exports its program as its default: a function of a node, or of a node and its arguments,
 * `(node: Node, args: readonly string[]) => void`. It may do other things, such as serving the program on stdin and
 * stdout, only `if (import.meta.main)`.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import type { Host } from "../../../../host.ts";
import { describeThrown } from "../../../../log.ts";
import type { AnyNode } from "../../../../node.ts";
import { startNode } from "../../../../start_node.ts";
import { FailedError, messageOf, UsageError } from "../../../base/errors.ts";
import { formatFrame, type Frame, framesOf } from "../../../base/stack_frames.ts";
import { beginModule, endTurn } from "../../../base/watchdog.ts";
import { RealClock } from "../../real_clock.ts";
import { guard } from "../guard/guard.ts";
import { guardedNow, runGuarded } from "../guard/guarded.ts";
import { loadInstances } from "./instances/mod.ts";

/** Module, and the arguments for its program. */
export interface ProgramModule {
  /** Absolute path. */
  path: string;
  args: readonly string[];
}

/** Timeout of an import, ms. */
const IMPORT_TIMEOUT = 10_000;

/**
 * Imports a module, and returns its program. Each start of it uses an instance of the module of its own.
 *
 * @param timeout Longest import, ms. The watchdog handles a module that computes without end.
 * @throws {FailedError} The module cannot be imported, or not in time. It exports no program. While it is imported it
 *   reads the clock, draws random numbers, prints or ends the process. Nodes would share state.
 * @throws {UsageError} Its program does not take these arguments.
 */
export async function loadProgram(
  { path, args }: ProgramModule,
  timeout: number = IMPORT_TIMEOUT,
): Promise<(node: AnyNode) => void> {
  const module = { path, url: new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).href };
  const exports = await importModule(module, timeout);
  if (typeof exports.default !== "function") {
    throw new FailedError(`Cannot simulate ${path}: ${exportProblem(exports)}`);
  }
  const create = await createInstances(module);
  const program: AnyProgram = (node, args) => create()(node, args);
  // JavaScript does not count a parameter with a default value.
  const takesArguments = (exports.default as AnyProgram).length > 1;
  if (takesArguments) await tryArguments(program, args, module);
  else if (args.length > 0) throw new UsageError(`Cannot use arguments after -- with ${path}: ${TAKES_NO_ARGUMENTS}`);
  return bindArguments(program, args, path);
}

/** Default export of a module. */
type AnyProgram = (node: AnyNode, args: readonly string[]) => unknown;

const TAKES_NO_ARGUMENTS = "its program takes none, expected a function of a node and its arguments, (node, args), " +
  "without a default value for args";

interface Module {
  path: string;
  url: string;
}

/** Returns a function that creates an instance of the module, and returns its program. */
async function createInstances(module: Module): Promise<() => AnyProgram> {
  try {
    const create = await runImport(module, () => loadInstances(module.url));
    return () => {
      const guarded = guardedNow();
      const { default: program } = guarded === undefined
        ? create()
        : runGuarded({ ...guarded, importing: module.url }, create);
      return program as AnyProgram;
    };
  } catch (error) {
    throw new FailedError(`Cannot simulate ${module.path}: ${firstLineOf(error)}`);
  }
}

async function importModule(module: Module, timeout: number): Promise<Record<string, unknown>> {
  const imported = new AbortController();
  const late = new RealClock().sleep(timeout, imported.signal).then(() => {
    throw new Error(`it did not finish in ${timeout / 1000} s; does it serve its program only if (import.meta.main)?`);
  });
  late.catch(() => {});
  try {
    return await runImport(module, () => Promise.race([import(module.url), late]));
  } catch (error) {
    throw new FailedError(`Cannot simulate ${module.path}: it cannot be imported: ${importProblem(error, module.url)}`);
  } finally {
    imported.abort();
  }
}

/**
 * Starts a program once on a node that nothing reaches, so that arguments which the program rejects are found before
 * the test begins.
 */
async function tryArguments(program: AnyProgram, args: readonly string[], module: Module): Promise<void> {
  const trial = (node: AnyNode) => program(node, args) as void;
  try {
    await runImport(module, () => Promise.resolve(startNode(trial, NOWHERE)));
  } catch (error) {
    throw new UsageError(`Cannot simulate ${module.path}: ${firstLineOf(error)}`);
  }
}

/** Host on which nothing happens: no time passes, and messages are dropped. */
const NOWHERE: Host = {
  send() {},
  now: () => 0,
  setTimer: () => undefined,
  clearTimer() {},
  getRandomValues: (array) => array,
  random: () => 0,
  log() {},
};

/**
 * Runs code of a module as a turn of its own. The first call that the guard refuses is thrown, even if the module has
 * caught it.
 */
async function runImport<T>({ path, url }: Module, work: () => Promise<T>): Promise<T> {
  let trouble: string | undefined;
  const release = guard();
  beginModule(path);
  try {
    const result = await runGuarded({ importing: url, onTrouble: ({ message }) => trouble ??= message }, work);
    if (trouble === undefined) return result;
    throw new Error(trouble);
  } catch (error) {
    throw trouble === undefined ? error : new Error(trouble);
  } finally {
    endTurn();
    release();
  }
}

/** Describes in one line what an import threw, and where in the module. */
function importProblem(error: unknown, url: string): string {
  if (!(error instanceof Error)) return describeThrown(error);
  const message = stripVTControlCharacters(error.message);
  const problem = message.split("\n")[0]!.replace(/\.$/, "");
  // The message of a syntax error names its place, which may be in an imported module.
  const isPlace = (frame: Frame) => frame.url === url || message.includes(`at ${frame.url}:${frame.position}`);
  const frame = framesOf(error).find(isPlace);
  return frame === undefined || problem.includes(frame.url) ? problem : `${problem} at ${formatFrame(frame)}`;
}

function firstLineOf(error: unknown): string {
  return messageOf(error).split("\n")[0]!;
}

function exportProblem(exports: Record<string, unknown>): string {
  const { default: program } = exports;
  if (program !== undefined) return `its default export is ${nameType(program)}, expected its program, ${PROGRAM}`;
  const names = Object.keys(exports);
  const found = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  const expected = `expected its program as its default export, ${PROGRAM}`;
  return `${found}, ${expected} and, if it takes arguments, of those: (node, args)`;
}

const PROGRAM = "which is a function of a node";

/** Names the type of a value with its article: `an array`. */
function nameType(value: unknown): string {
  if (value === null) return "null";
  const type = Array.isArray(value) ? "array" : typeof value;
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

/**
 * Binds a program to its arguments. The result throws if the program returns a function instead of setting up its node.
 */
function bindArguments(program: AnyProgram, args: readonly string[], path: string): (node: AnyNode) => void {
  return (node) => {
    const returned = program(node, args);
    if (typeof returned !== "function") return returned as void;
    throw new TypeError(
      `Cannot run the program of ${path}: it returned a function, expected a program, ${PROGRAM} ` +
        "and returns nothing",
    );
  };
}
