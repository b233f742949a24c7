/**
 * Programs for simulations: finds the module that a program is in, and imports it.
 *
 * A module that can be simulated exports its program as its default, or, if it takes arguments, a function
 * `createProgram(args: readonly string[])` which returns it. What it does besides, such as serving the program on stdin and stdout, it
 * does only `if (import.meta.main)`.
 *
 * @module
 */

import type { AnyNode } from "../../../../node.ts";
import { RealClock } from "../../clock.ts";
import { UsageError } from "../../../base/errors.ts";
import { formatFrame, framesOf } from "../../../base/stack_frames.ts";
import { guard } from "../guard/guard.ts";
import { beginModule, endTurn } from "../../../base/watchdog.ts";

/** A module, and the arguments of the program in it. */
export interface ProgramModule {
  /** An absolute path. */
  path: string;
  args: readonly string[];
}

/** How long a module may take to be imported, ms. */
const IMPORT_TIMEOUT = 10_000;

/**
 * Imports a program. The watchdog looks at how long that takes.
 *
 * @param timeout How long the import may wait, ms.
 * @throws {UsageError} The module cannot be imported, or not in time; it does not export a program; it draws on the real clock or on
 *   chance while it is imported, prints, or ends the process; or its program does not take these arguments.
 */
export async function loadProgram(
  { path, args }: ProgramModule,
  timeout: number = IMPORT_TIMEOUT,
): Promise<(node: AnyNode) => void> {
  const module = { path, url: new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).href };
  const exports = await importModule(module, timeout);
  const { default: program, createProgram } = exports;
  if (typeof createProgram === "function") {
    return checked(await makeProgram(createProgram as CreateProgram, args, module), path);
  }
  if (typeof program !== "function") throw new UsageError(`Cannot simulate ${path}: ${exportProblem(exports)}`);
  if (args.length > 0) {
    throw new UsageError(
      `Cannot use arguments after -- with ${path}: it exports its program as it is, expected createProgram(args)`,
    );
  }
  return checked(program as AnyProgram, path);
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
    return await watched(module, () => Promise.race([import(module.url), late]));
  } catch (error) {
    throw new UsageError(`Cannot simulate ${module.path}: it cannot be imported: ${reason(error, module.url)}`);
  } finally {
    imported.abort();
  }
}

async function makeProgram(
  createProgram: CreateProgram,
  args: readonly string[],
  module: Module,
): Promise<AnyProgram> {
  const make = () => Promise.resolve({ program: createProgram(args) });
  const { program } = await watched(module, make).catch((error) => {
    throw new UsageError(`Cannot simulate ${module.path}: ${messageOf(error)}`);
  });
  if (typeof program === "function") return program as AnyProgram;
  throw new UsageError(
    `Cannot simulate ${module.path}: createProgram(args) returned no function, expected the program`,
  );
}

/** Lets a module do its part, as no node's turn but its own; what the guard has found against it is thrown. */
async function watched<T>({ path, url }: Module, work: () => Promise<T>): Promise<T> {
  let trouble: string | undefined;
  const release = guard(({ type, message }) => {
    if (type !== "unhandled-rejection") trouble ??= message;
  }, { module: url });
  beginModule(path);
  try {
    const done = await work();
    if (trouble === undefined) return done;
    throw new Error(trouble);
  } catch (error) {
    throw trouble === undefined ? error : new Error(trouble);
  } finally {
    endTurn();
    release();
  }
}

/** What is wrong, in one line, and where in the module. */
function reason(error: unknown, url: string): string {
  if (!(error instanceof Error)) return `${String(error)} was thrown`;
  const frame = framesOf(error).find((frame) => frame.url === url);
  return `${messageOf(error)}${frame === undefined ? "" : ` at ${formatFrame(frame)}`}`;
}

function messageOf(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error));
  return message.split("\n")[0]!;
}

function exportProblem(exports: Record<string, unknown>): string {
  const { default: program, createProgram } = exports;
  if (createProgram !== undefined) return `its createProgram is ${nameKind(createProgram)}, expected ${MAKER}`;
  if (program !== undefined) return `its default export is ${nameKind(program)}, expected its program, ${PROGRAM}`;
  const names = Object.keys(exports);
  const has = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  return `${has}, expected its program as its default export, or ${MAKER}`;
}

const PROGRAM = "which is a function of a node";
const MAKER = "a function createProgram(args)";

/** What a value is that is no function: `an array`. */
function nameKind(value: unknown): string {
  if (value === null) return "null";
  const kind = Array.isArray(value) ? "array" : typeof value;
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** A program that complains where it was meant to be called for the program first. */
function checked(program: AnyProgram, path: string): (node: AnyNode) => void {
  return (node) => {
    if (typeof program(node) !== "function") return;
    throw new TypeError(
      `Cannot run the program of ${path}: it returned a function, expected a program, ${PROGRAM} ` +
        "and returns nothing",
    );
  };
}
