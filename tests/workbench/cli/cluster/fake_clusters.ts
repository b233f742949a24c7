/** Clusters that a test makes up, and what commands do to them. */

import type { Clusters } from "../../../../lib/workbench/engines/clusters.ts";
import { type MachineControl, UnreachableError } from "../../../../lib/workbench/world/cluster/control.ts";
import type {
  AddressState,
  ClusterPlan,
  ClusterReport,
  ClusterState,
  MachinePlace,
  NodeState,
} from "../../../../lib/workbench/world/cluster/state.ts";

/** A cluster whose three nodes run on this machine. */
export const STATE: ClusterState = {
  root: "/project",
  folder: "/project/.cluster",
  cluster: "maelstrom",
  challenge: "5c",
  program: { path: "/project/challenges/kafka.ts", args: [], kind: "export" },
  nodes: ["n0", "n1", "n2"],
  here: ["n0", "n1", "n2"],
  listen: "127.0.0.1",
  isForeground: false,
  nats: ["nats://me:secret@10.0.0.1:4222"],
  etcd: ["http://127.0.0.1:2379"],
  access: {},
  servers: { "nats-server": [], "etcd": [] },
  isReady: true,
  pid: 100,
  control: "http://127.0.0.1:9999",
  token: "t",
};

/** Creates the state of a node that runs. */
export function nodeState(id: string, changes: Partial<NodeState> = {}): NodeState {
  return { id, state: "running", pid: 102, end: null, log: `/project/.cluster/${id}.log`, logStart: 0, ...changes };
}

/** A report of the cluster: n1 has crashed. */
export const REPORT: ClusterReport = {
  pid: 100,
  servers: [{ name: "services", state: "running", pid: 101, end: null }],
  nodes: [nodeState("n0"), nodeState("n1", { state: "crashed", pid: null, end: "exited with status 1" })],
};

/** Reports as a supervisor that does not run any more. */
export function unreachable(): never {
  throw new UnreachableError("Cannot reach the cluster's supervisor");
}

/**
 * Creates clusters.
 *
 * @param report Reports of the supervisors, by address.
 * @param others Places of the other machines.
 * @param addresses States of the servers that a machine uses and has not started.
 */
export function fakeClusters(
  state: ClusterState | undefined,
  report: (control: string) => ClusterReport = () => REPORT,
  others: readonly MachinePlace[] = [],
  addresses: readonly AddressState[] = [],
): { clusters: Clusters; planned: ClusterPlan[]; done: string[] } {
  const planned: ClusterPlan[] = [];
  const done: string[] = [];
  const controlOf = (place: Pick<MachinePlace, "control" | "token">): MachineControl => {
    const control: MachineControl = {
      report: () => new Promise((resolve) => resolve(report(place.control))),
      addresses: () => Promise.resolve([...addresses]),
      step: (step) => Promise.resolve(void done.push(step)),
      node: (id, action) => Promise.resolve(void done.push(`${action} ${id}`)).then(() => nodeState(id)),
      server: () => Promise.resolve("killed"),
      log: () => Promise.resolve({ pieces: [], next: 0, now: 0 }),
      async stop() {
        await control.report();
        done.push("stop");
        state = undefined;
      },
    };
    return control;
  };
  const clusters: Clusters = {
    state: () => state,
    isRunning: async ({ control }) => {
      try {
        return control === "" ? true : await controlOf({ control, token: "" }).report() !== undefined;
      } catch {
        return false;
      }
    },
    control: controlOf,
    machines: ({ control, token, here }) => Promise.resolve([{ control, token, nodes: here }, ...others]),
    start(plan, tell) {
      planned.push(plan);
      tell("Started etcd");
      tell("ready");
      return Promise.resolve(undefined);
    },
    remains: () => undefined,
    remove: () => void done.push("remove"),
  };
  return { clusters, planned, done };
}
