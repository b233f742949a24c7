/**
 * Stand-ins for Maelstrom's services: small, in memory, and with faults on demand.
 *
 * @module
 */

import type { AnyNode, Node } from "../lib/node.ts";
import { startNode } from "../lib/start_node.ts";
import { type Body, type Message, RPCError } from "../lib/protocol.ts";
import { type FakeHost, fakeHost, init } from "./fake_host.ts";

/** What becomes of a request on its way: nothing bad, or it is lost, or its answer is. */
export type Fate = "delivered" | "request lost" | "reply lost";

/** A node with a service to talk to. */
export interface ServedNode {
  host: FakeHost;
  node: Node;
  /** The types of the requests that the node has sent, in order. */
  readonly requests: string[];
  /** Waits for a promise, moving the clock on as long as it takes. */
  passing<T>(promise: Promise<T>): Promise<T>;
}

/** Answers one request, or throws the error. */
export type Service = (body: Body, src: string) => Record<string, unknown>;

/** Mounts a node, n0, and a service, and runs the test in it. */
export async function startWithService(
  name: "seq-kv" | "lin-kv" | "lww-kv" | "lin-tso",
  test: (node: AnyNode, served: ServedNode) => Promise<void>,
  { service = name === "lin-tso" ? timestamps() : store(name !== "lww-kv"), fate, delay }: {
    service?: Service;
    fate?: (request: Body, count: number) => Fate;
    /** How long replies take, ms; by default they come at once. */
    delay?: number;
  } = {},
): Promise<void> {
  const host = fakeHost();
  const requests: string[] = [];
  const record = host.send;
  host.send = (message) => {
    record(message);
    const request = host.sent.at(-1)!;
    if (request.dest !== name) return;
    requests.push(request.body.type);
    const outcome = fate?.(request.body, requests.length) ?? "delivered";
    if (outcome === "request lost") return;
    const reply = answer(service, request);
    if (outcome !== "delivered") return;
    if (delay === undefined) queueMicrotask(() => handle.receive(reply));
    else host.setTimer(delay, () => handle.receive(reply));
  };
  let node!: Node;
  const handle = startNode((started) => void (node = started), host);
  handle.receive(init("n0", ["n0"]));
  await host.settle();
  const passing = async <T>(promise: Promise<T>) => {
    let settled = false;
    promise.then(() => settled = true, () => settled = true);
    for (await host.settle(); !settled; await host.advance(1));
    return await promise;
  };
  await test(node, { host, node, requests, passing });
  handle.stop();
}

/** A key-value store with one state; `creates`: whether it knows `create_if_not_exists`. */
export function store(creates: boolean, state: Map<string, unknown> = new Map()): Service {
  return (body) => {
    const key = JSON.stringify(body.key);
    const missing = !state.has(key);
    if (body.type === "write") {
      state.set(key, body.value);
      return { type: "write_ok" };
    }
    if (missing && !(creates && body.create_if_not_exists)) {
      throw new RPCError("key-does-not-exist", "key does not exist");
    }
    if (body.type === "read") return { type: "read_ok", value: state.get(key) };
    if (!missing && JSON.stringify(state.get(key)) !== JSON.stringify(body.from)) {
      throw new RPCError("precondition-failed", "current value is another");
    }
    state.set(key, body.to);
    return { type: "cas_ok" };
  };
}

/**
 * seq-kv at its most stale: what does not change the state is answered from the oldest state that the client may see, which is the last
 * that it has seen.
 */
export function staleStore(): Service {
  const states: Map<string, unknown>[] = [new Map()];
  const seen = new Map<string, number>();
  return (body, src) => {
    const old = new Map(states[seen.get(src) ?? 0]);
    const before = JSON.stringify([...old]);
    const reply = store(true, old)(body, src);
    if (JSON.stringify([...old]) === before) return reply;
    const newest = new Map(states.at(-1));
    states.push(newest);
    seen.set(src, states.length - 1);
    return store(true, newest)(body, src);
  };
}

function timestamps(): Service {
  let next = 0;
  return () => ({ type: "ts_ok", ts: next++ });
}

function answer(service: Service, { src, dest, body }: Message): Message {
  const reply = (fields: Record<string, unknown>) => ({
    src: dest,
    dest: src,
    body: JSON.parse(JSON.stringify({ ...fields, in_reply_to: body.msg_id })),
  });
  try {
    return reply(service(body, src));
  } catch (error) {
    if (error instanceof RPCError) return reply(error.toBody());
    throw error;
  }
}
