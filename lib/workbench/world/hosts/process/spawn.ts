/**
 * Start of a process, and the reasons why it fails.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { FailedError, isExhaustion, reasonOf, UsageError } from "../../../base/errors.ts";
import { nodeEnvironment } from "./environment.ts";

/** Program to start. */
export interface Program {
  /** Absolute path. */
  bin: string;
  args: readonly string[];
  /** Whole environment. `@default nodeEnvironment()` */
  env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program in the system's temporary folder.
 *
 * @throws {UsageError} The program cannot be started.
 * @throws {FailedError} The system has no room for another process.
 */
export function spawn({ bin, args, env = nodeEnvironment() }: Program): Deno.ChildProcess {
  const cwd = tmpdir();
  try {
    return new Deno.Command(bin, {
      args: [...args],
      cwd,
      clearEnv: true,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    throw spawnError(bin, cwd, error as Error);
  }
}

/**
 * Creates the error that says why a program cannot be started.
 *
 * @param cwd The folder to run it in.
 * @param error What the system says.
 */
export function spawnError(bin: string, cwd: string, error: Error): UsageError | FailedError {
  if (isExhaustion(error)) {
    const reason = reasonOf(error).replace(/^Failed to spawn .*?': /, "");
    return new FailedError(
      `Cannot run ${bin}: the system has no room for another process (${reason}); use fewer nodes, or raise the ` +
        "limits that ulimit -n and ulimit -u show",
    );
  }
  const problem = folderProblem(cwd);
  if (problem === undefined) return new UsageError(`Cannot run ${bin}: ${problemOf(bin, error)}`);
  return new UsageError(
    `Cannot run nodes in ${cwd}, the folder for temporary files: ${problem}; set TMPDIR to a folder`,
  );
}

/** Describes why a folder cannot be the working directory; undefined if it can. */
function folderProblem(folder: string): string | undefined {
  try {
    if (!Deno.statSync(folder).isDirectory) return "it is not a folder";
    // This fails in the same way as entering the folder.
    lookUp(`${folder}/${crypto.randomUUID()}`);
    return undefined;
  } catch (error) {
    return reasonOf(error as Error);
  }
}

/** Looks up a name; it need not exist. */
function lookUp(path: string): void {
  try {
    Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Describes why a program cannot be started. For a script, the program in its first line may be the reason. */
function problemOf(bin: string, error: Error): string {
  const isMissing = error instanceof Deno.errors.NotFound;
  if (isMissing || error instanceof Deno.errors.PermissionDenied) {
    const file = inspect(bin);
    if (file === undefined) return isMissing ? "there is no such file" : "it may not be read";
    if (!file.isExecutable) return "it is not executable, expected a program (try chmod +x)";
    const what = isMissing ? "does not exist here" : "cannot be executed";
    if (file.interpreter === undefined) return `it ${what}, expected a program that is built for this system`;
    const hint = file.interpreter.endsWith("\r") ? "; the lines of the script end with a carriage return" : "";
    return `its first line (#!) names ${JSON.stringify(file.interpreter)}, which ${what}${hint}`;
  }
  if (error.message.includes("os error 8")) {
    return "the system does not know how to, expected a program or a script whose first line names one " +
      "(#!/usr/bin/env python3)";
  }
  return error.message;
}

interface FileInfo {
  isExecutable: boolean;
  /** Program that the first line names after `#!`. */
  interpreter: string | undefined;
}

/** Reads the beginning of a file; undefined if it cannot be read. */
function inspect(path: string): FileInfo | undefined {
  try {
    const { mode } = Deno.statSync(path);
    using file = Deno.openSync(path);
    const start = new Uint8Array(256);
    const text = new TextDecoder().decode(start.subarray(0, file.readSync(start) ?? 0));
    return { isExecutable: mode === null || (mode & 0o111) !== 0, interpreter: /^#![ \t]*([^ \t\n]+)/.exec(text)?.[1] };
  } catch {
    return undefined;
  }
}
