/**
 * The world that a test runs in: its clock, and how its nodes are started.
 *
 * @module
 */

import type { TestException } from "../../base/test_exception.ts";
import type { Clock } from "../clock.ts";
import type { Network } from "../network/network.ts";
import type { Random } from "../random.ts";
import type { NodeHost } from "./node_host.ts";

/** The world of a test: real processes in real time, or programs in this process in virtual time. */
export interface World {
  mode: "process" | "simulation";
  clock: Clock;
  /** Starts one node on the network. `onFailure` is called when it fails later. */
  startNode(
    id: string,
    network: Network,
    random: Random,
    onFailure: (failure: TestException) => void,
  ): Promise<NodeHost>;
}
