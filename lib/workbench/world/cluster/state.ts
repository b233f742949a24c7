/**
 * A running cluster as those who use it see it: the file `state.json`, which is there while it runs.
 *
 * @module
 */

import type { ClusterServers } from "./access.ts";
import type { ProgramModule } from "../hosts/in_process/program_module.ts";
import { FailedError } from "../../base/errors.ts";
import type { ServerName } from "./servers/find.ts";

/** Name of the folder of a project's cluster. */
export const CLUSTER_FOLDER = ".cluster";

/** Message of the errors of commands that need a cluster. */
export const NO_CLUSTER = "No cluster runs here: start one with ./maelstrom.sh up CHALLENGE";

/** Program of a cluster's nodes. */
export interface ClusterProgram extends ProgramModule {
  /**
   * `"export"`: the default export of the module runs in the node's process. `"module"`: Deno runs the module in a
   * process of its own. `"executable"`: the system runs it.
   */
  kind: "export" | "module" | "executable";
}

/** Description of a cluster that is to run. */
export interface ClusterPlan extends ClusterServers {
  /** The project's folder. */
  root: string;
  /** Folder of the cluster's data, logs and state. */
  folder: string;
  /** Name of the cluster: the first part of its subjects, and of its keys. */
  cluster: string;
  /** Number of the challenge whose program runs; null if only a program was named. */
  challenge: string | null;
  /** The program of every node. */
  program: ClusterProgram;
  /** Names of all nodes, on whatever machine. */
  nodes: readonly string[];
  /** Names of those that run on this machine. */
  here: readonly string[];
  /** Address of this machine for the supervisor's HTTP server, such as `10.0.0.1`; a port may follow. */
  listen: string;
  /** True if the supervisor is the process of `up`, and a process that crashes ends all of this machine. */
  isForeground: boolean;
  /** Addresses of NATS; undefined to start one. */
  nats?: readonly string[];
  /** Addresses of etcd; undefined to start one. */
  etcd?: readonly string[];
  /** Number of nats-servers to start. `@default 1` */
  natsServers?: number;
  /** Number of members of etcd to start. `@default 1` */
  etcdMembers?: number;
}

/**
 * Describes what a cluster runs, for people.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeProgram } from "./state.ts";
 *
 * const program = { path: "/me/node", args: ["--fast"], kind: "executable" } as const;
 * assertEquals(describeProgram({ challenge: null, program }), "/me/node --fast");
 * assertEquals(describeProgram({ challenge: "5c", program }), "challenge 5c, /me/node --fast");
 * ```
 */
export function describeProgram({ challenge, program }: Pick<ClusterPlan, "challenge" | "program">): string {
  const { path, args } = program;
  const command = [path, ...args].join(" ");
  return challenge === null ? command : `challenge ${challenge}, ${command}`;
}

/** Plan of a cluster that is being started. */
export interface StartedPlan extends ClusterPlan {
  /** Token that the supervisor asks for. It differs from start to start. */
  token: string;
}

/**
 * Parses an address to listen on: a host, also an IPv6 one, and perhaps a port, which is 0 if it is left out. Undefined
 * if it is something else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseListen } from "./state.ts";
 *
 * assertEquals(parseListen("10.0.0.1"), { hostname: "10.0.0.1", port: 0 });
 * assertEquals(parseListen("[fd00::1]:7000"), { hostname: "fd00::1", port: 7000 });
 * assertEquals(["", "a:b", "http://a", "10.0.0.1:70000", "fe80::1%eth0"].filter(parseListen), []);
 * ```
 */
export function parseListen(text: string): { hostname: string; port: number } | undefined {
  const [, bracketed, plain, digits = "0"] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const hostname = bracketed ?? plain ?? (/^[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) ? text : undefined);
  return hostname === undefined || Number(digits) > 65_535 ? undefined : { hostname, port: Number(digits) };
}

/** Place of a machine in its cluster. */
export interface MachinePlace {
  /** Address of the supervisor's HTTP server. */
  control: string;
  /** Token that the supervisor asks for. It differs from start to start. */
  token: string;
  /** Names of the nodes that run there. */
  nodes: readonly string[];
}

/** Running cluster. */
export interface ClusterState extends Required<Omit<StartedPlan, "natsServers" | "etcdMembers">> {
  /** Names of the servers that were started, such as `etcd0`; none of those that the plan names. */
  servers: Readonly<Record<ServerName, readonly string[]>>;
  /** False while it starts: the addresses of servers may then be missing. */
  isReady: boolean;
  /** Process of the supervisor. */
  pid: number;
  /** Address of the supervisor's HTTP server; empty until it listens. */
  control: string;
}

/** Path of the state of a cluster. */
export function statePath(folder: string): string {
  return `${folder}/state.json`;
}

/** Path of the file that says why data of an ended cluster has stayed on its servers; there is none if it has not. */
export function remainsPath(folder: string): string {
  return `${folder}/remains`;
}

/** Path of the log of a node or a server. */
export function logPath(folder: string, name: string): string {
  return `${folder}/${name}.log`;
}

/** State of a node in a cluster. */
export interface NodeState {
  id: string;
  state: "running" | "paused" | "down" | "crashed";
  /** Process of the node; null while it is down. */
  pid: number | null;
  /** End of a node that has crashed, such as `exited with status 1`; null for others. */
  end: string | null;
  /** Path of its log; that of a machine among several follows a host, as for `scp`. */
  log: string;
  /** Size of the log when the node was started last, bytes. */
  logStart: number;
}

/** State of a machine's part of a cluster, as its supervisor tells it. */
export interface ClusterReport {
  /** Process of the supervisor. */
  pid: number;
  nodes: NodeState[];
  /** The other processes: the servers that were started, and the process of the services. */
  servers: ServerState[];
}

/** State of a server in a cluster, or of its services. */
export interface ServerState extends Pick<NodeState, "state" | "pid" | "end"> {
  /** Its name: `nats0`, `etcd2` or `services`. */
  name: string;
}

/** State of a server that the cluster uses and has not started, as one of its machines sees it. */
export interface AddressState {
  /** Its address, without a login. */
  address: string;
  /** Reason why it cannot be used; null if it can. */
  problem: string | null;
}

/**
 * Reads the state of the cluster in a folder; undefined if there is none.
 *
 * @throws {FailedError} The file is damaged: its cluster may run.
 */
export function readState(folder: string): ClusterState | undefined {
  const path = statePath(folder);
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw damaged(path, folder);
  }
  const state = parseState(text);
  if (state === undefined) throw damaged(path, folder);
  return state;
}

function damaged(path: string, folder: string): FailedError {
  return new FailedError(
    `Cannot read ${path}: it is no state of a cluster, which may still run; end its supervisor, and all of it ends ` +
      `(pkill -f world/cluster/supervisor.ts), then remove ${folder}`,
  );
}

function parseState(text: string): ClusterState | undefined {
  try {
    const state = JSON.parse(text);
    const { token, control, cluster, nodes, here, nats, etcd, servers } = state;
    const isText = [token, control, cluster].every((part) => typeof part === "string");
    const isList = [nodes, here, nats, etcd].every(Array.isArray);
    return isText && isList && typeof servers === "object" ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the token in the state of a cluster; undefined if there is none, or it is damaged. */
export function readStateToken(folder: string): string | undefined {
  try {
    return readState(folder)?.token;
  } catch {
    return undefined;
  }
}
