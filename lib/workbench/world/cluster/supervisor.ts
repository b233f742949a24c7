/**
 * Supervisor of a cluster on this machine: a process that starts nats-server, etcd, the services and the nodes, and
 * ends them (`processes.ts`). If it is killed, they end with it. `./maelstrom.sh up` starts it.
 *
 * 1. Starts the servers, unless the plan names some that run.
 * 2. Starts the services, then the nodes, and waits until each answers on NATS.
 * 3. Listens on a free port of 127.0.0.1 (`control_server.ts`), and writes the state to a file.
 * 4. At SIGTERM or a request to stop, ends everything: nodes first, servers last.
 *
 * It tells its progress on stdout, a line for each step: the last one is `ready`, or `failed` with the reason. It does
 * not start again what has crashed: a test must see a crash.
 *
 * @module
 */

import { messageOf } from "../../base/errors.ts";
import { nodeEnvironment } from "../hosts/process/environment.ts";
import { type ControlServer, serveControl } from "./control_server.ts";
import {
  type ClusterProcesses,
  connectServers,
  createProcesses,
  startNodes,
  startServers,
  startServices,
  stopAll,
} from "./processes.ts";
import { type ClusterPlan, type ClusterState, statePath } from "./state.ts";

/**
 * Runs a cluster until it is stopped.
 *
 * @param tell Receives the lines of progress.
 * @param env Environment of all processes.
 * @param stopping Stops the cluster when it is aborted.
 */
export async function supervise(
  plan: ClusterPlan,
  env: Record<string, string>,
  tell: (line: string) => void,
  stopping: AbortController,
): Promise<void> {
  const cluster = createProcesses(plan, env);
  const { signal } = stopping;
  let server: ControlServer | undefined;
  let isWritten = false;
  try {
    await start(cluster, tell, signal);
    server = serveControl(cluster, stopping);
    writeState(cluster, server);
    isWritten = true;
    tell("ready");
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    await stopAll(cluster);
  } catch (error) {
    await stopAll(cluster);
    tell(`failed ${messageOf(error)}`);
  }
  await server?.listener.shutdown();
  if (isWritten) removeIfThere(statePath(plan.folder));
}

/** Starts everything. A signal ends it between two steps. */
async function start(cluster: ClusterProcesses, tell: (line: string) => void, signal: AbortSignal): Promise<void> {
  const { plan } = cluster;
  const steps: (() => Promise<string>)[] = [
    () => startServers(cluster),
    () => connectServers(cluster),
    () => startServices(cluster),
    () => startNodes(cluster),
  ];
  tell(`The cluster ${plan.cluster} starts; its data and logs are in ${plan.folder}`);
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const interrupt = () => reject(new Error("it was interrupted"));
  signal.addEventListener("abort", interrupt);
  interrupted.catch(() => {});
  if (signal.aborted) interrupt();
  for (const step of steps) {
    if (signal.aborted) return await interrupted;
    tell(await Promise.race([step(), interrupted]));
  }
}

/**
 * Writes the state. It has a token and addresses, so only its owner may read it.
 *
 * @throws {Error} There is one: it is that of a cluster that was started at the same time.
 */
function writeState({ plan, nats, etcd }: ClusterProcesses, { listener, token }: ControlServer): void {
  const control = `http://127.0.0.1:${listener.addr.port}`;
  const state: ClusterState = { ...plan, nats, etcd, pid: Deno.pid, control, token };
  const text = `${JSON.stringify(state, null, 2)}\n`;
  try {
    Deno.writeTextFileSync(statePath(plan.folder), text, { mode: 0o600, createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Error("another one was started here at the same time");
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // There is none.
  }
}

if (import.meta.main) {
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.addSignalListener(name, () => stopping.abort());
  const tell = (line: string) => {
    try {
      Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
    } catch {
      // The process that has started this one is gone, before the cluster is ready.
      stopping.abort();
    }
  };
  await supervise(JSON.parse(Deno.env.get("PLAN")!), nodeEnvironment(), tell, stopping);
  Deno.exit();
}
