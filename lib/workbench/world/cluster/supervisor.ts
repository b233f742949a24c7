/**
 * Supervisor of a cluster on this machine: a process that starts nats-server, etcd, the services and the nodes, and
 * ends them. If it is killed, they end with it. `./maelstrom.sh up` starts it.
 *
 * 1. Starts the servers, unless the plan names some that run.
 * 2. Starts the services, then the nodes, and waits until each answers on NATS.
 * 3. Listens on a free port of 127.0.0.1 for `control.ts`, and writes the state to a file.
 * 4. At SIGTERM or a request to stop, ends everything: nodes first, servers last.
 *
 * It tells its progress on stdout, a line for each step: the last one is `ready`, or `failed` with the reason. It does
 * not start again what has crashed: a test must see a crash.
 *
 * @module
 */

import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { splitLogin } from "../../../nats_login.ts";
import { messageOf } from "../../base/errors.ts";
import { nodeEnvironment } from "../hosts/process/environment.ts";
import { type Child, lastLines, startChild } from "./child.ts";
import type { NodeAction } from "./control.ts";
import { requireServer, startEtcd, startNats } from "./servers.ts";
import { createEtcd } from "./services/etcd.ts";
import {
  type ClusterPlan,
  type ClusterReport,
  type ClusterState,
  logPath,
  type NodeState,
  statePath,
} from "./state.ts";

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
interface Member {
  readonly id: string;
  /** Process of the present incarnation, or of the last one if that has crashed. */
  child?: Child;
  isPaused: boolean;
}

/** Cluster that runs, or starts. */
interface Cluster {
  readonly plan: ClusterPlan;
  readonly env: Record<string, string>;
  /** Servers and services in the order of their start; the plan's own servers are not here. */
  readonly servers: { name: string; child: Child }[];
  readonly members: Map<string, Member>;
  nats: readonly string[];
  etcd: readonly string[];
  connection?: NatsConnection;
  services?: Child;
  /** Name of the present run of the services: the part of their keys that separates it from others. */
  run: string;
}

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
  const members = new Map(plan.nodes.map((id): [string, Member] => [id, { id, isPaused: false }]));
  const cluster: Cluster = { plan, env, servers: [], members, nats: [], etcd: [], run: newRun() };
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
    await stop(cluster);
  } catch (error) {
    await stop(cluster);
    tell(`failed ${messageOf(error)}`);
  }
  await server?.listener.shutdown();
  if (isWritten) removeIfThere(statePath(plan.folder));
}

/** Starts everything. A signal ends it between two steps. */
async function start(cluster: Cluster, tell: (line: string) => void, signal: AbortSignal): Promise<void> {
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

async function startServers(cluster: Cluster): Promise<string> {
  const { plan, env, servers } = cluster;
  const { folder } = plan;
  // Both are looked for before one is started.
  const natsServer = plan.nats === undefined ? requireServer("nats-server", "nats") : undefined;
  const etcdServer = plan.etcd === undefined ? requireServer("etcd", "etcd") : undefined;
  if (natsServer !== undefined) {
    const child = await startNats({ folder, bin: natsServer, env });
    servers.push({ name: "nats-server", child });
    cluster.nats = [child.url];
  } else cluster.nats = plan.nats!;
  if (etcdServer !== undefined) {
    const child = await startEtcd({ folder, bin: etcdServer, env });
    servers.push({ name: "etcd", child });
    cluster.etcd = [child.url];
  } else cluster.etcd = plan.etcd!;
  const own = servers.map(({ name, child }) => `${name} ${child.pid}`).join(", ");
  return own === "" ? "Your servers are used" : `Started ${own}`;
}

async function connectServers(cluster: Cluster): Promise<string> {
  const { nats, etcd } = cluster;
  const addresses = splitLogin(nats);
  const address = addresses.servers.join(", ");
  try {
    cluster.connection = await connect({ ...addresses, maxReconnectAttempts: -1, name: "supervisor" });
  } catch (error) {
    throw new Error(`Cannot connect to NATS at ${address}: ${messageOf(error)}`);
  }
  // lww-kv needs it.
  await jetstreamManager(cluster.connection).catch((error) => {
    throw new Error(`Cannot use JetStream of NATS at ${address}: ${messageOf(error)}; expected nats-server -js`);
  });
  await createEtcd(etcd).read("health", false);
  return "NATS and etcd answer";
}

async function startServices(cluster: Cluster): Promise<string> {
  const { plan, servers } = cluster;
  const module = new URL("./services/main.ts", import.meta.url).href;
  const child = startDeno(cluster, module, [plan.cluster, cluster.run], "services");
  cluster.services = child;
  servers.push({ name: "services", child });
  await Promise.all(SERVICES.map((service) => untilServed(cluster, service, child, "services")));
  return `Started the services ${child.pid}: ${SERVICES.join(", ")}`;
}

async function startNodes(cluster: Cluster): Promise<string> {
  await Promise.all(Array.from(cluster.members.values(), (member) => startNode(cluster, member)));
  const nodes = Array.from(cluster.members.values(), ({ id, child }) => `${id} ${child!.pid}`);
  return `Started the nodes ${nodes.join(", ")}`;
}

async function startNode(cluster: Cluster, member: Member): Promise<void> {
  const { plan } = cluster;
  if (member.child?.end === undefined && member.child !== undefined) return;
  const { path, args } = plan.program;
  const module = new URL("./node.ts", import.meta.url).href;
  member.isPaused = false;
  member.child = startDeno(cluster, module, [plan.cluster, member.id, plan.nodes.join(), path, ...args], member.id);
  await untilServed(cluster, member.id, member.child, member.id);
}

function startDeno({ plan, env, nats, etcd }: Cluster, module: string, args: string[], name: string): Child {
  const flags = ["run", "--quiet", "--no-prompt", "--config", `${plan.root}/deno.json`];
  const permissions = ["--allow-net", "--allow-read", "--allow-env"];
  return startChild({
    bin: Deno.execPath(),
    args: [...flags, ...permissions, module, ...args],
    // A process list shows arguments, and an address may have a password.
    env: { ...env, NATS_URL: nats.join(), ETCD_URL: etcd.join() },
    log: logPath(plan.folder, name),
  });
}

/** Waits until a node or a service answers on NATS. */
async function untilServed({ plan, connection }: Cluster, id: string, child: Child, log: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT;
  while (child.end === undefined && performance.now() < deadline) {
    try {
      return void await connection!.request(`${plan.cluster}.${id}.status`, "", { timeout: 1000 });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
    }
  }
  const problem = child.end ?? `did not answer within ${START_TIMEOUT / 1000} s`;
  await child.kill();
  const lines = lastLines(logPath(plan.folder, log), LOG_LINES).map((line) => `  ${line}`);
  throw new Error([`${id} ${problem}; the end of its log:`, ...lines].join("\n"));
}

/** Ends all nodes, and starts the services with another run, whose stores are empty. */
async function clear(cluster: Cluster): Promise<void> {
  const { members, servers } = cluster;
  const children = Array.from(members.values(), ({ child }) => child);
  for (const member of members.values()) member.child = undefined;
  await Promise.all(children.map((child) => child?.kill()));
  await cluster.services!.stop(NODE_PATIENCE);
  servers.splice(servers.findIndex(({ name }) => name === "services"), 1);
  await removeData(cluster);
  cluster.run = newRun();
  await startServices(cluster);
}

async function stop(cluster: Cluster): Promise<void> {
  const { members, servers, connection } = cluster;
  await Promise.all(Array.from(members.values(), ({ child }) => child?.stop(NODE_PATIENCE)));
  await cluster.services?.stop(NODE_PATIENCE);
  // Servers of our own keep their data in a folder, which ends with the cluster.
  if (cluster.plan.etcd !== undefined && connection !== undefined) await removeData(cluster);
  await connection?.close();
  for (const { child } of servers.toReversed()) await child.stop();
}

/** Removes the data of the present run, if its servers answer. */
async function removeData({ plan, etcd, run, connection }: Cluster): Promise<void> {
  const { Kvm } = await import("@nats-io/kv");
  const removed = [
    createEtcd(etcd).removeAll(`${plan.cluster}/${run}/`),
    new Kvm(connection!).open(bucketName(plan.cluster, run)).then((bucket) => bucket.destroy()),
  ];
  await Promise.allSettled(removed);
}

/** Name of the bucket of lww-kv. */
export function bucketName(cluster: string, run: string): string {
  return `${cluster}-${run}`;
}

/** Server of the supervisor's own requests. */
interface ControlServer {
  readonly listener: Deno.HttpServer<Deno.NetAddr>;
  readonly token: string;
}

function serveControl(cluster: Cluster, stopping: AbortController): ControlServer {
  const token = crypto.randomUUID();
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.headers.get("authorization") !== `Bearer ${token}`) return new Response("Wrong token", { status: 403 });
    const path = new URL(request.url).pathname.slice(1);
    try {
      return Response.json(await answer(cluster, path, stopping) ?? null);
    } catch (error) {
      return new Response(messageOf(error), { status: 500 });
    }
  });
  return { listener, token };
}

async function answer(cluster: Cluster, path: string, stopping: AbortController): Promise<unknown> {
  const [, id, action] = /^nodes\/([^/]+)\/(\w+)$/.exec(path) ?? [];
  if (id !== undefined) return await act(cluster, id, action as NodeAction);
  switch (path) {
    case "":
      return report(cluster);
    case "clear":
      return await clear(cluster);
    case "reset":
      await clear(cluster);
      return await startNodes(cluster);
    case "stop":
      // The reply leaves first.
      setTimeout(() => stopping.abort());
      return { pid: Deno.pid };
    default:
      throw new Error(`Cannot do ${path}: expected clear, reset, stop, or an action on a node`);
  }
}

async function act(cluster: Cluster, id: string, action: NodeAction): Promise<unknown> {
  const member = cluster.members.get(id);
  if (member === undefined) throw new Error(`There is no node ${id}, expected one of ${cluster.plan.nodes.join(", ")}`);
  if (action === "start") await startNode(cluster, member);
  else if (action === "kill") {
    // From now on the node is down: its end is no crash.
    const { child } = member;
    member.child = undefined;
    await child?.kill();
  } else {
    member.isPaused = action === "pause";
    member.child?.signal(member.isPaused ? "SIGSTOP" : "SIGCONT");
  }
  return nodeState(member);
}

function report({ members, servers }: Cluster): ClusterReport {
  return {
    nodes: Array.from(members.values(), nodeState),
    servers: servers.map(({ name, child: { pid, end = null } }) => ({ name, pid, end })),
  };
}

function nodeState({ id, child, isPaused }: Member): NodeState {
  if (child === undefined) return { id, state: "down", pid: null, end: null };
  if (child.end !== undefined) return { id, state: "crashed", pid: null, end: child.end };
  return { id, state: isPaused ? "paused" : "running", pid: child.pid, end: null };
}

/**
 * Writes the state. It has a token and addresses, so only its owner may read it.
 *
 * @throws {Error} There is one: it is that of a cluster that was started at the same time.
 */
function writeState({ plan, nats, etcd }: Cluster, { listener, token }: ControlServer): void {
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

function newRun(): string {
  return crypto.randomUUID().slice(0, 8);
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
