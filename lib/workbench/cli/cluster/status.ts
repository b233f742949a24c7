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
import { clusterEnded, type MachineControl, UnreachableError } from "../../world/cluster/control.ts";
import {
  type AddressState,
  type ClusterReport,
  type ClusterState,
  describeProgram,
  type MachinePlace,
  NO_CLUSTER,
} from "../../world/cluster/state.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";

/** Paragraphs of the help of `status`. */
export const STATUS_NOTES: readonly string[] = [
  "The exit status is 0 only if everything runs: all nodes, the services, and the servers, also those that up was " +
  "given by their addresses, each of which is asked. It is 1 if something does not run, as the last line says, or " +
  "if this machine's part still starts; and 255 if no cluster runs here, or its supervisor does not answer.",
  "While a test kills and pauses nodes or servers, they do not run. Processes that up has started are not asked: one " +
  "that hangs, or that something else has paused, still counts as running.",
];

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
  /** Servers that it uses, and that others have started. */
  servers: readonly AddressState[];
  problem?: string;
}

/**
 * Shows the cluster.
 *
 * @param words What was written after the command.
 * @returns The exit status: 0 if everything runs; 1 if a process, a server or a machine does not.
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
  const machines = [await ownStatus(state, machine), ...await otherStatuses(state, machine)];
  const missing = state.nodes.filter((id) => !machines.some(({ nodes }) => nodes.includes(id)));
  const stopped = [...new Set([...machines.flatMap(stoppedOn), ...missing])];
  const format = json ? statusDocument : statusText;
  machine.stdout(format({ state, machines, missing, stopped }));
  return stopped.length === 0 && state.isReady ? EXIT_STATUS.passed : EXIT_STATUS.failed;
}

/** @throws {FailedError} The supervisor of this machine has ended. */
async function ownStatus(state: ClusterState, { clusters }: Machine): Promise<MachineStatus> {
  try {
    return await askMachine({ control: state.control, nodes: state.here }, clusters.control(state));
  } catch (error) {
    throw error instanceof UnreachableError ? clusterEnded(state) : error;
  }
}

async function otherStatuses(state: ClusterState, { clusters }: Machine): Promise<MachineStatus[]> {
  const places = await clusters.machines(state).catch((error) => messageOf(error));
  if (typeof places === "string") {
    const nodes = state.nodes.filter((id) => !state.here.includes(id));
    return [{ address: "other machines", nodes, servers: [], problem: places }];
  }
  const others = places.filter(({ token }) => token !== state.token);
  return await Promise.all(others.map(async (place) => {
    try {
      return await askMachine(place, clusters.control(place));
    } catch (error) {
      return { address: addressOf(place), nodes: place.nodes, servers: [], problem: messageOf(error) };
    }
  }));
}

async function askMachine(
  { control, nodes }: Pick<MachinePlace, "control" | "nodes">,
  supervisor: Pick<MachineControl, "report" | "addresses">,
): Promise<MachineStatus> {
  const [report, servers] = await Promise.all([supervisor.report(), supervisor.addresses()]);
  return { address: addressOf({ control }), nodes, report, servers };
}

/** Names of all that does not run on a machine; its address if it does not answer. */
function stoppedOn({ address, report, servers }: MachineStatus): string[] {
  if (report === undefined) return [address];
  const processes = [
    ...report.servers,
    ...report.nodes.map((node) => ({ ...node, name: node.id })),
  ];
  return [
    ...processes.filter(({ state }) => state !== "running").map(({ name }) => name),
    ...servers.filter(({ problem }) => problem !== null).map(({ address }) => address),
  ];
}

function addressOf({ control }: Pick<MachinePlace, "control">): string {
  return control.replace("http://", "");
}

/** Everything that is shown. */
interface ClusterStatus {
  state: ClusterState;
  machines: readonly MachineStatus[];
  /** Nodes that run on no machine. */
  missing: readonly string[];
  /** Names of all that does not run. */
  stopped: readonly string[];
}

function statusDocument({ state, machines, missing, stopped }: ClusterStatus): string {
  const { cluster, challenge, program, isReady } = state;
  const document = {
    cluster,
    challenge,
    program,
    ready: isReady,
    ...serversOf(state),
    machines: machines.map(({ address, problem = null, report }) => ({ address, problem, pid: report?.pid ?? null })),
    nodes: machines.flatMap(({ address, report }) =>
      report?.nodes.map((node) => ({ ...node, machine: address })) ?? []
    ),
    servers: machines.flatMap(({ address, report }) =>
      report?.servers.map((server) => ({ ...server, machine: address })) ?? []
    ),
    addresses: machines.flatMap(({ address: machine, servers }) => servers.map((server) => ({ ...server, machine }))),
    missing: [...missing, ...machines.flatMap(({ report, nodes }) => report === undefined ? nodes : [])],
    stopped,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function statusText({ state, machines, missing, stopped }: ClusterStatus): string {
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
    ...machines.flatMap(problemsOf),
    ...stopped.length === 0 ? [] : ["", `Does not run: ${stopped.join(", ")}`],
    "",
  ].join("\n");
}

function rowsOf({ address, report, nodes, servers }: MachineStatus): string[][] {
  if (report === undefined) return nodes.map((id) => [address, id, "unknown", ""]);
  return [
    [address, "supervisor", "running", String(report.pid)],
    ...servers.map((server) => [address, server.address, server.problem === null ? "answers" : "cannot be used", ""]),
    ...report.servers.map(({ name, end, state, pid }) => [address, name, end ?? state, String(pid ?? "")]),
    ...report.nodes.map(({ id, end, state, pid }) => [address, id, end ?? state, String(pid ?? "")]),
  ];
}

/** Lines that say why a machine does not answer, or cannot use a server. */
function problemsOf({ address, problem, servers }: MachineStatus): string[] {
  const problems = problem === undefined ? servers.map(({ problem }) => problem) : [problem];
  return problems.filter((each) => each !== null).flatMap((each) => ["", `${address}: ${each}`]);
}

/** Addresses of the servers, without their logins. */
function serversOf({ nats, etcd }: ClusterState): Record<"nats" | "etcd", string[]> {
  return { nats: splitLogin(nats).servers, etcd: splitLogin(etcd).servers };
}
