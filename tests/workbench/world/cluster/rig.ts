/** Clusters whose supervisors run in the process of a test. */

import { assert } from "@std/assert";
import { parseArguments } from "../../../../lib/workbench/request/arguments.ts";
import { CHALLENGES } from "../../../../lib/workbench/request/challenges.ts";
import { createRequest, type TestRequest } from "../../../../lib/workbench/request/request.ts";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import { createControl, type MachineControl } from "../../../../lib/workbench/world/cluster/control.ts";
import { type ClusterState, readState, type StartedPlan } from "../../../../lib/workbench/world/cluster/state.ts";
import { supervise } from "../../../../lib/workbench/world/cluster/supervisor.ts";
import { nodeEnvironment } from "../../../../lib/workbench/world/hosts/process/environment.ts";

/** The folder of the project. */
export const ROOT: string = new URL("../../../../", import.meta.url).pathname.replace(/\/$/, "");

/** A cluster that runs in this process. */
export interface Running {
  state: ClusterState;
  control: MachineControl;
  /** Lines of progress. */
  told: string[];
  ended: Promise<string | undefined>;
}

/** Creates the plan of an echo server on two nodes. */
export function planFor(folder: string, changes: Partial<StartedPlan> = {}): StartedPlan {
  const program = { path: `${ROOT}/challenges/echo.ts`, args: [], kind: "export" as const };
  const { nodes = ["n0", "n1"] } = changes;
  const here = { here: nodes, listen: "127.0.0.1", isForeground: false, token: crypto.randomUUID() };
  return { root: ROOT, folder, cluster: "test", challenge: "1", program, nodes, ...here, ...changes };
}

/** Runs a supervisor while `fn` does. */
export async function withCluster(plan: StartedPlan, fn: (running: Running) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  const told: string[] = [];
  const ready = Promise.withResolvers<void>();
  const tell = (line: string) => {
    told.push(line);
    if (line === "ready" || line.startsWith("failed")) ready.resolve();
  };
  const ended = supervise(plan, nodeEnvironment(), tell, stopping);
  try {
    await ready.promise;
    const state = readState(plan.folder);
    assert(state !== undefined, told.join("\n"));
    await fn({ state, control: createControl(state), told, ended });
  } finally {
    stopping.abort();
    await ended;
  }
}

/** Creates a request for a test of the cluster's challenge. */
export function requestFor(id: string, flags: string, store: string): TestRequest {
  const challenge = CHALLENGES.find((each) => each.id === id)!;
  const words = [...flags.split(" "), "--store", store, "--engine", "cluster"];
  return createRequest(challenge, parseArguments(words), createMachine(ROOT));
}

/** Hooks of a test that nobody watches. */
export const HOOKS = { signal: new AbortController().signal, log: () => {}, output: () => {}, progress: () => {} };
