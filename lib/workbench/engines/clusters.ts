/**
 * The cluster of a project, on this machine: how it is started, and what is left of it is removed.
 *
 * @module
 */

import { FailedError, reasonOf } from "../base/errors.ts";
import { type ClusterControl, createControl } from "../world/cluster/control.ts";
import { CLUSTER_FOLDER, type ClusterPlan, type ClusterState, readState } from "../world/cluster/state.ts";

/** Clusters on a machine, as commands see them. */
export interface Clusters {
  /** Reads the state of the project's cluster; undefined if there is none. It may be left of one that has ended. */
  state(): ClusterState | undefined;
  /** Creates a client of the supervisor of a cluster. */
  control(state: ClusterState): ClusterControl;
  /**
   * Starts a cluster, and waits until it is ready.
   *
   * @param tell Receives lines of progress.
   * @param signal Ends it again.
   * @throws {FailedError} It cannot be started; nothing of it runs any more.
   */
  start(plan: ClusterPlan, tell: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Removes data, logs and state of a cluster that has ended. */
  remove(): void;
}

/**
 * Creates the access to the cluster of a project.
 *
 * @param root The project's folder.
 */
export function createClusters(root: string): Clusters {
  const folder = `${root}/${CLUSTER_FOLDER}`;
  return {
    state: () => readState(folder),
    control: createControl,
    start: (plan, tell, signal) => startSupervisor(plan, tell, signal),
    remove: () => removeFolder(folder),
  };
}

/** Starts the supervisor, which outlives this process, and shows its progress until it is ready. */
async function startSupervisor(plan: ClusterPlan, tell: (line: string) => void, signal: AbortSignal): Promise<void> {
  const folder = createFolder(plan.folder);
  const child = spawnSupervisor(plan, `${folder}/supervisor.log`);
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end);
  let last = "";
  for await (const line of linesOf(child.stdout)) {
    last = JSON.parse(line);
    if (last === "ready") break;
    if (!last.startsWith("failed ")) tell(last);
  }
  signal.removeEventListener("abort", end);
  if (last === "ready") return child.unref();
  await child.status;
  if (last.startsWith("failed ")) throw new FailedError(`Cannot start the cluster: ${last.slice("failed ".length)}`);
  throw new FailedError(`Cannot start the cluster: its supervisor ended; ${folder}/supervisor.log says why`);
}

function spawnSupervisor(plan: ClusterPlan, log: string): Deno.ChildProcess {
  const module = new URL("../world/cluster/supervisor.ts", import.meta.url).href;
  const permissions = ["net", "run", "read", "write", "env"].map((name) => `--allow-${name}`);
  const flags = ["run", "--quiet", "--no-prompt", "--config", `${plan.root}/deno.json`, ...permissions];
  return new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$@" 2>>"$LOG"', "sh", Deno.execPath(), ...flags, module],
    // A process list shows arguments, and an address in the plan may have a password.
    env: { PLAN: JSON.stringify(plan), LOG: log },
    cwd: plan.root,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    detached: true,
  }).spawn();
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

function createFolder(path: string): string {
  removeFolder(path);
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
    return path;
  } catch (error) {
    throw new FailedError(`Cannot create ${path}: ${reasonOf(error as Error)}`);
  }
}

function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new FailedError(`Cannot remove ${path}: ${reasonOf(error as Error)}`);
  }
}
