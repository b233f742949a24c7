/**
 * The engine for a cluster that runs, on one machine or several: its nodes are services on NATS, and the workbench is
 * their client. `up` starts such a cluster (`world/cluster/`).
 *
 * 1. All nodes end, and the services get an empty store: a test begins without data, as with any other engine.
 * 2. The test starts the nodes, and runs (`world/cluster/world.ts`).
 * 3. The nodes are started once more, without the data of the test, so that the cluster is again as `up` left it.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import { delay } from "@std/async/delay";
import { connectNats } from "../../cluster/nats_connection.ts";
import { NATS_CONNECTION } from "../../cluster/nats_link.ts";
import { FailedError, messageOf, UsageError } from "../base/errors.ts";
import { findModule } from "../request/challenges.ts";
import type { TestRequest } from "../request/request.ts";
import { SERVER_FAULTS, serversHitBy } from "../run/nemesis/server_faults.ts";
import type { Results } from "../run/results.ts";
import { RealClock } from "../world/real_clock.ts";
import { natsOf } from "../world/cluster/access.ts";
import {
  type ClusterControl,
  clusterEnded,
  type ClusterMachine,
  composeControl,
  createControl,
  type ResetStep,
  UnreachableError,
} from "../world/cluster/control.ts";
import { listMachines } from "../world/cluster/machines.ts";
import {
  type ClusterState,
  describeProgram,
  type MachinePlace,
  NO_CLUSTER,
  readState,
  readStateToken,
} from "../world/cluster/state.ts";
import { type ClusterWorld, clusterWorld } from "../world/cluster/world.ts";
import type { EngineHooks } from "./engine.ts";
import { runInRealTime } from "./real_time_run.ts";

/** Text for each step before and after a test, for the line that shows progress. */
const WAITING: Readonly<Record<ResetStep, string>> = {
  clear: "waiting for the nodes of the cluster to end",
  renew: "waiting for the services' data to be removed",
  begin: "waiting for the services to start",
  fill: "waiting for the nodes to start again",
};

function waitingFor(step: ResetStep, reason: string | undefined): string {
  return reason === undefined ? WAITING[step] : `waiting: ${reason}`;
}

/** Faults that a cluster's nodes can have. */
const NODE_FAULTS = ["partition", "one-way-partition", "pause", "kill"];

/** Time that a machine has to take its place in the cluster again, ms. */
const LEASE_PATIENCE = 5000;
/** Time that a machine has to start again after a test, ms: longer than the lease of a supervisor that was killed. */
const RESTART_PATIENCE = 20_000;
/** Time between two looks at the places, ms. */
const RETRY_DELAY = 250;

/**
 * Runs one test on a cluster.
 *
 * @param folder Folder of the cluster.
 * @throws {UsageError} The cluster runs another program or other nodes, or cannot do what the request asks for.
 * @throws {FailedError} There is no cluster, or it does not answer.
 */
export async function runOnCluster(folder: string, request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const state = requireCluster(folder);
  checkRequest(request, state);
  const { waiting } = hooks;
  waiting?.("waiting for the supervisors of the cluster");
  const control = await openControl(state);
  // It ends faults of servers that an earlier test has left, too.
  await control.reset(false, (step, reason) => waiting?.(waitingFor(step, reason)));
  let connection: NatsConnection | undefined;
  let world: ClusterWorld | undefined;
  try {
    waiting?.("waiting for NATS");
    const opened = connection = await openConnection(state);
    waiting?.(undefined);
    return await runInRealTime(request, hooks, ({ openNodeLog: openLog }) => {
      const { cluster, servers } = state;
      world = clusterWorld({ clock: new RealClock(), cluster, servers, control, connection: opened, openLog });
      return world;
    });
  } finally {
    world?.close();
    await connection?.close();
    await startAgain(state, hooks).catch((error) => hooks.log(`The cluster does not start again: ${messageOf(error)}`));
  }
}

/**
 * Starts all nodes, without data. A supervisor that has started again during the test has another token; one that is
 * about to is waited for.
 */
async function startAgain(state: ClusterState, { waiting }: EngineHooks): Promise<void> {
  const deadline = performance.now() + RESTART_PATIENCE;
  for (;;) {
    try {
      waiting?.("waiting for the supervisors of the cluster");
      const control = composeControl(reach(await listAllMachines(state)));
      return await control.reset(true, (step, reason) => waiting?.(waitingFor(step, reason)));
    } catch (error) {
      const isHere = readStateToken(state.folder) === state.token;
      if (!isHere || !(error instanceof FailedError) || performance.now() > deadline) throw error;
    }
    await delay(RETRY_DELAY);
  }
}

async function openConnection(state: ClusterState): Promise<NatsConnection> {
  try {
    return await connectNats(natsOf(state), { ...NATS_CONNECTION, noEcho: true, name: "workbench" });
  } catch (error) {
    throw new FailedError(messageOf(error));
  }
}

/** @throws {FailedError} There is no cluster in the folder. */
function requireCluster(folder: string): ClusterState {
  const state = readState(folder);
  if (state === undefined) throw new FailedError(NO_CLUSTER);
  if (state.isReady) return state;
  throw new FailedError("The cluster here is still starting: wait until up has told that it runs");
}

/** Lists the machines of a cluster. One that was too busy to renew its lease in time is there again a little later. */
async function listAllMachines(state: ClusterState): Promise<MachinePlace[]> {
  const deadline = performance.now() + LEASE_PATIENCE;
  for (;;) {
    const places = await listMachines(state);
    const missing = state.nodes.filter((id) => !places.some(({ nodes }) => nodes.includes(id)));
    if (missing.length === 0) return places;
    await delay(RETRY_DELAY);
    if (performance.now() < deadline) continue;
    const what = state.challenge ?? `--bin ${state.program.path}`;
    throw new FailedError(
      `Cannot test the cluster: no machine runs ${missing.join(", ")}; start it there with up ${what} ` +
        `--nodes ${state.nodes.join()} --here ${missing.join()} --listen ADDRESS`,
    );
  }
}

function reach(places: readonly MachinePlace[]): ClusterMachine[] {
  return places.map((place) => ({ nodes: place.nodes, control: createControl(place) }));
}

/**
 * Finds all machines of a cluster, and checks that all of it runs.
 *
 * @throws {FailedError} A machine, a server or a node is missing.
 */
async function openControl(state: ClusterState): Promise<ClusterControl> {
  const machines = reach(await listAllMachines(state));
  for (const { control } of machines) {
    const { servers } = await control.report().catch((error) => {
      throw control === machines[0]!.control && error instanceof UnreachableError ? clusterEnded(state) : error;
    });
    const dead = servers.find(({ end }) => end !== null);
    if (dead === undefined) continue;
    throw new FailedError(
      `Cannot test the cluster: ${dead.name} (process ${dead.pid}) ${dead.end}; end the cluster with ` +
        "./maelstrom.sh down, and start it again with up",
    );
  }
  return composeControl(machines);
}

function checkRequest({ bin, args, options, env }: TestRequest, state: ClusterState): void {
  const { path, args: programArgs } = findModule(bin, args, state.root);
  const { program, nodes } = state;
  if (path !== program.path || programArgs.join("\0") !== program.args.join("\0")) {
    throw new UsageError(
      `Cannot test ${[path, ...programArgs].join(" ")}: the cluster runs ${describeProgram(state)}; ` +
        "end it with ./maelstrom.sh down, and start another with up",
    );
  }
  if (options.nodes.join() !== nodes.join()) {
    throw new UsageError(
      `Cannot test nodes ${options.nodes.join(", ")}: the cluster has ${
        nodes.join(", ")
      }; leave out the flags for nodes`,
    );
  }
  checkFaults(options.nemesis, state);
  if (Object.keys(options.roles ?? {}).length > 0) throw new UsageError("Cannot use --role on a cluster");
  if (env.length > 0) throw new UsageError("Cannot use --env on a cluster: its nodes have the environment of up");
}

/** Servers are hit only if `up` has started them: others may have other users. */
function checkFaults(faults: readonly string[], { servers }: ClusterState): void {
  const possible = [...NODE_FAULTS, ...Object.keys(SERVER_FAULTS)];
  for (const fault of faults) {
    if (!possible.includes(fault)) {
      throw new UsageError(`Cannot cause ${fault} on a cluster: expected some of ${possible.join(", ")}`);
    }
    const program = serversHitBy(fault);
    if (program === undefined || servers[program].length > 0) continue;
    throw new UsageError(
      `Cannot cause ${fault} on this cluster: up has not started its ${program}, which may have other users; ` +
        "expected up without addresses of servers",
    );
  }
}
