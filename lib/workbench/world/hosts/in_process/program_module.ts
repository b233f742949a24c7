/**
 * Loads the program that a module exports, for simulation.
 *
 * The module exports a program as its default; or, if it takes arguments, `createProgram(args: readonly string[])`,
 * which returns the program. It may do other things, such as serving the program on stdin and stdout, only `if
 * (import.meta.main)`.
 *
 * @module
 */

import type { AnyNode } from "../../../../node.ts";
import { messageOf, UsageError } from "../../../base/errors.ts";
import { formatFrame, framesOf } from "../../../base/stack_frames.ts";
import { beginModule, endTurn } from "../../../base/watchdog.ts";
import { RealClock } from "../../clock.ts";
import { guard } from "../guard/guard.ts";

/** Module, and the arguments for its program. */
export interface ProgramModule {
  /** Absolute path. */
  path: string;
  args: readonly string[];
}

/** Timeout of an import, ms. */
const IMPORT_TIMEOUT = 10_000;

/**
 * Imports a module, and returns its program.
 *
 * @param timeout Longest import, ms. A module that computes without end is the watchdog's business.
 * @throws {UsageError} The module cannot be imported, or not in time. It exports no program. While it is imported it
 *   reads the clock, draws random numbers, prints or ends the process. Its program does not take these arguments.
 */
export async function loadProgram(
  { path, args }: ProgramModule,
  timeout: number = IMPORT_TIMEOUT,
): Promise<(node: AnyNode) => void> {
  const module = { path, url: new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).href };
  const exports = await importModule(module, timeout);
  const { default: program, createProgram } = exports;
  if (typeof createProgram === "function") {
    return checkResult(await callCreateProgram(createProgram as CreateProgram, args, module), path);
  }
  if (typeof program !== "function") throw new UsageError(`Cannot simulate ${path}: ${exportProblem(exports)}`);
  if (args.length > 0) {
    throw new UsageError(
      `Cannot use arguments after -- with ${path}: it exports its program as it is, expected createProgram(args)`,
    );
  }
  return checkResult(program as AnyProgram, path);
}

type CreateProgram = (args: readonly string[]) => unknown;
type AnyProgram = (node: AnyNode) => unknown;

interface Module {
  path: string;
  url: string;
}

async function importModule(module: Module, timeout: number): Promise<Record<string, unknown>> {
  const imported = new AbortController();
  const late = new RealClock().sleep(timeout, imported.signal).then(() => {
    throw new Error(`it did not finish in ${timeout / 1000} s; does it serve its program only if (import.meta.main)?`);
  });
  late.catch(() => {});
  try {
    return await runGuarded(module, () => Promise.race([import(module.url), late]));
  } catch (error) {
    throw new UsageError(`Cannot simulate ${module.path}: it cannot be imported: ${importProblem(error, module.url)}`);
  } finally {
    imported.abort();
  }
}

async function callCreateProgram(
  createProgram: CreateProgram,
  args: readonly string[],
  module: Module,
): Promise<AnyProgram> {
  const call = () => Promise.resolve({ program: createProgram(args) });
  const { program } = await runGuarded(module, call).catch((error) => {
    throw new UsageError(`Cannot simulate ${module.path}: ${firstLineOf(error)}`);
  });
  if (typeof program === "function") return program as AnyProgram;
  throw new UsageError(
    `Cannot simulate ${module.path}: createProgram(args) returned no function, expected the program`,
  );
}

/**
 * Runs code of a module as a turn of its own. The first call that the guard refuses is thrown, even if the module has
 * caught it.
 */
async function runGuarded<T>({ path, url }: Module, work: () => Promise<T>): Promise<T> {
  let trouble: string | undefined;
  const release = guard(({ type, message }) => {
    if (type !== "unhandled-rejection") trouble ??= message;
  }, { module: url });
  beginModule(path);
  try {
    const result = await work();
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
  if (!(error instanceof Error)) return `${String(error)} was thrown`;
  const frame = framesOf(error).find((frame) => frame.url === url);
  return `${firstLineOf(error)}${frame === undefined ? "" : ` at ${formatFrame(frame)}`}`;
}

function firstLineOf(error: unknown): string {
  return messageOf(error).split("\n")[0]!;
}

function exportProblem(exports: Record<string, unknown>): string {
  const { default: program, createProgram } = exports;
  if (createProgram !== undefined) return `its createProgram is ${nameType(createProgram)}, expected ${CREATOR}`;
  if (program !== undefined) return `its default export is ${nameType(program)}, expected its program, ${PROGRAM}`;
  const names = Object.keys(exports);
  const found = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  return `${found}, expected its program as its default export, or ${CREATOR}`;
}

const PROGRAM = "which is a function of a node";
const CREATOR = "a function createProgram(args)";

/** Names the type of a value with its article: `an array`. */
function nameType(value: unknown): string {
  if (value === null) return "null";
  const type = Array.isArray(value) ? "array" : typeof value;
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

/** Wraps a program: it throws if the program returns a function, as `createProgram` does. */
function checkResult(program: AnyProgram, path: string): (node: AnyNode) => void {
  return (node) => {
    if (typeof program(node) !== "function") return;
    throw new TypeError(
      `Cannot run the program of ${path}: it returned a function, expected a program, ${PROGRAM} ` +
        "and returns nothing",
    );
  };
}
