/**
 * HTTP server of a supervisor, whose client is in `control.ts`: it tells the state of the processes, and performs what
 * tests and commands ask for.
 *
 * @module
 */

import { FailedError, messageOf, reasonOf } from "../../base/errors.ts";
import { readLogPart } from "./child_log.ts";
import type { Child } from "./child.ts";
import { type NodeAction, OWNER_HEADER, type ResetStep, STILL_AT_WORK, WORK_HEADER } from "./control.ts";
import { type ClusterMember, type ClusterProcesses, ownServers, performStep, startMember } from "./processes.ts";
import { checkAddresses } from "./readiness.ts";
import { type ClusterReport, logPath, type NodeState, parseListen, type ServerState } from "./state.ts";

/** Server of the control. */
export interface ControlServer {
  /** Its address, as others reach it. */
  readonly url: string;
  /** Ends it, when the requests under way are answered. */
  close(): Promise<void>;
}

/** Options for {@linkcode serveControl}. */
export interface ServeControlOptions {
  cluster: ClusterProcesses;
  /** Token that clients must have. */
  token: string;
  /** Returns true when the cluster has started: before that, it can only be looked at and stopped. */
  isReady: () => boolean;
  /** Ends this machine's part of the cluster, and the data of a cluster that has no other. */
  stop: () => void;
}

/**
 * Serves the control of a cluster, at the address in its plan.
 *
 * @throws {FailedError} The address cannot be listened on.
 */
export function serveControl(options: ServeControlOptions): ControlServer {
  const { listen } = options.cluster.plan;
  const turn = createTurn();
  const desk = createDesk(() => options.cluster.waitingFor);
  const { hostname, port } = parseListen(listen)!;
  const listener = serveAt(listen, { hostname, port, onListen: () => {} }, async (request) => {
    if (request.headers.get("authorization") !== `Bearer ${options.token}`) {
      return new Response(WRONG_TOKEN, { status: 403 });
    }
    const url = new URL(request.url);
    const owner = request.headers.get(OWNER_HEADER);
    try {
      turn.check(url.pathname, owner);
      return await desk(request.headers.get(WORK_HEADER), () => answer(options, url));
    } catch (error) {
      if (isStep(url.pathname.slice(1))) turn.end(owner);
      return new Response(messageOf(error), { status: 500 });
    }
  });
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { url: `http://${host}:${listener.addr.port}`, close: () => listener.shutdown() };
}

const WRONG_TOKEN = "Wrong token: the supervisor has started again meanwhile, or is that of another cluster";

/** Time after the last request of a test that was killed, at which another one may begin, ms. */
const TURN_PATIENCE = 5000;

/** Turn of tests: while one runs, no other one may begin. */
interface Turn {
  /** Counts a request. It is refused if it begins a test while another one runs. */
  check(path: string, owner: string | null): void;
  /** Ends the turn of a test that ends with an error, unless it is that of another one. */
  end(owner: string | null): void;
}

/** Creates the turn of tests: one begins with `clear`, and ends with `fill`. Meanwhile it asks for reports. */
function createTurn(): Turn {
  let present: { owner: string | null; seenAt: number } | undefined;
  return {
    check(path, owner) {
      const now = performance.now();
      const isFree = present === undefined || present.owner === owner || now - present.seenAt > TURN_PATIENCE;
      if (path === "/clear" && !isFree) throw new Error(TURN_TAKEN);
      if (path === "/clear" || present?.owner === owner) present = { owner, seenAt: now };
      if (path === "/fill") present = undefined;
    },
    end(owner) {
      if (present?.owner === owner) present = undefined;
    },
  };
}

const TURN_TAKEN =
  "Another test runs on this cluster, or has ended without a verdict less than 5 s ago: wait until it " +
  "has ended, and try again";

/** Time after which a client hears that the supervisor is still at work, ms. */
const SIGN_OF_WORK = 5000;
/** Number of pieces of work that are remembered: a client may ask again when one is done. */
const WORK_KEPT = 1000;

/**
 * Creates what does each piece of work once, however often a client asks for it. After a cut, it asks again by another
 * connection.
 *
 * @param waitingFor Returns what the supervisor waits for at present, for people; undefined for nothing special.
 * @param patience Time after which the answer is {@linkcode STILL_AT_WORK}, ms.
 */
export function createDesk(
  waitingFor: () => string | undefined,
  patience = SIGN_OF_WORK,
): (id: string | null, perform: () => Promise<unknown>) => Promise<Response> {
  const works = new Map<string, Promise<unknown>>();
  return async (id, perform) => {
    if (id === null) return Response.json(await perform() ?? null);
    let work = works.get(id);
    if (work === undefined) {
      works.set(id, work = perform());
      if (works.size > WORK_KEPT) works.delete(works.keys().next().value!);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Response>((resolve) => {
      timer = setTimeout(() => resolve(Response.json(waitingFor() ?? null, { status: STILL_AT_WORK })), patience);
    });
    try {
      return await Promise.race([work.then((result) => Response.json(result ?? null)), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

function serveAt(
  listen: string,
  options: Deno.ServeTcpOptions,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve(options, handler);
  } catch (error) {
    throw new FailedError(
      `Cannot listen on ${listen}: ${reasonOf(error as Error)}; expected --listen with an address of this machine`,
    );
  }
}

async function answer(options: ServeControlOptions, { pathname, searchParams }: URL): Promise<unknown> {
  const { cluster, isReady, stop } = options;
  const path = pathname.slice(1);
  if (path === "") return report(cluster);
  if (path === "addresses") return await checkAddresses(cluster);
  if (path === "stop") {
    // The reply leaves first.
    setTimeout(stop);
    return { pid: Deno.pid };
  }
  if (!isReady()) throw new Error("This part of the cluster still starts, or ends");
  if (isStep(path)) return await performStep(cluster, path);
  const [, kind, id, action] = /^(nodes|servers)\/([^/]+)\/(\w+)$/.exec(path) ?? [];
  if (id === undefined) {
    throw new Error(
      `Cannot do ${path}: expected addresses, stop, ${STEPS.join(", ")}, nodes/ID/ACTION or servers/NAME/ACTION`,
    );
  }
  if (kind === "servers") return await actOnServer(cluster, id, action as NodeAction);
  const member = requireMember(cluster, decodeURIComponent(id));
  if (action !== "log") return await act(cluster, member, action as NodeAction);
  return await readLogPart(logPath(cluster.plan.folder, member.id), Number(searchParams.get("from")));
}

const STEPS: readonly ResetStep[] = ["clear", "renew", "begin", "fill"];

function isStep(path: string): path is ResetStep {
  return STEPS.some((step) => step === path);
}

function requireMember({ members }: ClusterProcesses, id: string): ClusterMember {
  const member = members.get(id);
  if (member === undefined) {
    throw new Error(`There is no node ${id}, expected one of ${[...members.keys()].join(", ")}`);
  }
  return member;
}

async function act(cluster: ClusterProcesses, member: ClusterMember, action: NodeAction): Promise<NodeState> {
  const { child } = member;
  switch (action) {
    case "start":
      await startMember(cluster, member);
      break;
    case "kill":
      // From now on the node is down: its end is no crash.
      member.child = undefined;
      await child?.kill();
      break;
    case "pause":
    case "resume":
      member.isPaused = action === "pause";
      child?.signal(member.isPaused ? "SIGSTOP" : "SIGCONT");
      break;
    default:
      throw new Error(`Cannot ${action} a node: expected start, kill, pause, resume or log`);
  }
  return nodeState(cluster, member);
}

async function actOnServer(cluster: ClusterProcesses, name: string, action: NodeAction): Promise<string> {
  const servers = ownServers(cluster);
  const server = servers.find((each) => each.name === name);
  if (server !== undefined) return await server.act(action);
  throw new Error(`There is no server ${name}, expected one of ${servers.map(({ name }) => name).join(", ")}`);
}

function report(cluster: ClusterProcesses): ClusterReport {
  return {
    pid: Deno.pid,
    nodes: Array.from(cluster.members.values(), (member) => nodeState(cluster, member)),
    servers: [
      ...ownServers(cluster).map((server) => server.state()),
      servicesState(cluster.services),
    ],
  };
}

/** State of the services, which are down before their start, and for a moment at the beginning of a test. */
function servicesState(services: Child | undefined): ServerState {
  if (services === undefined) return { name: "services", state: "down", pid: null, end: null };
  const { pid, end } = services;
  return { name: "services", state: end === undefined ? "running" : "crashed", pid, end: end ?? null };
}

function nodeState({ plan }: ClusterProcesses, { id, child, isPaused, logStart }: ClusterMember): NodeState {
  const isPart = plan.here.length < plan.nodes.length;
  const log = `${isPart ? `${parseListen(plan.listen)!.hostname}:` : ""}${logPath(plan.folder, id)}`;
  const facts = { id, end: null, log, logStart };
  if (child === undefined) return { ...facts, state: "down", pid: null };
  if (child.end !== undefined) return { ...facts, state: "crashed", pid: null, end: child.end };
  return { ...facts, state: isPaused ? "paused" : "running", pid: child.pid };
}
