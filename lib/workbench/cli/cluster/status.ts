/**
 * `status`: shows the processes of the cluster that `up` has started.
 *
 * @module
 */

import { splitLogin } from "../../../nats_login.ts";
import { FailedError } from "../../base/errors.ts";
import { columns } from "../../base/text.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseFlagsOnly } from "../../request/arguments.ts";
import type { Flag } from "../../request/flag.ts";
import { type ClusterReport, type ClusterState, NO_CLUSTER } from "../../world/cluster/state.ts";
import { EXIT_STATUS } from "../exit_status.ts";

/** The flags of `status`. */
export const STATUS_FLAGS = [
  { name: "json", kind: "switch", help: "Print it as one JSON document", origin: "workbench" },
] as const satisfies readonly Flag[];

/**
 * Shows the cluster.
 *
 * @param words What was written after the command.
 * @returns The exit status: 0 if all processes run, 1 if one has ended by itself.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} No cluster runs here.
 */
export async function status(words: readonly string[], machine: Machine): Promise<number> {
  const { json } = parseFlagsOnly(words, "status", STATUS_FLAGS);
  const { clusters } = machine;
  const state = clusters.state();
  if (state === undefined) throw new FailedError(NO_CLUSTER);
  const report = await clusters.control(state).report();
  machine.stdout(json ? formatJSON(state, report) : formatText(state, report));
  const isWhole = [...report.nodes, ...report.servers].every(({ end }) => end === null);
  return isWhole ? EXIT_STATUS.passed : EXIT_STATUS.failed;
}

function formatJSON({ cluster, challenge, nats, etcd }: ClusterState, report: ClusterReport): string {
  const addresses = { nats: splitLogin(nats).servers, etcd: splitLogin(etcd).servers };
  return `${JSON.stringify({ cluster, challenge, ...addresses, ...report }, null, 2)}\n`;
}

function formatText({ cluster, challenge, nats, etcd, pid }: ClusterState, report: ClusterReport): string {
  const rows = [
    ["supervisor", "running", String(pid)],
    ...report.servers.map((server) => [server.name, server.end ?? "running", String(server.pid)]),
    ...report.nodes.map((node) => [node.id, node.end ?? node.state, String(node.pid ?? "")]),
  ];
  return [
    `Cluster ${cluster}, challenge ${challenge}, NATS ${splitLogin(nats).servers.join()}, etcd ${
      splitLogin(etcd).servers.join()
    }`,
    "",
    ...columns([["process", "state", "pid"], ...rows]),
    "",
  ].join("\n");
}
