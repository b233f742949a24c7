/**
 * Supervisor of a cluster on one machine: a process that starts nats-server, etcd, the services and the nodes, and ends
 * them (`processes.ts`). If it is killed, they end with it. `./maelstrom.sh up` starts it.
 *
 * 1. Listens for requests (`control_server.ts`), and writes the state to a file: from now on, `down` ends it.
 * 2. Starts the servers, unless the plan names some that run.
 * 3. Takes its place among the machines of the cluster (`machines.ts`), and joins their run (`common_run.ts`).
 * 4. Starts the services, then the nodes, and waits until each answers on NATS.
 * 5. At SIGTERM or a request to stop, ends everything: nodes first, servers last. A request to stop that reaches the
 *    last machine removes the data of the cluster, too.
 *
 * It tells its progress on stdout, a line for each step: the last one is `ready`, or `failed` with the reason. It does
 * not start again what has crashed: a test must see a crash. In the foreground it ends then, and may be started again.
 *
 * @module
 */

import type { HeldKey } from "../../../cluster/lease.ts";
import { FailedError, messageOf } from "../../base/errors.ts";
import { nodeEnvironment } from "../hosts/process/environment.ts";
import { etcdOf } from "./access.ts";
import { joinRun, removeData, removeRun } from "./common_run.ts";
import { type ControlServer, serveControl } from "./control_server.ts";
import { listPlaces, takePlace } from "./machines.ts";
import {
  bucketRemover,
  type ClusterProcesses,
  createProcesses,
  startNodes,
  startServers,
  startServices,
  stopAll,
} from "./processes.ts";
import { connectServers } from "./readiness.ts";
import type { ServerName } from "./servers/find.ts";
import { type ClusterState, readStateToken, remainsPath, type StartedPlan, statePath } from "./state.ts";

/** Life of a supervisor. */
interface Life {
  readonly plan: StartedPlan;
  readonly cluster: ClusterProcesses;
  readonly tell: (line: string) => void;
  readonly stopping: AbortController;
  /** Rejects when everything has to end because of a problem. */
  readonly failed: Promise<never>;
  /** Ends everything. */
  fail(problem: string): void;
  isReady: boolean;
  /** True once `down` has asked for the end: then the data of the cluster goes with its last machine. */
  isTakenDown: boolean;
  /** True once this machine has begun the run of the cluster. If the start fails, that run is removed again. */
  hasBegunRun: boolean;
  place?: HeldKey;
}

/**
 * Runs a machine's part of a cluster until it is stopped.
 *
 * @param tell Receives the lines of progress.
 * @param env Environment of all processes.
 * @param stopping Stops the cluster when it is aborted.
 * @returns The problem that has ended it, after it was ready.
 */
export async function supervise(
  plan: StartedPlan,
  env: Record<string, string>,
  tell: (line: string) => void,
  stopping: AbortController,
): Promise<string | undefined> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const fail = (problem: string) => reject(new FailedError(problem));
  const cluster = createProcesses(plan, env);
  const flags = { isReady: false, isTakenDown: false, hasBegunRun: false };
  const life: Life = { plan, cluster, tell, stopping, failed, fail, ...flags };
  let server: ControlServer | undefined;
  let problem: string | undefined;
  try {
    server = serveControl({ cluster, token: plan.token, isReady: () => life.isReady, stop: () => end(life) });
    writeState(life, server);
    await start(life, server);
    writeState(life, server);
    tell("ready");
    await Promise.race([untilAborted(stopping.signal), failed]);
  } catch (error) {
    problem = messageOf(error);
  }
  const wasReady = life.isReady;
  life.isReady = false;
  await stopAll(cluster, () => leave(life, life.isTakenDown || (life.hasBegunRun && !wasReady)));
  await server?.close();
  removeState(plan);
  if (problem !== undefined) tell(`failed ${problem}`);
  return wasReady ? problem : undefined;
}

/** Ends a cluster because somebody has asked for it. */
function end(life: Life): void {
  life.isTakenDown = true;
  life.stopping.abort();
}

/** Starts everything. A signal ends it between two steps. */
async function start(life: Life, server: ControlServer): Promise<void> {
  const { plan, cluster, tell, stopping: { signal }, failed } = life;
  const steps: (() => Promise<string>)[] = [
    () => startServers(cluster),
    () => connectServers(cluster, tell),
    () => join(life, server),
    () => startServices(cluster),
    () => startNodes(cluster),
  ];
  tell(`The cluster ${plan.cluster} starts; its logs are in ${plan.folder}`);
  const interrupted = untilAborted(signal).then(() => Promise.reject(new Error("it was interrupted")));
  interrupted.catch(() => {});
  for (const step of steps) {
    if (signal.aborted) return await interrupted;
    tell(await Promise.race([step(), interrupted, failed]));
  }
  if (signal.aborted) return await interrupted;
  life.isReady = true;
  if (!plan.isForeground) return;
  cluster.onCrash = (problem) => life.isReady && life.fail(problem);
}

/** Takes this machine's place in the cluster, and joins the run of its machines. */
async function join(life: Life, { url }: ControlServer): Promise<string> {
  const { plan, cluster, tell, stopping: { signal }, fail } = life;
  const etcd = etcdOf(cluster);
  const place = { control: url, token: plan.token, nodes: plan.here };
  life.place = await takePlace({ etcd, cluster: plan.cluster, place, tell, signal, onLost: fail });
  if (signal.aborted) return "Interrupted";
  const { run, isNew, abandoned } = await joinRun(etcd, plan, () => listPlaces(etcd, plan.cluster, place));
  cluster.run = run;
  life.hasBegunRun = isNew;
  if (abandoned !== undefined) await removeData(etcd, plan.cluster, abandoned, bucketRemover(cluster));
  const others = await listPlaces(etcd, plan.cluster, place);
  if (others.length === 0) return isNew ? "The cluster has no data" : "The cluster goes on with its data";
  return `Other machines: ${others.map(({ control, nodes }) => `${nodes.join(", ")} at ${control}`).join("; ")}`;
}

/**
 * Gives this machine's place up.
 *
 * @param removesData True to remove the data of the cluster, too, if this is its last machine.
 */
async function leave({ plan, cluster, place, tell }: Life, removesData: boolean): Promise<void> {
  await place?.release();
  // Servers that it has started keep their data in a folder, which ends with it.
  const hasOwn = plan.etcd === undefined && plan.nats === undefined;
  if (hasOwn || cluster.run === undefined || !removesData) return;
  const etcd = etcdOf(cluster);
  try {
    const others = await listPlaces(etcd, plan.cluster);
    if (others.length === 0) await removeRun(etcd, plan.cluster, bucketRemover(cluster));
  } catch (error) {
    const problem = `The data of the cluster stays on its servers: ${messageOf(error)}; when they work again, up and ` +
      "then down removes it";
    tell(problem);
    // `down` shows it: the process that listened to this one may have ended.
    await Deno.writeTextFile(remainsPath(plan.folder), problem, { mode: 0o600 }).catch(() => {});
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

/**
 * Writes the state. It has a token and addresses, so only its owner may read it.
 *
 * @throws {Error} There is one of another start.
 */
function writeState({ plan, cluster: { nats, etcd, access, groups }, isReady }: Life, { url }: ControlServer): void {
  const { folder, token } = plan;
  if ((readStateToken(folder) ?? token) !== token) throw new Error("another one was started here at the same time");
  const namesOf = (program: ServerName) => groups.get(program)?.servers.map(({ name }) => name) ?? [];
  const servers = { "nats-server": namesOf("nats-server"), "etcd": namesOf("etcd") };
  const state: ClusterState = { ...plan, nats, etcd, access, servers, isReady, pid: Deno.pid, control: url };
  const incoming = `${statePath(folder)}.${token}`;
  Deno.writeTextFileSync(incoming, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  Deno.renameSync(incoming, statePath(folder));
}

function removeState({ folder, token }: StartedPlan): void {
  if (readStateToken(folder) === token) Deno.removeSync(statePath(folder));
}

if (import.meta.main) {
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.addSignalListener(name, () => stopping.abort());
  const encoder = new TextEncoder();
  const tell = (line: string) => {
    try {
      Deno.stdout.writeSync(encoder.encode(JSON.stringify(line) + "\n"));
    } catch {
      // The process that has started this one is gone; stderr is a log.
      Deno.stderr.writeSync(encoder.encode(`${line}\n`));
      stopping.abort();
    }
  };
  await supervise(JSON.parse(Deno.env.get("PLAN")!), nodeEnvironment(), tell, stopping);
  Deno.exit();
}
