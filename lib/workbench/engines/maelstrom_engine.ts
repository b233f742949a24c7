/**
 * The engine that runs the real Maelstrom:
 *
 * 1. Finds its executable.
 * 2. Runs `maelstrom test` with the flags of the request.
 * 3. Finds the new folder in Maelstrom's store, and reads results and latencies from it.
 *
 * @module
 */

import { latencies } from "../checkers/latency.ts";
import { paceOf } from "../checkers/pace.ts";
import type { EngineHooks } from "./engine.ts";
import type { Machine } from "./machine.ts";
import { FailedError, UsageError } from "../base/errors.ts";
import { parseEDNHistory } from "../history/history.ts";
import { maelstromResults, type MaelstromRun } from "./maelstrom_results.ts";
import { formatCommand } from "../request/command_line.ts";
import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import { SERVICES } from "../world/services/mod.ts";

/** Path of the executable that `install` installs, below the project's folder. */
export const INSTALLED = ".maelstrom/maelstrom/maelstrom";

/**
 * Finds the real Maelstrom: the executable that `$MAELSTROM` names, or else the installed one.
 *
 * @returns Its path, or the reason why it cannot be used; undefined if there is none.
 */
export function findMaelstrom(
  { root, files, env, outputOf }: Pick<Machine, "root" | "files" | "env" | "outputOf">,
): { executable: string } | { problem: string } | undefined {
  const named = env("MAELSTROM");
  const { kind, path } = files.inspect(named || `${root}/${INSTALLED}`);
  if (kind !== "executable") {
    if (!named) return undefined;
    const problem = { missing: "there is no such file", folder: "it is a folder", file: "it is not executable" }[kind];
    return { problem: `$MAELSTROM is ${named}: ${problem}, expected Maelstrom's executable, called maelstrom` };
  }
  // Maelstrom's own launcher has a jar beside it and needs Java. Another executable may not.
  const jar = files.inspect(`${path.slice(0, path.lastIndexOf("/"))}/lib/maelstrom.jar`);
  if (jar.kind === "missing" || outputOf("java", ["-version"]) !== undefined) return { executable: path };
  return {
    problem: `${path} needs Java 11 or newer, and java cannot be run; ./maelstrom.sh install says how to get it`,
  };
}

/**
 * Returns the reason why Maelstrom refuses a test that the workbench would run, or undefined.
 *
 * Jepsen's generator for lin-kv assigns two workers per node to each key. The number of workers must be a multiple of
 * that.
 *
 * Source: Jepsen's `independent.clj`, `group-threads`.
 */
export function refusal({ workload, options: { nodes, concurrency } }: TestRequest): string | undefined {
  if (workload !== "lin-kv" || concurrency % (2 * nodes.length) === 0) return undefined;
  return `Maelstrom does not run lin-kv with ${concurrency} workers on ${nodes.length} nodes: ` +
    "it expects --concurrency 2n, 4n, 6n …";
}

/** Faults that Maelstrom has; a release may have only the first one. */
const FAULTS: readonly string[] = ["partition", "kill", "pause"];

/** Workloads that were only proposed for Maelstrom. */
const PROPOSED: readonly string[] = ["lock", "lin-kv-only"];

/** Returns what a test needs and Maelstrom does not have, or undefined. */
function lacking({ workload, options }: TestRequest): string | undefined {
  const { nemesis, roles = {}, services = [], repeatAdds = 0, failFast = false } = options;
  const fault = nemesis.find((name) => !FAULTS.includes(name));
  if (PROPOSED.includes(workload)) return `the workload ${workload}`;
  if (fault !== undefined) return `the fault ${fault}`;
  if (Object.keys(roles).length > 0) return "--role";
  if (services.length < Object.keys(SERVICES).length) return "--services";
  if (repeatAdds > 0) return "--repeat-adds";
  return failFast ? "--fail-fast" : undefined;
}

/**
 * Runs `maelstrom test`.
 *
 * Maelstrom writes to the folder `store` below its working directory. So it runs in the parent of the request's store,
 * or, if that is not called `store`, inside it.
 *
 * @param executable Path of Maelstrom's executable.
 * @throws {UsageError} Maelstrom refuses the arguments, or its working directory cannot be created.
 * @throws {FailedError} Maelstrom left no results.
 */
export async function runWithMaelstrom(executable: string, request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const problem = refusal(request);
  if (problem !== undefined) throw new UsageError(`Cannot run this: ${problem}; or use --engine workbench`);
  const missing = lacking(request);
  if (missing !== undefined) {
    throw new UsageError(`Cannot run this with Maelstrom: it does not have ${missing}; use --engine workbench`);
  }
  if (request.isModule) {
    throw new UsageError(
      `Cannot run --bin ${request.bin} under Maelstrom: it is a module, expected an executable program`,
    );
  }
  const folder = createWorkingFolder(request.store);
  const before = runFolders(folder, request.workload);
  const args = ["test", ...request.flags, "--bin", request.bin];
  if (request.args.length > 0) args.push("--", ...request.args);
  const code = await runCommand(executable, args, valuesOf(request.env), folder, hooks);
  const store = newestRun(folder, request.workload, before);
  if (store === undefined) {
    if (code === 254) {
      throw new UsageError("Cannot run this with Maelstrom: it refused the arguments, its output says why");
    }
    const hint = code === 127 ? "; is Java 11 or newer installed?" : ", its output says why";
    throw new FailedError(`Cannot judge the test: Maelstrom ended with exit status ${code} and left no results${hint}`);
  }
  return readRun(store, request);
}

/** Returns the variables that have a value. Maelstrom passes on its own environment, so it has the others. */
function valuesOf(variables: TestRequest["env"]): Record<string, string> {
  return Object.fromEntries(variables.flatMap(({ name, value }) => value === undefined ? [] : [[name, value]]));
}

/** Creates Maelstrom's working directory if need be, and returns its path. */
function createWorkingFolder(store: string): string {
  // The path without slashes at its end is `above` and then `name`.
  const [, above, name] = /^(.*?)([^/]*)\/*$/.exec(store)!;
  const folder = name === "store" ? above || "." : store;
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`Cannot use --store ${store}: ${(error as Error).message}`);
  }
  return folder;
}

/** Runs a command to its end and passes on what it prints; returns its exit status. */
async function runCommand(
  executable: string,
  args: string[],
  env: Record<string, string>,
  cwd: string,
  hooks: EngineHooks,
): Promise<number> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(executable, { args, env, cwd, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  } catch (error) {
    throw new UsageError(`Cannot run Maelstrom at ${executable}: ${(error as Error).message}`);
  }
  const interrupt = () => {
    try {
      child.kill("SIGINT");
    } catch {
      // It has ended already.
    }
  };
  hooks.signal.addEventListener("abort", interrupt);
  const [status] = await Promise.all([
    child.status,
    ...[child.stdout, child.stderr].map((stream) =>
      stream.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: hooks.output }))
    ),
  ]);
  hooks.signal.removeEventListener("abort", interrupt);
  return status.code;
}

/** Returns the folders of a workload's runs that have results, oldest first: Maelstrom names them by time. */
function runFolders(folder: string, workload: string): string[] {
  const runs = `${folder === "." ? "" : `${folder.replace(/\/*$/, "")}/`}store/${workload}`;
  try {
    return Array.from(Deno.readDirSync(runs)).filter((entry) => entry.isDirectory)
      .map(({ name }) => `${runs}/${name}`).filter(hasResults).sort();
  } catch {
    return [];
  }
}

function hasResults(run: string): boolean {
  try {
    return Deno.statSync(`${run}/results.edn`).isFile;
  } catch {
    return false;
  }
}

/** Returns the newest run that is not in `before`, or undefined. */
function newestRun(folder: string, workload: string, before: readonly string[]): string | undefined {
  return runFolders(folder, workload).findLast((run) => !before.includes(run));
}

function readRun(store: string, request: TestRequest): Results {
  const { challenge, workload, limits } = request;
  const fromHistory = readTimes(`${store}/history.edn`);
  try {
    const text = Deno.readTextFileSync(`${store}/results.edn`);
    const results = maelstromResults(text, { challenge: challenge?.id ?? null, workload, limits, store, fromHistory });
    return { ...results, command: formatCommand(request.command, null) };
  } catch (error) {
    throw new FailedError(`Cannot judge the test by ${store}/results.edn: ${(error as Error).message}`);
  }
}

/** Computes latencies and pace from Maelstrom's history: its results do not contain them. */
function readTimes(path: string): MaelstromRun["fromHistory"] {
  try {
    const history = parseEDNHistory(Deno.readTextFileSync(path));
    return { latency_ms: latencies(history), ...paceOf(history) };
  } catch {
    return undefined;
  }
}
