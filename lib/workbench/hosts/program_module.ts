/**
 * Programs for simulations: finds the module that a program is in, and imports it.
 *
 * A module that can be simulated exports its program as its default, or, if it takes arguments, a function
 * `createProgram(args: readonly string[])` which returns it. What it does besides, such as serving the program on stdin and stdout, it
 * does only `if (import.meta.main)`.
 *
 * @module
 */

import type { AnyNode } from "../../node.ts";
import { PROGRAMS } from "../challenges.ts";
import { RealClock } from "../clock.ts";
import { UsageError } from "../errors.ts";
import { formatFrame, framesOf, guard } from "./guard.ts";

/** A module, and the arguments of the program in it. */
export interface ProgramModule {
  /** An absolute path. */
  path: string;
  args: readonly string[];
}

/** How long a module may take to be imported, ms. */
const IMPORT_TIMEOUT = 10_000;

/**
 * The module of a program that could be run as a process: of our own solutions, what `challenges/bin/` would start; otherwise the file
 * itself.
 *
 * @param bin The program: an absolute path.
 * @param root The project's folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findModule } from "./program_module.ts";
 *
 * assertEquals(findModule("/project/challenges/bin/broadcast-efficient", ["--period", "500"], "/project"), {
 *   path: "/project/challenges/broadcast.ts",
 *   args: ["--profile", "efficient", "--period", "500"],
 * });
 * assertEquals(findModule("/home/me/node.ts", [], "/project"), { path: "/home/me/node.ts", args: [] });
 * ```
 */
export function findModule(bin: string, args: readonly string[], root: string): ProgramModule {
  const folder = `${root}/challenges/bin/`;
  const own = bin.startsWith(folder) ? PROGRAMS[bin.slice(folder.length)] : undefined;
  if (own === undefined) return { path: bin, args };
  const [file, ...first] = own;
  return { path: `${root}/challenges/${file}`, args: [...first, ...args] };
}

/**
 * Imports a program.
 *
 * @param timeout How long that may take, ms.
 * @throws {UsageError} The module cannot be imported, or not in time; it does not export a program; it draws on the real clock or
 *   on chance while it is imported; or its program does not take these arguments.
 */
export async function loadProgram(
  { path, args }: ProgramModule,
  timeout: number = IMPORT_TIMEOUT,
): Promise<(node: AnyNode) => void> {
  const exports = await importModule(path, timeout);
  const { default: program, createProgram } = exports;
  if (typeof createProgram === "function") return checked(made(createProgram as CreateProgram, args, path), path);
  if (typeof program !== "function") throw new UsageError(`Cannot simulate ${path}: ${exportProblem(exports)}`);
  if (args.length > 0) {
    throw new UsageError(
      `Cannot use arguments after -- with ${path}: it exports its program as it is, expected createProgram(args)`,
    );
  }
  return checked(program as (node: AnyNode) => unknown, path);
}

type CreateProgram = (args: readonly string[]) => unknown;

async function importModule(path: string, timeout: number): Promise<Record<string, unknown>> {
  const url = new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).href;
  let trouble: string | undefined;
  const release = guard(({ type, message }) => {
    if (type === "nondeterminism") trouble ??= message;
  }, url);
  const imported = new AbortController();
  const late = new RealClock().sleep(timeout, imported.signal).then(() => {
    throw new Error(`it did not finish in ${timeout / 1000} s; does it serve its program only if (import.meta.main)?`);
  });
  late.catch(() => {});
  try {
    const exports: Record<string, unknown> = await Promise.race([import(url), late]);
    if (trouble !== undefined) throw new Error(trouble);
    return exports;
  } catch (error) {
    throw new UsageError(`Cannot simulate ${path}: it cannot be imported: ${trouble ?? reason(error, url)}`);
  } finally {
    imported.abort();
    release();
  }
}

/** What is wrong, in one line, and where in the module. */
function reason(error: unknown, url: string): string {
  if (!(error instanceof Error)) return `${String(error)} was thrown`;
  const frame = framesOf(error).find((frame) => frame.url === url);
  return `${error.message.split("\n")[0]}${frame === undefined ? "" : ` at ${formatFrame(frame)}`}`;
}

function exportProblem(exports: Record<string, unknown>): string {
  const names = Object.keys(exports);
  const has = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  return `${has}, expected its program as its default export, or a function createProgram(args)`;
}

function made(createProgram: CreateProgram, args: readonly string[], path: string): (node: AnyNode) => unknown {
  let program: unknown;
  try {
    program = createProgram(args);
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    throw new UsageError(`Cannot simulate ${path}: ${message.split("\n")[0]}`);
  }
  if (typeof program === "function") return program as (node: AnyNode) => unknown;
  throw new UsageError(`Cannot simulate ${path}: createProgram(args) returned no function, expected the program`);
}

/** A program that complains where it was meant to be called for the program first. */
function checked(program: (node: AnyNode) => unknown, path: string): (node: AnyNode) => void {
  return (node) => {
    if (typeof program(node) !== "function") return;
    throw new TypeError(
      `Cannot run the program of ${path}: it returned a function, expected a program, which is a function of a node ` +
        "and returns nothing",
    );
  };
}
