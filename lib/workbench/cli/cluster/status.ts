/**
 * `status`: shows the processes of the cluster that `up` has started, on all of its machines.
 *
 * @module
 */

import { splitLogin } from "../../../cluster/login.ts";
import { FailedError, messageOf } from "../../base/errors.ts";
import { columns } from "../../base/text.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseFlagsOnly } from "../../request/arguments.ts";
import type { Flag } from "../../request/flag.ts";
import { clusterEnded, UnreachableError } from "../../world/cluster/control.ts";
import {
  type ClusterReport,
  type ClusterState,
  describeProgram,
  type MachinePlace,
  NO_CLUSTER,
} from "../../world/cluster/state.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";

/** The flags of `status`. */
export const STATUS_FLAGS = [
  { name: "json", kind: "switch", help: "Print it as one JSON document", origin: "workbench" },
] as const satisfies readonly Flag[];

/** Machine of the cluster, and its report or the reason why there is none. */
interface MachineStatus {
  /** Host and port of its supervisor. */
  address: string;
  nodes: readonly string[];
  report?: ClusterReport;
  problem?: string;
}

/**
 * Shows the cluster.
 *
 * @param words What was written after the command.
 * @returns The exit status: 0 if all processes run, 1 if one has ended by itself, or a machine is missing.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} No cluster runs here.
 */
export async function status(words: readonly string[], machine: Machine): Promise<number> {
  const { json } = parseFlagsOnly(words, "status", STATUS_FLAGS);
  const { clusters } = machine;
  const state = clusters.state();
  if (state === undefined) throw new FailedError(NO_CLUSTER);
  if (state.control === "") {
    throw new FailedError("A cluster is being started here; its supervisor does not answer yet");
  }
  const own = await ownStatus(state, machine);
  const machines = [own, ...await otherStatuses(state, machine)];
  const missing = state.nodes.filter((id) => !machines.some(({ nodes }) => nodes.includes(id)));
  machine.stdout(json ? statusDocument(state, machines, missing) : statusText(state, machines, missing));
  const isWhole = machines.every(isHealthy) && missing.length === 0;
  return isWhole ? EXIT_STATUS.passed : EXIT_STATUS.failed;
}

/** @throws {FailedError} The supervisor of this machine has ended. */
async function ownStatus(state: ClusterState, { clusters }: Machine): Promise<MachineStatus> {
  try {
    return { address: addressOf(state), nodes: state.here, report: await clusters.control(state).report() };
  } catch (error) {
    throw error instanceof UnreachableError ? clusterEnded(state) : error;
  }
}

async function otherStatuses(state: ClusterState, { clusters }: Machine): Promise<MachineStatus[]> {
  const places = await clusters.machines(state).catch((error) => messageOf(error));
  if (typeof places === "string") {
    const nodes = state.nodes.filter((id) => !state.here.includes(id));
    return [{ address: "other machines", nodes, problem: places }];
  }
  const others = places.filter(({ token }) => token !== state.token);
  return await Promise.all(others.map((place) => statusOf(place, clusters.control(place).report())));
}

async function statusOf(place: MachinePlace, report: Promise<ClusterReport>): Promise<MachineStatus> {
  const facts = { address: addressOf(place), nodes: place.nodes };
  try {
    return { ...facts, report: await report };
  } catch (error) {
    return { ...facts, problem: messageOf(error) };
  }
}

function addressOf({ control }: Pick<MachinePlace, "control">): string {
  return control.replace("http://", "");
}

function isHealthy({ report }: MachineStatus): boolean {
  return report !== undefined && [...report.nodes, ...report.servers].every(({ end }) => end === null);
}

function statusDocument(state: ClusterState, machines: readonly MachineStatus[], missing: readonly string[]): string {
  const { cluster, challenge, program, isReady } = state;
  const document = {
    ...{ cluster, challenge, program, ready: isReady },
    ...serversOf(state),
    machines: machines.map(({ address, problem = null, report }) => ({ address, problem, pid: report?.pid ?? null })),
    nodes: machines.flatMap(({ address, report }) =>
      report?.nodes.map((node) => ({ ...node, machine: address })) ?? []
    ),
    servers: machines.flatMap(({ address, report }) =>
      report?.servers.map((server) => ({ ...server, machine: address })) ?? []
    ),
    missing: [...missing, ...machines.flatMap(({ report, nodes }) => report === undefined ? nodes : [])],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function statusText(state: ClusterState, machines: readonly MachineStatus[], missing: readonly string[]): string {
  const { nats, etcd } = serversOf(state);
  const rows = [
    ["machine", "process", "state", "pid"],
    ...machines.flatMap(rowsOf),
    ...missing.map((id) => ["", id, "runs on no machine", ""]),
  ];
  const isAlone = machines.length === 1 && missing.length === 0;
  const servers = [["NATS", ...nats], ["etcd", ...etcd]].filter((words) => words.length > 1);
  return [
    [`Cluster ${state.cluster}`, describeProgram(state), ...servers.map(([name, ...urls]) => `${name} ${urls}`)]
      .join(", "),
    ...state.isReady ? [] : ["This machine's part of it still starts"],
    "",
    ...columns(isAlone ? rows.map((row) => row.slice(1)) : rows),
    ...machines.flatMap(({ address, problem }) => problem === undefined ? [] : ["", `${address}: ${problem}`]),
    "",
  ].join("\n");
}

function rowsOf({ address, report, nodes }: MachineStatus): string[][] {
  if (report === undefined) return nodes.map((id) => [address, id, "unknown", ""]);
  return [
    [address, "supervisor", "running", String(report.pid)],
    ...report.servers.map(({ name, end, state, pid }) => [address, name, end ?? state, String(pid ?? "")]),
    ...report.nodes.map(({ id, end, state, pid }) => [address, id, end ?? state, String(pid ?? "")]),
  ];
}

/** Addresses of the servers, without their logins. */
function serversOf({ nats, etcd }: ClusterState): Record<"nats" | "etcd", string[]> {
  return { nats: splitLogin(nats).servers, etcd: splitLogin(etcd).servers };
}
