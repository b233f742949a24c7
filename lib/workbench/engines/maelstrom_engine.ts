/**
 * The real Maelstrom as an engine: finds it, runs its `test`, and reads what it leaves in its store.
 *
 * @module
 */

import { latencies } from "../checkers/latency.ts";
import type { EngineHooks } from "./engine.ts";
import { FailedError, UsageError } from "../base/errors.ts";
import { parseEDNHistory } from "../history/history.ts";
import { maelstromResults } from "./maelstrom_results.ts";
import type { Files, TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";

/** Where `install` puts the executable, below the project's folder. */
export const INSTALLED = ".maelstrom/maelstrom/maelstrom";

/** What finding Maelstrom asks of the machine. */
export interface MaelstromMachine {
  /** The project's folder. */
  root: string;
  files: Files;
  env(name: string): string | undefined;
  /** What a command prints, or undefined where it cannot be run. */
  ask(command: string, args: string[]): string | undefined;
}

/**
 * Finds the real Maelstrom: the executable that `$MAELSTROM` names, or else the one that `install` has put there.
 *
 * @returns Its path, or why it cannot be used; undefined where there is none.
 */
export function findMaelstrom(machine: MaelstromMachine): { executable: string } | { problem: string } | undefined {
  const { root, files, env, ask } = machine;
  const named = env("MAELSTROM");
  const { kind, path } = files.inspect(named || `${root}/${INSTALLED}`);
  if (kind !== "executable") {
    if (!named) return undefined;
    const problem = { missing: "there is no such file", folder: "it is a folder", file: "it is not executable" }[kind];
    return { problem: `$MAELSTROM is ${named}: ${problem}, expected Maelstrom's executable, called maelstrom` };
  }
  // Its launcher stands beside its jar; something else called maelstrom may do without Java.
  const jar = files.inspect(`${path.slice(0, path.lastIndexOf("/"))}/lib/maelstrom.jar`);
  if (jar.kind === "missing" || ask("java", ["-version"]) !== undefined) return { executable: path };
  return {
    problem: `${path} needs Java 11 or newer, and java cannot be run; ./maelstrom.sh install says how to get it`,
  };
}

/**
 * Why Maelstrom would refuse a test that the workbench runs; undefined where it would not.
 *
 * Jepsen's generator for lin-kv gives each key two workers for each node, and wants none left over.
 *
 * Source: Jepsen's `independent.clj`, `group-threads`.
 */
export function refusal({ workload, options: { nodes, concurrency } }: TestRequest): string | undefined {
  if (workload !== "lin-kv" || concurrency % (2 * nodes.length) === 0) return undefined;
  return `Maelstrom does not run lin-kv with ${concurrency} workers on ${nodes.length} nodes: it expects --concurrency 2n, 4n, 6n …`;
}

/**
 * Runs Maelstrom's `test`.
 *
 * Maelstrom writes to a folder called `store` where it is started, so it is started above the request's store, or inside it where that has
 * another name.
 *
 * @param executable Maelstrom's executable.
 * @throws {UsageError} It refuses the arguments, or its folder cannot be made.
 * @throws {FailedError} It left no results.
 */
export async function runWithMaelstrom(executable: string, request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const problem = refusal(request);
  if (problem !== undefined) throw new UsageError(`Cannot run this: ${problem}; or use --engine workbench`);
  const folder = workingFolder(request.store);
  const before = runFolders(folder, request.workload);
  const args = ["test", ...request.flags, "--bin", request.bin];
  if (request.args.length > 0) args.push("--", ...request.args);
  const code = await run(executable, args, folder, hooks);
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

function workingFolder(store: string): string {
  const [, above, name] = /^(.*?)([^/]*)\/*$/.exec(store)!;
  const folder = name === "store" ? above || "." : store;
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`Cannot use --store ${store}: ${(error as Error).message}`);
  }
  return folder;
}

/** Runs a command to its end, and passes on what it prints. */
async function run(executable: string, args: string[], cwd: string, hooks: EngineHooks): Promise<number> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(executable, { args, cwd, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  } catch (error) {
    throw new UsageError(`Cannot run Maelstrom at ${executable}: ${(error as Error).message}`);
  }
  const interrupt = () => {
    try {
      child.kill("SIGINT");
    } catch {
      // It has ended by itself.
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

/** The folders of a workload's runs which have results. */
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

/** The run that was not there before; folders are named by their time, so the last one is the newest. */
function newestRun(folder: string, workload: string, before: readonly string[]): string | undefined {
  return runFolders(folder, workload).findLast((run) => !before.includes(run));
}

function readRun(store: string, request: TestRequest): Results {
  const { challenge, workload, limits } = request;
  let results: Results;
  try {
    const text = Deno.readTextFileSync(`${store}/results.edn`);
    results = maelstromResults(text, { challenge: challenge?.id ?? null, workload, limits, store });
  } catch (error) {
    throw new FailedError(`Cannot judge the test by ${store}/results.edn: ${(error as Error).message}`);
  }
  return { ...results, latency_ms: readLatencies(`${store}/history.edn`) };
}

/** Maelstrom only draws latencies, but its history tells them. */
function readLatencies(path: string): Results["latency_ms"] {
  try {
    return latencies(parseEDNHistory(Deno.readTextFileSync(path)));
  } catch {
    return null;
  }
}
