/**
 * A running cluster as those who use it see it: the file `state.json`, which is there while it runs.
 *
 * @module
 */

import type { ProgramModule } from "../hosts/in_process/program_module.ts";

/** Name of the folder of a project's cluster. */
export const CLUSTER_FOLDER = ".cluster";

/** Message of the errors of commands that need a cluster. */
export const NO_CLUSTER = "No cluster runs here: start one with ./maelstrom.sh up CHALLENGE";

/** Description of a cluster that is to run. */
export interface ClusterPlan {
  /** The project's folder. */
  root: string;
  /** Folder of the cluster's data, logs and state. */
  folder: string;
  /** Name of the cluster: the first part of its subjects, and of its keys. */
  cluster: string;
  /** Number of the challenge whose program runs. */
  challenge: string;
  /** The program of every node. */
  program: ProgramModule;
  /** Names of the nodes. */
  nodes: readonly string[];
  /** Addresses of NATS; undefined to start a server. */
  nats?: readonly string[];
  /** Addresses of etcd; undefined to start a server. */
  etcd?: readonly string[];
}

/** Running cluster. */
export interface ClusterState extends Required<ClusterPlan> {
  /** Process of the supervisor. */
  pid: number;
  /** Address of the supervisor, on this machine. */
  control: string;
  /** Token that the supervisor asks for. */
  token: string;
}

/** Path of the state of a cluster. */
export function statePath(folder: string): string {
  return `${folder}/state.json`;
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
}

/** State of a cluster, as its supervisor tells it. */
export interface ClusterReport {
  nodes: NodeState[];
  /** The other processes of the cluster: their pid, or how they have ended. */
  servers: { name: string; pid: number; end: string | null }[];
}

/** Reads the state of the cluster in a folder; undefined if there is none. */
export function readState(folder: string): ClusterState | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(statePath(folder)));
  } catch {
    return undefined;
  }
}
