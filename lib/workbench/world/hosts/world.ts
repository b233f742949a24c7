/**
 * World of a test: its clock, and the way to start a node.
 *
 * There are three: `process/` runs each node as a process, in any language; `in_process/` runs programs here, and
 * `guard/` keeps them from reaching the real world; in `../cluster/`, the nodes are services. All give the rest of the
 * workbench a `NodeHost` (`node_host.ts`).
 *
 * @module
 */

import type { TestException } from "../../base/test_exception.ts";
import type { Clock } from "../clock.ts";
import type { NodeAction } from "../cluster/control.ts";
import type { ServerName } from "../cluster/servers/find.ts";
import type { Network } from "../network/network.ts";
import type { Random } from "../random.ts";
import type { NodeHost } from "./node_host.ts";

/** Servers of a cluster, as faults act on them. */
export interface ServersUnderTest {
  /** Names of those that can be hit, by program. */
  readonly names: Readonly<Record<ServerName, readonly string[]>>;
  /** Performs an action on a server. Returns the outcome for the history, such as `killed` or `not-running`. */
  act(server: string, action: NodeAction): Promise<string>;
}

/**
 * World of a test: processes in real time (`process/`), programs in this process in virtual time (`in_process/`), or
 * the nodes of a cluster (`../cluster/`).
 */
export interface World {
  mode: "process" | "simulation" | "cluster";
  clock: Clock;
  /**
   * Cuts a node off from these sources, and from no others. Undefined if all messages travel on the test's network,
   * which does that itself.
   */
  cut?(node: string, sources: readonly string[]): void;
  /** Servers of a cluster, which faults can hit; undefined if the world has none. */
  servers?: ServersUnderTest;
  /**
   * Starts a node on the network.
   *
   * @param random Stream of the node's draws.
   * @param onFailure Called if the node fails later.
   * @param note Called with an exception that does not end the test.
   */
  startNode(
    id: string,
    network: Network,
    random: Random,
    onFailure: (failure: TestException) => void,
    note?: (exception: TestException) => void,
  ): Promise<NodeHost>;
}
