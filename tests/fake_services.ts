/**
 * Minimal in-memory versions of Maelstrom's services, with faults on demand.
 *
 * @module
 */

import type { AnyNode } from "../lib/node.ts";
import { type Body, type Message, RPCError } from "../lib/protocol.ts";
import { createFakeHost, type FakeHost } from "./fake_host.ts";
import { startTestNode } from "./node_rig.ts";

/** Outcome of a request to a service. */
export type Fate = "delivered" | "request lost" | "reply lost";

/** A node that uses a service. */
export interface ServiceUser {
  host: FakeHost;
  /** Types of the requests that the node has sent to the service, in order. */
  readonly requests: string[];
  /** Advances the clock until a promise settles, and returns it. */
  passing<T>(promise: Promise<T>): Promise<T>;
}

/** Returns the fields of the reply to a request, or throws the error reply. */
export type Service = (body: Body, src: string) => Record<string, unknown>;

/** Options for {@linkcode startWithService}. */
export interface ServiceOptions {
  /** The service; an honest one by default. */
  service?: Service;
  /** Decides about each request. `count`: number of requests so far, this one included. */
  fate?: (request: Body, count: number) => Fate;
  /** Delay of replies, ms. Undefined: they are delivered in the same turn. */
  delay?: number;
}

/** Runs a test with a node n0 that can reach one service. */
export async function startWithService(
  name: "seq-kv" | "lin-kv" | "lww-kv" | "lin-tso",
  test: (node: AnyNode, user: ServiceUser) => Promise<void>,
  { service = name === "lin-tso" ? createOracle() : createStore(name !== "lww-kv"), fate, delay }: ServiceOptions = {},
): Promise<void> {
  const host = createFakeHost();
  const requests: string[] = [];
  const record = host.send;
  host.send = (message) => {
    record(message);
    const request = host.sent.at(-1)!;
    if (request.dest !== name) return;
    requests.push(request.body.type);
    const outcome = fate?.(request.body, requests.length) ?? "delivered";
    if (outcome === "request lost") return;
    const reply = replyOf(service, request);
    if (outcome === "reply lost") return;
    if (delay === undefined) queueMicrotask(() => handle.receive(reply));
    else host.setTimer(delay, () => handle.receive(reply));
  };
  const { handle, node } = await startTestNode(() => {}, { host, nodeIds: ["n0"] });
  await test(node, { host, requests, passing: (promise) => advanceUntilSettled(host, promise) });
  handle.stop();
}

async function advanceUntilSettled<T>(host: FakeHost, promise: Promise<T>): Promise<T> {
  let settled = false;
  const onSettled = () => {
    settled = true;
  };
  promise.then(onSettled, onSettled);
  await host.settle();
  while (!settled) await host.advance(1);
  return await promise;
}

/**
 * Creates a linearizable key-value store.
 *
 * @param creates True if it supports `create_if_not_exists`.
 * @param state Its values by key, both as JSON values; the keys are serialized.
 */
export function createStore(creates: boolean, state: Map<string, unknown> = new Map()): Service {
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
      throw new RPCError("precondition-failed", "current value is different");
    }
    state.set(key, body.to);
    return { type: "cas_ok" };
  };
}

/**
 * Creates a sequentially consistent key-value store that is as stale as it may be: a request that changes nothing is
 * answered from the last state that the client has seen.
 */
export function createStaleStore(): Service {
  const states: Map<string, unknown>[] = [new Map()];
  /** Index in `states` of the last one that each client has seen. */
  const seen = new Map<string, number>();
  return (body, src) => {
    const old = new Map(states[seen.get(src) ?? 0]);
    const before = JSON.stringify([...old]);
    const reply = createStore(true, old)(body, src);
    if (JSON.stringify([...old]) === before) return reply;
    const newest = new Map(states.at(-1));
    states.push(newest);
    seen.set(src, states.length - 1);
    return createStore(true, newest)(body, src);
  };
}

function createOracle(): Service {
  let next = 0;
  return () => ({ type: "ts_ok", ts: next++ });
}

function replyOf(service: Service, { src, dest, body }: Message): Message {
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
