/**
 * Flags that say which nodes a cluster has, and which of them run on this machine.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../../base/errors.ts";
import type { Flag } from "../../request/flag.ts";
import { checkNodeNames } from "../../request/node_names.ts";
import { type ClusterPlan, parseListen } from "../../world/cluster/state.ts";

/** The flags. */
export const PLACEMENT_FLAGS = [
  {
    name: "nodes",
    kind: "list",
    placeholder: "NUMBER|NAMES",
    default: "3",
    help: "Number of nodes, n0, n1, …; or their names, comma-separated; 3 by default",
    origin: "workbench",
  },
  {
    name: "here",
    kind: "list",
    placeholder: "NAMES",
    help: "Nodes that run on this machine, comma-separated; the others run on others; all by default",
    origin: "workbench",
  },
  {
    name: "listen",
    kind: "text",
    placeholder: "ADDRESS",
    default: "127.0.0.1",
    help: "Address at which the other machines reach this one, perhaps with :PORT; 127.0.0.1 by default",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Greatest number of nodes. */
const MOST_NODES = 100;

/** Values of the flags. */
export interface PlacementValues {
  nodes?: readonly string[];
  here?: readonly string[];
  listen?: string;
}

/**
 * Reads the flags.
 *
 * @param servers Addresses of servers that all machines share, as far as there are some.
 * @throws {UsageError} A value is bad, or something is missing that several machines need.
 */
export function placementOf(
  { nodes: written = ["3"], here: named, listen }: PlacementValues,
  servers: Pick<ClusterPlan, "nats" | "etcd">,
): Pick<ClusterPlan, "nodes" | "here" | "listen"> {
  const nodes = namesOf(written);
  const here = named === undefined ? nodes : hereOf(named, nodes);
  if (here.length < nodes.length) requireShared(servers, listen);
  return { nodes, here, listen: addressOf(listen ?? "127.0.0.1") };
}

function namesOf(written: readonly string[]): readonly string[] {
  const count = written.length === 1 && /^[+-]?\d+$/.test(written[0]!) ? Number(written[0]) : undefined;
  if (count === undefined) {
    checkNodeNames(written);
    const dotted = written.find((name) => name.includes("."));
    if (dotted === undefined && written.length <= MOST_NODES) return written;
    if (dotted === undefined) {
      throw new UsageError(`Cannot use ${written.length} nodes: expected ${MOST_NODES} or fewer`);
    }
    throw new UsageError(`Cannot name a node ${dotted}: expected no dot, as the name is a part of a subject of NATS`);
  }
  if (count >= 1 && count <= MOST_NODES) return Array.from({ length: count }, (_, index) => `n${index}`);
  throw new UsageError(
    `Cannot use --nodes ${written[0]}: expected a whole number from 1 to ${MOST_NODES}, or names, comma-separated`,
  );
}

/** Nodes of this machine, in the order of all nodes. */
function hereOf(named: readonly string[], nodes: readonly string[]): readonly string[] {
  const unknown = named.find((name) => !nodes.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot use --here ${unknown}, which --nodes does not have: ${expectedOneOf(unknown, nodes)}`);
  }
  return nodes.filter((name) => named.includes(name));
}

function requireShared({ nats, etcd }: Pick<ClusterPlan, "nats" | "etcd">, listen: string | undefined): void {
  const missing = nats === undefined ? "nats" : etcd === undefined ? "etcd" : undefined;
  if (missing !== undefined) {
    throw new UsageError(
      `Cannot use --here without --${missing} URLS or $${missing.toUpperCase()}_URL: the other machines need the ` +
        "same servers; start them first",
    );
  }
  if (listen !== undefined) return;
  throw new UsageError(
    "Cannot use --here without --listen ADDRESS: expected the address at which the other machines reach this one",
  );
}

function addressOf(listen: string): string {
  const address = parseListen(listen);
  if (address === undefined) {
    throw new UsageError(`Cannot use --listen ${JSON.stringify(listen)}: expected HOST or HOST:PORT, such as 10.0.0.1`);
  }
  if (!["0.0.0.0", "::"].includes(address.hostname)) return listen;
  throw new UsageError(
    `Cannot use --listen ${listen}: expected one address, at which the other machines reach this one`,
  );
}
