/**
 * Start of a process, and the reasons why it fails.
 *
 * @module
 */

import { getPriority, setPriority, tmpdir } from "node:os";
import { FailedError, isExhaustion, reasonOf, UsageError } from "../../../base/errors.ts";
import { nodeEnvironment } from "./environment.ts";

/** Program to start. */
export interface ProgramCommand {
  /** Absolute path. */
  bin: string;
  args: readonly string[];
  /** Whole environment. `@default nodeEnvironment()` */
  env?: Readonly<Record<string, string>>;
  /** True to leave it in the process group of its parent, and to give it the parent's stderr. `@default false` */
  isPart?: boolean;
}

/**
 * Returns the command that runs a program: Deno for a module. It finds the deno.json of the module's own folder, and
 * grants no permissions.
 */
export function commandOf(
  { bin, args, isModule }: { bin: string; args: readonly string[]; isModule: boolean },
): Pick<ProgramCommand, "bin" | "args"> {
  return isModule ? { bin: Deno.execPath(), args: ["run", "--quiet", "--no-prompt", bin, ...args] } : { bin, args };
}

/**
 * Niceness of a node, added to that of the workbench, which goes first where processors are short: its delays look like
 * those of all nodes, and make messages late. With equal priorities, a node that is woken on the processor of the
 * workbench takes it at once.
 */
const NICENESS = 5;
/** Highest niceness of all. */
const LEAST_PRIORITY = 19;

/**
 * Starts a program in the system's temporary folder, with a lower priority than that of this process.
 *
 * @throws {FailedError} The program cannot be started, or the system has no room for another process.
 * @throws {UsageError} The folder for temporary files is missing.
 */
export function spawn({ bin, args, env = nodeEnvironment(), isPart = false }: ProgramCommand): Deno.ChildProcess {
  const cwd = tmpdir();
  checkScript({ bin, env });
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(bin, {
      args: [...args],
      cwd,
      clearEnv: true,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: isPart ? "inherit" : "piped",
      detached: !isPart,
    }).spawn();
  } catch (error) {
    throw spawnError(bin, cwd, error as Error);
  }
  lowerPriority(child.pid);
  return child;
}

/** Lowers the priority of a process, where that is permitted. Threads that it starts from now on inherit it. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, Math.min(getPriority() + NICENESS, LEAST_PRIORITY));
  } catch {
    // It has ended already, or there is no permission: the workbench is then not preferred.
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
  if (problem === undefined) return new FailedError(`Cannot run ${bin}: ${problemOf(bin, error)}`);
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
    const { interpreter } = file;
    if (interpreter === undefined) return `it ${what}, expected a program that is built for this system`;
    return `its first line (#!) names ${JSON.stringify(interpreter)}, which ${what}`;
  }
  if (error.message.includes("os error 8")) {
    return "the system does not know how to, expected a program or a script whose first line names one " +
      "(#!/usr/bin/env python3)";
  }
  return error.message;
}

/**
 * Describes why a script cannot run, by its first line: something precedes `#!`, or it names a program that is not
 * there. The system would give such a script to the shell, or `env` would not find the program; what they say is no
 * help.
 *
 * @param path `PATH` of the script.
 * @returns Undefined if the first line is no reason. A file that cannot be read has none.
 */
export function scriptProblem(bin: string, path: string = ""): string | undefined {
  const file = inspect(bin);
  if (file === undefined) return undefined;
  if (/^\ufeff#!/.test(file.start)) {
    return "it begins with a byte order mark (BOM), so that the system does not see its first line (#!); save it as " +
      "UTF-8 without BOM";
  }
  const [line] = /^#![^\n]*/.exec(file.start) ?? [];
  if (line?.endsWith("\r")) {
    return "its lines end with a carriage return (CRLF, as on Windows), which the system takes for a part of the " +
      `name in its first line (#!); save it with LF, or try sed -i 's/\\r$//' ${bin}`;
  }
  const [, wanted] = /^#!\s*\S*\/env\s+(?:-S\s*)?([^-\s=][^\s=]*)(?:\s|$)/.exec(line ?? "") ?? [];
  if (wanted === undefined || wanted.includes("/") || path.split(":").some((folder) => exists(`${folder}/${wanted}`))) {
    return undefined;
  }
  return `its first line (#!) asks for ${wanted}, which is not on the PATH`;
}

/** Advice on a script that has ended and does not name what runs it; undefined for another program. */
export function interpreterAdvice(bin: string): string | undefined {
  const start = inspect(bin)?.start;
  if (start === undefined || start.startsWith("#!") || start.includes("\0")) return undefined;
  return "Its file does not begin with #!, so that sh has run it: name what is to run it in its first line, such as " +
    "#!/usr/bin/env python3";
}

/**
 * Checks a script before it is run.
 *
 * @throws {FailedError} It cannot run: see {@linkcode scriptProblem}.
 */
export function checkScript({ bin, env = nodeEnvironment() }: Pick<ProgramCommand, "bin" | "env">): void {
  const problem = scriptProblem(bin, env.PATH);
  if (problem !== undefined) throw new FailedError(`Cannot run ${bin}: ${problem}`);
}

interface FileInfo {
  isExecutable: boolean;
  /** Its first 256 bytes, as text. */
  start: string;
  /** Program that the first line names after `#!`. */
  interpreter: string | undefined;
}

/** Reads the beginning of a file; undefined if it cannot be read. */
function inspect(path: string): FileInfo | undefined {
  try {
    const { mode } = Deno.statSync(path);
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(256);
    const read = bytes.subarray(0, file.readSync(bytes) ?? 0);
    const start = new TextDecoder("utf-8", { ignoreBOM: true }).decode(read);
    const interpreter = /^#![ \t]*([^ \t\r\n]+)/.exec(start)?.[1];
    return { isExecutable: mode === null || (mode & 0o111) !== 0, start, interpreter };
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
