/**
 * HTTP server of a supervisor, whose client is in `control.ts`: it tells the state of the processes, and performs what
 * tests and commands ask for.
 *
 * @module
 */

import { messageOf } from "../../base/errors.ts";
import type { NodeAction } from "./control.ts";
import { clearAll, type ClusterMember, type ClusterProcesses, startMember, startNodes } from "./processes.ts";
import type { ClusterReport, NodeState } from "./state.ts";

/** Server of the control. */
export interface ControlServer {
  readonly listener: Deno.HttpServer<Deno.NetAddr>;
  /** Token that its clients must have. */
  readonly token: string;
}

/**
 * Serves the control of a cluster, on a free port of 127.0.0.1.
 *
 * @param stopping Stops the cluster when it is aborted.
 */
export function serveControl(cluster: ClusterProcesses, stopping: AbortController): ControlServer {
  const token = crypto.randomUUID();
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.headers.get("authorization") !== `Bearer ${token}`) return new Response("Wrong token", { status: 403 });
    const path = new URL(request.url).pathname.slice(1);
    try {
      return Response.json(await answer(cluster, path, stopping) ?? null);
    } catch (error) {
      return new Response(messageOf(error), { status: 500 });
    }
  });
  return { listener, token };
}

async function answer(cluster: ClusterProcesses, path: string, stopping: AbortController): Promise<unknown> {
  const [, id, action] = /^nodes\/([^/]+)\/(\w+)$/.exec(path) ?? [];
  if (id !== undefined) return await act(cluster, id, action as NodeAction);
  switch (path) {
    case "":
      return report(cluster);
    case "clear":
      return await clearAll(cluster);
    case "reset":
      await clearAll(cluster);
      return await startNodes(cluster);
    case "stop":
      // The reply leaves first.
      setTimeout(() => stopping.abort());
      return { pid: Deno.pid };
    default:
      throw new Error(`Cannot do ${path}: expected clear, reset, stop, or an action on a node`);
  }
}

async function act(cluster: ClusterProcesses, id: string, action: NodeAction): Promise<unknown> {
  const member = cluster.members.get(id);
  if (member === undefined) throw new Error(`There is no node ${id}, expected one of ${cluster.plan.nodes.join(", ")}`);
  if (action === "start") await startMember(cluster, member);
  else if (action === "kill") {
    // From now on the node is down: its end is no crash.
    const { child } = member;
    member.child = undefined;
    await child?.kill();
  } else {
    member.isPaused = action === "pause";
    member.child?.signal(member.isPaused ? "SIGSTOP" : "SIGCONT");
  }
  return nodeState(member);
}

function report({ members, servers }: ClusterProcesses): ClusterReport {
  return {
    nodes: Array.from(members.values(), nodeState),
    servers: servers.map(({ name, child: { pid, end = null } }) => ({ name, pid, end })),
  };
}

function nodeState({ id, child, isPaused }: ClusterMember): NodeState {
  if (child === undefined) return { id, state: "down", pid: null, end: null };
  if (child.end !== undefined) return { id, state: "crashed", pid: null, end: child.end };
  return { id, state: isPaused ? "paused" : "running", pid: child.pid, end: null };
}
