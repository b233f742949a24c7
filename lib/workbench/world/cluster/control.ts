/**
 * Clients of supervisors: of one, and of all machines of a cluster as if it were one.
 *
 * @module
 */

import { FailedError, reasonOf } from "../../base/errors.ts";
import type { LogPart } from "./child_log.ts";
import type { AddressState, ClusterReport, ClusterState, MachinePlace, NodeState } from "./state.ts";

/** Action on a node or a server: that of a fault, or of its end. */
export type NodeAction = "start" | "kill" | "pause" | "resume";

/**
 * Step of a reset. On all machines, each step ends before the next one begins.
 *
 * - `clear`: all nodes and the services of the machine end.
 * - `renew`: on one machine only; the present run is replaced by a new one without data.
 * - `begin`: the services start, with the present run.
 * - `fill`: all nodes of the machine start.
 */
export type ResetStep = "clear" | "renew" | "begin" | "fill";

/** Client of one supervisor. Each method throws a {@linkcode FailedError} if the supervisor cannot do it. */
export interface MachineControl {
  report(): Promise<ClusterReport>;
  /** Asks the servers that the machine uses and has not started. */
  addresses(): Promise<AddressState[]>;
  /**
   * Performs a step of a reset.
   *
   * @param onWait Called now and then with what the supervisor waits for, if it says so.
   */
  step(step: ResetStep, onWait?: (reason: string) => void): Promise<void>;
  /** Performs an action on a node. A node that is started is ready for messages. */
  node(id: string, action: NodeAction): Promise<NodeState>;
  /**
   * Performs an action on a server that was started there. One that is started answers.
   *
   * @returns The outcome, such as `killed` or `not-running`.
   */
  server(name: string, action: NodeAction): Promise<string>;
  /**
   * Reads a part of a node's log.
   *
   * @param from Offset of the part, bytes; if it is negative, from the end.
   */
  log(id: string, from: number): Promise<LogPart>;
  /** Ends this machine's part of the cluster. */
  stop(): Promise<void>;
}

/** Client of all supervisors of a cluster. Each method throws a {@linkcode FailedError} if one cannot do it. */
export interface ClusterControl extends Pick<MachineControl, "node" | "server" | "log"> {
  /** Reports on the nodes and the other processes of all machines that answer. */
  report(): Promise<Pick<ClusterReport, "nodes" | "servers">>;
  /**
   * Ends all nodes, ends all faults of servers, and gives the services a new, empty store.
   *
   * @param start True to start the nodes again.
   * @param onStep Called at the beginning of each step, and with the reason when a supervisor waits for something.
   */
  reset(start: boolean, onStep?: (step: ResetStep, reason?: string) => void): Promise<void>;
}

/** Header with the name of the process that asks: a supervisor lets one process at a time test its cluster. */
export const OWNER_HEADER = "x-owner";
const OWNER = crypto.randomUUID();

/** Header with the name of a piece of work: a request that has no answer is sent again, and the work is done once. */
export const WORK_HEADER = "x-work";
/** Status of an answer that is not there yet: it has what is waited for, or null, and the client asks again. */
export const STILL_AT_WORK = 202;

/** Time that a supervisor has for its work, ms. On a busy machine, nodes and servers take long to start or to end. */
const WORK_TIMEOUT = 600_000;
/** Time that it has to report, ms. It answers after 5 s if it is still at work. */
const TIMEOUT = 10_000;
/** Time without any answer, ms, after which a client gives up. A cut of the network may be shorter. */
const SILENCE = 60_000;

/**
 * Creates the client of a supervisor.
 *
 * @param timeout Time for one answer, ms.
 * @param silence Time without any answer after which work is given up, ms.
 */
export function createControl(
  place: Pick<MachinePlace, "control" | "token">,
  timeout = TIMEOUT,
  silence = SILENCE,
): MachineControl {
  const ask = async (path: string) => (await request(place, { method: "GET", path }, timeout)).value;
  /** Asks until the work is done: after a cut, the answer of a connection may never come, and nothing tells so. */
  const work = async (path: string, onWait?: (reason: string) => void): Promise<unknown> => {
    const id = crypto.randomUUID();
    const deadline = performance.now() + WORK_TIMEOUT;
    for (let heardAt = performance.now(); performance.now() < deadline;) {
      try {
        const { isDone, value } = await request(place, { method: "POST", path, work: id }, timeout);
        if (isDone) return value;
        heardAt = performance.now();
        if (typeof value === "string") onWait?.(value);
      } catch (error) {
        if (!(error instanceof SilentError)) throw error;
        if (performance.now() - heardAt > silence) throw silent(place, silence);
      }
    }
    throw new FailedError(`The cluster's supervisor at ${place.control} is not done within ${WORK_TIMEOUT / 1000} s`);
  };
  const pathOf = (id: string, what: string) => `nodes/${encodeURIComponent(id)}/${what}`;
  return {
    report: async () => await ask("") as ClusterReport,
    addresses: async () => await ask("addresses") as AddressState[],
    step: async (step, onWait) => void await work(step, onWait),
    node: async (id, action) => await work(pathOf(id, action)) as NodeState,
    server: async (name, action) => await work(`servers/${name}/${action}`) as string,
    log: async (id, from) => await ask(pathOf(id, `log?from=${from}`)) as LogPart,
    stop: async () => void await work("stop"),
  };
}

/** Sends a request once. It is not done if the supervisor is still at work. */
async function request(
  { control, token }: Pick<MachinePlace, "control" | "token">,
  { method, path, work }: { method: "GET" | "POST"; path: string; work?: string },
  timeout: number,
): Promise<{ isDone: boolean; value: unknown }> {
  const headers = { authorization: `Bearer ${token}`, [OWNER_HEADER]: OWNER, ...work && { [WORK_HEADER]: work } };
  try {
    const response = await fetch(`${control}/${path}`, { method, headers, signal: AbortSignal.timeout(timeout) });
    const text = await response.text();
    if (!response.ok) throw new FailedError(text);
    return { isDone: response.status !== STILL_AT_WORK, value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof FailedError) throw error;
    if (error instanceof DOMException) throw silent({ control }, timeout);
    const reason = reasonOf((error as Error).cause as Error ?? error);
    throw new UnreachableError(`Cannot reach the cluster's supervisor at ${control}: ${reason}`);
  }
}

/** Error of a supervisor that does not answer in time. */
export class SilentError extends FailedError {
  override name = "SilentError";
}

function silent({ control }: Pick<MachinePlace, "control">, timeout: number): SilentError {
  return new SilentError(`The cluster's supervisor at ${control} does not answer within ${timeout / 1000} s`);
}

/** Error of a supervisor that cannot be reached: it does not run any more, or the network does not reach it. */
export class UnreachableError extends FailedError {
  override name = "UnreachableError";
}

/** Creates the error for a cluster whose supervisor on this machine does not run any more. */
export function clusterEnded({ pid }: Pick<ClusterState, "pid">): FailedError {
  return new FailedError(
    `The cluster has ended without down: its supervisor (process ${pid}) does not run any more, and so none of its ` +
      "processes here does. ./maelstrom.sh down removes its files, up starts it again",
  );
}

/** Client of a machine, and the names of its nodes. */
export interface ClusterMachine {
  nodes: readonly string[];
  control: MachineControl;
}

/** Combines the clients of all machines of a cluster. */
export function composeControl(machines: readonly ClusterMachine[]): ClusterControl {
  const controls = machines.map(({ control }) => control);
  const controlOf = (id: string) => {
    const machine = machines.find(({ nodes }) => nodes.includes(id));
    if (machine === undefined) throw new FailedError(`${id} runs on no machine of the cluster`);
    return machine.control;
  };
  return {
    async report() {
      const reports = await Promise.allSettled(controls.map((control) => control.report()));
      const answered = reports.filter((report) => report.status === "fulfilled").map(({ value }) => value);
      return {
        nodes: answered.flatMap(({ nodes }) => nodes),
        servers: answered.flatMap(({ servers }) => servers),
      };
    },
    async reset(start, onStep) {
      const on = async (step: ResetStep, machines = controls) => {
        onStep?.(step);
        await Promise.all(machines.map((control) => control.step(step, (reason) => onStep?.(step, reason))));
      };
      await on("clear");
      await on("renew", controls.slice(0, 1));
      await on("begin");
      if (start) await on("fill");
    },
    node: async (id, action) => await controlOf(id).node(id, action),
    // Servers are started only if all nodes are on one machine.
    server: async (name, action) => await controls[0]!.server(name, action),
    log: async (id, from) => await controlOf(id).log(id, from),
  };
}
