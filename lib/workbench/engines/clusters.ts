/**
 * The cluster of a project, on this machine: how it is started, and what is left of it is removed.
 *
 * @module
 */

import { kill } from "node:process";
import { FailedError, reasonOf } from "../base/errors.ts";
import { lastLines } from "../world/cluster/child_log.ts";
import { createControl, type MachineControl, UnreachableError } from "../world/cluster/control.ts";
import { listMachines } from "../world/cluster/machines.ts";
import {
  CLUSTER_FOLDER,
  type ClusterPlan,
  type ClusterState,
  type MachinePlace,
  readState,
  readStateToken,
  remainsPath,
  type StartedPlan,
  statePath,
} from "../world/cluster/state.ts";
import { nodeEnvironment } from "../world/hosts/process/environment.ts";

/** Beginning of the line of a supervisor that says why it ends. */
const FAILED = "failed ";
/** Lines of the log of a supervisor that does not start, in the error. */
const LOG_LINES = 16;

/** Clusters on a machine, as commands see them. */
export interface Clusters {
  /** Reads the state of the project's cluster; undefined if there is none. It may be left of one that has ended. */
  state(): ClusterState | undefined;
  /**
   * Returns true if this machine's part of a cluster runs, or starts.
   *
   * @throws {FailedError} Its supervisor does not answer in time.
   */
  isRunning(state: ClusterState): Promise<boolean>;
  /** Creates a client of a supervisor. */
  control(place: Pick<MachinePlace, "control" | "token">): MachineControl;
  /**
   * Lists the machines of a cluster, with this one.
   *
   * @throws {FailedError} etcd does not answer.
   */
  machines(state: ClusterState): Promise<MachinePlace[]>;
  /**
   * Starts this machine's part of a cluster, and waits until it is ready. In the foreground, it waits until that ends.
   *
   * @param tell Receives lines of progress; the last one is `ready`.
   * @param signal Ends it again.
   * @returns The problem that has ended it, after it was ready.
   * @throws {UsageError} A login or a file for servers cannot be used; nothing has been started.
   * @throws {FailedError} It cannot be started; nothing of it runs any more.
   */
  start(plan: ClusterPlan, tell: (line: string) => void, signal: AbortSignal): Promise<string | undefined>;
  /** Returns the reason why data of the ended cluster has stayed on its servers; undefined if there is none. */
  remains(): string | undefined;
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
    isRunning,
    control: createControl,
    machines: listMachines,
    async start(plan, tell, signal) {
      if (plan.nats !== undefined || plan.etcd !== undefined) {
        const { checkAccess } = await import("../world/cluster/access_check.ts");
        checkAccess(plan);
      }
      const started = claimFolder(plan);
      try {
        return await (plan.isForeground ? runSupervisor : startSupervisor)(started, tell, signal);
      } catch (error) {
        // Another start may have taken the folder over.
        if ((readStateToken(plan.folder) ?? started.token) === started.token) removeFolder(plan.folder);
        throw error;
      }
    },
    remains: () => readIfThere(remainsPath(folder)),
    remove: () => removeFolder(folder),
  };
}

async function isRunning({ control, token, pid }: ClusterState): Promise<boolean> {
  if (control === "") return isProcess(pid);
  try {
    await createControl({ control, token }).report();
    return true;
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    throw error;
  }
}

function isProcess(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** State of a supervisor that does not listen yet. */
const BEGINNING = { isReady: false, pid: Deno.pid, control: "" };

/** Creates the folder of a cluster, in the place of an earlier one, with a state that says that it starts. */
function claimFolder(plan: ClusterPlan): StartedPlan {
  const { folder, nats = [], etcd = [], access = {} } = plan;
  const started = { ...plan, token: crypto.randomUUID() };
  const servers = { "nats-server": [], "etcd": [] };
  const state: ClusterState = { ...started, nats, etcd, access, servers, ...BEGINNING };
  removeFolder(folder);
  try {
    Deno.mkdirSync(folder, { mode: 0o700 });
    Deno.writeTextFileSync(statePath(folder), JSON.stringify(state), { mode: 0o600, createNew: true });
    return started;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw new FailedError("Another cluster is being started here");
    throw new FailedError(`Cannot create ${folder}: ${reasonOf(error as Error)}`);
  }
}

/** Runs a supervisor in this process. */
async function runSupervisor(
  plan: StartedPlan,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { supervise } = await import("../world/cluster/supervisor.ts");
  const stopping = new AbortController();
  signal.addEventListener("abort", () => stopping.abort());
  if (signal.aborted) stopping.abort();
  const told: string[] = [];
  const problem = await supervise(plan, nodeEnvironment(), (line) => {
    told.push(line);
    if (!line.startsWith(FAILED)) tell(line);
  }, stopping);
  if (problem === undefined) rejectFailure(told.at(-1)!);
  return problem;
}

/** Starts a supervisor, which outlives this process, and shows its progress until it is ready. */
async function startSupervisor(
  plan: StartedPlan,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<undefined> {
  const log = `${plan.folder}/supervisor.log`;
  const child = spawnSupervisor(plan, log);
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  let last = "";
  for await (const line of linesOf(child.stdout)) {
    last = JSON.parse(line);
    if (!last.startsWith(FAILED)) tell(last);
    if (last === "ready") break;
  }
  signal.removeEventListener("abort", end);
  if (last === "ready") return void child.unref();
  await child.status;
  rejectFailure(last);
  // Its runtime may not have come as far as to handle a signal.
  if (signal.aborted) rejectFailure(`${FAILED}it was interrupted`);
  const lines = lastLines(log, LOG_LINES).map((line) => `  ${line}`);
  throw new FailedError(["Cannot start the cluster: its supervisor ended; the end of its log:", ...lines].join("\n"));
}

/** @throws {FailedError} The line tells why a cluster does not start. */
function rejectFailure(line: string): void {
  if (line.startsWith(FAILED)) throw new FailedError(`Cannot start the cluster: ${line.slice(FAILED.length)}`);
}

function spawnSupervisor(plan: StartedPlan, log: string): Deno.ChildProcess {
  const module = new URL("../world/cluster/supervisor.ts", import.meta.url).href;
  const permissions = ["net", "run", "read", "write", "env"].map((name) => `--allow-${name}`);
  const flags = ["run", "--quiet", "--no-prompt", "--config", `${plan.root}/deno.json`, ...permissions];
  return new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$@" 2>>"$LOG"', "sh", Deno.execPath(), ...flags, module],
    // A process list shows arguments, and an address in the plan may have a password.
    env: { PLAN: JSON.stringify(plan), LOG: log, NO_COLOR: "1" },
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

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
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
