/**
 * Processes of a cluster on this machine: how its servers, services and nodes are started and ended.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import type { NatsNodeStatus } from "../../../cluster/nats.ts";
import { FailedError, messageOf } from "../../base/errors.ts";
import { commandOf } from "../hosts/process/spawn.ts";
import { accessTo, type AccessVariables, etcdOf } from "./access.ts";
import { type Child, startChild } from "./child.ts";
import { lastLines } from "./child_log.ts";
import { readRun, type RemoveBucket, removeData, replaceRun } from "./common_run.ts";
import type { ResetStep } from "./control.ts";
import { LEADER_PATIENCE, removeBucket } from "./jetstream.ts";
import { requireServers } from "./readiness.ts";
import { requireServer, type ServerName } from "./servers/find.ts";
import { createServerGroup, type ServerGroup } from "./servers/group.ts";
import type { Server } from "./servers/server.ts";
import { type ClusterPlan, logPath } from "./state.ts";
import { createMark, endStrays, MARK } from "./strays.ts";

/** Names of the services. */
const SERVICES = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

/** Time that a node or a service has until it answers, ms. One that ends is noticed at once. */
const START_TIMEOUT = 180_000;
/** Time between two attempts to reach one that starts, ms. */
const RETRY_DELAY = 20;
/** Lines of the log of one that does not start, in its report. */
const LOG_LINES = 16;
/** Time that a node has to end by itself, ms: more than the 5 s that its handlers have. */
const NODE_PATIENCE = 8000;

/** Node of the cluster. */
export interface ClusterMember {
  readonly id: string;
  /** Process of the present incarnation, or of the last one if that has crashed. */
  child?: Child;
  isPaused: boolean;
  /** Size of its log when it was started last, bytes. */
  logStart: number;
}

/** Processes of a cluster that runs, or starts. */
export interface ClusterProcesses {
  readonly plan: ClusterPlan;
  readonly env: Record<string, string>;
  /** Servers that were started, by their program. Those that the plan names are not here. */
  readonly groups: Map<ServerName, ServerGroup>;
  readonly members: Map<string, ClusterMember>;
  nats: readonly string[];
  etcd: readonly string[];
  /** Logins and files for servers that others have started. */
  readonly access: AccessVariables;
  connection?: NatsConnection;
  services?: Child;
  /** Name of the present run of the services: the part of their keys that separates it from others. */
  run?: string;
  /** Text for people about a server that is waited for at present; undefined if none is. */
  waitingFor?: string;
  /** Called when a node, a server or the services end by themselves. */
  onCrash(problem: string): void;
}

/**
 * Creates a cluster, none of whose processes is started yet.
 *
 * @param env Environment of all processes.
 */
export function createProcesses(plan: ClusterPlan, env: Record<string, string>): ClusterProcesses {
  const members = new Map(plan.here.map((id): [string, ClusterMember] => [id, { id, isPaused: false, logStart: 0 }]));
  const servers = { groups: new Map(), nats: [], etcd: [], access: accessTo(plan) };
  // Logs are files.
  return { plan, env: { ...env, ...createMark(), NO_COLOR: "1" }, ...servers, members, onCrash: () => {} };
}

/** Starts nats-server and etcd, unless the plan names some that run. Returns a line of progress, as all steps do. */
export async function startServers(cluster: ClusterProcesses): Promise<string> {
  const { plan, env, groups } = cluster;
  const { nats, etcd, natsServers, etcdMembers } = plan;
  const folder = `${plan.folder}/servers`;
  // Both are looked for before one is started.
  const natsServer = nats === undefined ? requireServer("nats-server", "nats") : undefined;
  const etcdServer = etcd === undefined ? requireServer("etcd", "etcd") : undefined;
  const start = async (name: ServerName, bin: string, count?: number): Promise<string[]> => {
    const onCrash = (problem: string) => cluster.onCrash(problem);
    const group = createServerGroup(name, { folder, bin, env, count, onCrash });
    groups.set(name, group);
    await group.start();
    return group.servers.map(({ url }) => url);
  };
  cluster.nats = natsServer === undefined ? nats! : await start("nats-server", natsServer, natsServers);
  cluster.etcd = etcdServer === undefined ? etcd! : await start("etcd", etcdServer, etcdMembers);
  const own = ownServers(cluster).map((server) => `${server.name} ${server.state().pid}`).join(", ");
  return own === "" ? "Your servers are used" : `Started ${own}`;
}

/** Returns all servers that were started. */
export function ownServers({ groups }: ClusterProcesses): Server[] {
  return Array.from(groups.values(), ({ servers }) => servers).flat();
}

/** Starts the services, and waits until they answer. */
export async function startServices(cluster: ClusterProcesses): Promise<string> {
  const { plan } = cluster;
  const module = new URL("./services/main.ts", import.meta.url).href;
  // Each machine has services, for its own nodes. Those of the only one answer everybody.
  const clients = plan.here.length === plan.nodes.length ? [] : plan.here;
  const child = startDeno(cluster, module, [plan.cluster, cluster.run!, clients.join()], "services");
  cluster.services = child;
  const isPresent = () => cluster.services === child;
  void child.ended.then((end) => isPresent() && cluster.onCrash(withLog(cluster, "services", `services ${end}`)));
  await Promise.all(SERVICES.map((service) => untilServed(cluster, service, child, "services", clients)));
  return `Started the services ${child.pid}: ${SERVICES.join(", ")}`;
}

/** Starts all nodes that do not run, and waits until they answer. */
export async function startNodes(cluster: ClusterProcesses): Promise<string> {
  await Promise.all(Array.from(cluster.members.values(), (member) => startMember(cluster, member)));
  const nodes = Array.from(cluster.members.values(), ({ id, child }) => `${id} ${child!.pid}`);
  return `Started the nodes ${nodes.join(", ")}`;
}

/** Starts a node, unless it runs, and waits until it answers. */
export async function startMember(cluster: ClusterProcesses, member: ClusterMember): Promise<void> {
  const { plan } = cluster;
  if (member.child?.end === undefined && member.child !== undefined) return;
  const { kind, path, args } = plan.program;
  const { bin, args: words } = commandOf({ bin: path, args, isModule: kind === "module" });
  const module = new URL(kind === "export" ? "./node.ts" : "./bridge.ts", import.meta.url).href;
  member.isPaused = false;
  member.logStart = sizeOf(logPath(plan.folder, member.id));
  const own = [plan.cluster, member.id, plan.nodes.join(), bin, ...words];
  const child = startDeno(cluster, module, own, member.id, kind === "export" ? [] : ["--allow-run"]);
  member.child = child;
  void child.ended.then((end) =>
    member.child === child && cluster.onCrash(withLog(cluster, member.id, `${member.id} ${end}`))
  );
  await untilServed(cluster, member.id, child, member.id);
}

function startDeno(
  { plan, env, access, nats, etcd }: ClusterProcesses,
  module: string,
  args: string[],
  name: string,
  more: readonly string[] = [],
): Child {
  const flags = ["run", "--quiet", "--no-prompt", "--config", `${plan.root}/deno.json`];
  const permissions = ["--allow-net", "--allow-read", "--allow-env", ...more];
  return startChild({
    bin: Deno.execPath(),
    args: [...flags, ...permissions, module, ...args],
    // A process list shows arguments, and an address may have a password.
    env: { ...env, ...access, NATS_URL: nats.join(), ETCD_URL: etcd.join() },
    log: logPath(plan.folder, name),
  });
}

/**
 * Waits until a node or a service answers on NATS.
 *
 * @param log Name of its log.
 * @param clients Clients of a service; other machines have one of this name for others.
 */
async function untilServed(
  cluster: ClusterProcesses,
  id: string,
  child: Child,
  log: string,
  clients: readonly string[] = [],
): Promise<void> {
  const { plan, connection } = cluster;
  const subject = `${plan.cluster}.${id}.status`;
  const deadline = performance.now() + START_TIMEOUT;
  while (child.end === undefined && performance.now() < deadline) {
    try {
      if (clients.length === 0) return void await connection!.request(subject, "", { timeout: 1000 });
      for await (const reply of await connection!.requestMany(subject, "", { strategy: "stall", maxWait: 1000 })) {
        if (reply.json<NatsNodeStatus>().nodes.slice(1).join() === clients.join()) return;
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
    }
  }
  const problem = child.end ?? `did not answer within ${START_TIMEOUT / 1000} s`;
  await child.kill();
  throw new Error(withLog(cluster, log, `${id} ${problem}`));
}

/** Adds the end of a log to what has happened to its process. */
function withLog({ plan }: ClusterProcesses, name: string, problem: string): string {
  const lines = lastLines(logPath(plan.folder, name), LOG_LINES).map((line) => `  ${line}`);
  return [lines.length === 0 ? problem : `${problem}; the end of its log:`, ...lines].join("\n");
}

/** Performs a step of a reset. */
export async function performStep(cluster: ClusterProcesses, step: ResetStep): Promise<void> {
  const { plan } = cluster;
  switch (step) {
    case "clear":
      return await clearAll(cluster);
    case "renew":
      return await renewRun(cluster);
    case "begin":
      cluster.run = await readRun(etcdOf(cluster), plan.cluster);
      return void await startServices(cluster);
    case "fill":
      return void await startNodes(cluster);
  }
}

/** Removes the data of the present run, and then replaces it: so the next attempt still knows which data that is. */
async function renewRun(cluster: ClusterProcesses): Promise<void> {
  const { plan, run } = cluster;
  try {
    await removeData(etcdOf(cluster), plan.cluster, run!, bucketRemover(cluster));
    await replaceRun(etcdOf(cluster), plan);
  } catch (error) {
    throw new FailedError(`${messageOf(error)}. All nodes are down until the next test of the cluster starts them`);
  }
}

/** Returns a function that removes a bucket of the cluster's NATS. */
export function bucketRemover(cluster: ClusterProcesses): RemoveBucket {
  const onWait = (reason: string) => cluster.waitingFor = reason;
  return async (name) => {
    try {
      await removeBucket(cluster.connection!, name, { patience: LEADER_PATIENCE, onWait });
    } finally {
      cluster.waitingFor = undefined;
    }
  };
}

/** Ends all faults of servers, which a test may have left, then all nodes, and the services. */
async function clearAll(cluster: ClusterProcesses): Promise<void> {
  const { members, groups, services } = cluster;
  await Promise.all(Array.from(groups.values(), (group) => group.heal()));
  await requireServers(cluster);
  const children = Array.from(members.values(), ({ child }) => child);
  for (const member of members.values()) member.child = undefined;
  cluster.services = undefined;
  await Promise.all(children.map((child) => child?.kill()));
  await services?.stop(NODE_PATIENCE);
}

/**
 * Ends everything: nodes first, then servers, and last what nodes have started in other process groups.
 *
 * @param beforeServers Called when the nodes and the services have ended.
 */
export async function stopAll(cluster: ClusterProcesses, beforeServers: () => Promise<void>): Promise<void> {
  const { members, groups, connection, services, env } = cluster;
  await Promise.all(Array.from(members.values(), ({ child }) => child?.stop(NODE_PATIENCE)));
  await services?.stop(NODE_PATIENCE);
  await beforeServers();
  await connection?.close();
  for (const group of [...groups.values()].toReversed()) await group.stop();
  await endStrays(env[MARK]!);
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
