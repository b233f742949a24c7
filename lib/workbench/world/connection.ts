/**
 * Connections: the clients c0, c1, c2 … of a network, by which the workbench calls the nodes under test.
 *
 * A call has a msg_id and a timer. It ends with the first of: its reply, an error reply, the timeout, closing the
 * connection.
 *
 * @module
 */

import { type Body, type Message, RPCError } from "../../protocol.ts";
import { formatJSON } from "../base/json.ts";
import type { TestException } from "../base/test_exception.ts";
import { clip } from "../base/text.ts";
import type { Clock, Timer } from "./clock.ts";
import { checksOf, malformedReply, type RPC } from "./rpc_schema.ts";

/** Client of the network, as a workload uses it. */
export interface Connection {
  /**
   * Sends a request to a node and waits for the reply. Both are checked against the RPC's schemas.
   *
   * @param rpc One of the workload's `rpcs`.
   * @param fields Fields of the request, without type and msg_id.
   * @param timeout Milliseconds. `@default 5000`
   * @returns Body of the reply.
   * @throws {RPCError} The node answered with an error, or (code 0) not in time.
   * @throws {TypeError} The request or the reply is malformed.
   */
  rpc(node: string, rpc: RPC, fields: Record<string, unknown>, timeout?: number): Promise<Record<string, unknown>>;
  /** Reports a mistake of a node that a reply shows although it fits the schema. */
  onMistake?(mistake: TestException): void;
}

/** The part of a network that a connection needs. */
export interface ConnectionNetwork {
  /** Adds a participant; `receive` is called with each message to it. */
  attach(id: string, receive: (message: Message) => void): void;
  /** Removes a participant. */
  detach(id: string): void;
  /** Sends a message. */
  send(message: Message): void;
}

/** Knowledge of the nodes that are down, as a host has it. */
export interface Liveness {
  /** Returns true for a node that does not take messages of clients: it is down or starting. */
  isDown(node: string): boolean;
  /** Calls `listener` with each node that goes down, until the returned function is called. */
  onDown(listener: (node: string) => void): () => void;
}

/** Callbacks of a connection, and its knowledge of the nodes. */
export interface ConnectionHooks {
  /**
   * Called for each mistake of a node that would be hard to find otherwise: a message that answers no call, a second
   * reply, an error without a code.
   */
  onMistake?(mistake: TestException): void;
  /** Called when a node has not answered a request in time. */
  onSilence?(silence: Silence): void;
  /** Called when a node answers a request later than that. */
  onLateReply?(node: string): void;
  /**
   * If given, a call to a node that is down fails at once, and so does one that it has not answered when it goes down.
   * By default these wait for their timeout, as in Maelstrom.
   */
  liveness?: Liveness;
}

/** A request that a node has not answered in time. */
export interface Silence {
  node: string;
  request: Body;
  /** Time that it had, ms. */
  timeout: number;
}

/** Connection with the methods of its owner. */
export interface OpenConnection extends Connection {
  /** Name on the network. */
  readonly id: string;
  /**
   * Sends a body with a msg_id added, and waits for the reply. Nothing is checked.
   *
   * @param timeout Milliseconds. `@default 5000`
   * @returns Body of the reply.
   * @throws {RPCError} The node answered with an error, or (code 0) not in time.
   */
  call(node: string, body: Body, timeout?: number): Promise<Body>;
  /** Closes the connection. Its unfinished calls reject. */
  close(): void;
}

/** Timeout of a call, ms. */
const TIMEOUT = 5000;

/** Number of connections that each network has had: names are not reused. */
const OPENED = new WeakMap<ConnectionNetwork, number>();

/** State of a connection. */
interface State {
  readonly id: string;
  readonly network: ConnectionNetwork;
  readonly clock: Clock;
  readonly hooks: ConnectionHooks;
  /** Stops listening to `liveness`. */
  readonly stopListening: () => void;
  /** Unfinished calls by msg_id. */
  readonly calls: Map<number, Call>;
  /** The msg_ids of calls that ended without a reply. */
  readonly unanswered: Set<number>;
  /** Last msg_id. They are 1, 2, 3 … */
  lastId: number;
  isOpen: boolean;
}

interface Call {
  readonly node: string;
  readonly request: Body;
  readonly timer: Timer;
  /** Describes what is wrong with a reply that is no error; undefined if nothing is. */
  problemOf(reply: Body): string | undefined;
  resolve(reply: Body): void;
  reject(error: Error): void;
}

/**
 * Opens a connection. As with Maelstrom's clients, a message that answers no call is ignored, and an error without a
 * code is of an unknown kind.
 *
 * @param hooks Called with mistakes and silences of nodes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Message } from "../../protocol.ts";
 * import { openConnection } from "./connection.ts";
 *
 * // A network with one node, which answers at once.
 * const receivers = new Map<string, (message: Message) => void>();
 * const network = {
 *   attach: (id: string, receive: (message: Message) => void) => void receivers.set(id, receive),
 *   detach: (id: string) => void receivers.delete(id),
 *   send({ src, dest, body }: Message) {
 *     const reply = { type: "echo_ok", echo: body.echo, in_reply_to: body.msg_id };
 *     receivers.get(src)!({ src: dest, dest: src, body: reply });
 *   },
 * };
 * const clock = { lateness: 0, now: () => 0, schedule: () => 0, cancel: () => {}, sleep: () => Promise.resolve() };
 *
 * const connection = openConnection(network, clock);
 * assertEquals(connection.id, "c0");
 * assertEquals((await connection.call("n0", { type: "echo", echo: "hello" })).echo, "hello");
 * connection.close();
 * ```
 */
export function openConnection(
  network: ConnectionNetwork,
  clock: Clock,
  hooks: ConnectionHooks = {},
): OpenConnection {
  const number = OPENED.get(network) ?? 0;
  OPENED.set(network, number + 1);
  const stopListening = hooks.liveness?.onDown((node) => abandonCalls(state, node)) ?? (() => {});
  const own = { calls: new Map<number, Call>(), unanswered: new Set<number>(), lastId: 0, isOpen: true };
  const state: State = { id: `c${number}`, network, clock, hooks, stopListening, ...own };
  network.attach(state.id, (message) => receive(state, message));
  return {
    id: state.id,
    call: (node, body, timeout = TIMEOUT) => call(state, node, { ...body, msg_id: ++state.lastId }, timeout),
    rpc: (node, rpc, fields, timeout = TIMEOUT) => checkedCall(state, node, rpc, fields, timeout),
    onMistake: (mistake) => hooks.onMistake?.(mistake),
    close: () => close(state),
  };
}

function checkedCall(
  state: State,
  node: string,
  rpc: RPC,
  fields: Record<string, unknown>,
  timeout: number,
): Promise<Body> {
  const checks = checksOf(rpc);
  const request = { type: rpc.type, msg_id: ++state.lastId, ...fields };
  const mistake = checks.request(request);
  if (mistake !== undefined) return Promise.reject(new TypeError(`Cannot send ${formatJSON(request)}: ${mistake}`));
  return call(state, node, request, timeout, (reply) => {
    const problem = checks.reply(reply);
    return problem === undefined ? undefined : malformedReply(node, rpc, request, reply, problem);
  });
}

/** @param problemOf Describes what is wrong with a reply; undefined for a good one. */
function call(
  state: State,
  node: string,
  request: Body & { msg_id: number },
  timeout: number,
  problemOf: Call["problemOf"] = () => undefined,
): Promise<Body> {
  const { id, network, clock, calls, hooks } = state;
  return new Promise((resolve, reject) => {
    if (!state.isOpen) return reject(closedError(state));
    if (hooks.liveness?.isDown(node)) {
      return reject(new RPCError("temporarily-unavailable", `Node ${node} is down`));
    }
    const timer = clock.schedule(clock.now() + timeout, () => {
      const text = `Node ${node} did not answer ${request.type} within ${timeout / 1000} s`;
      const late = take(state, request.msg_id);
      if (late === undefined) return;
      state.unanswered.add(request.msg_id);
      hooks.onSilence?.({ node, request, timeout });
      late.reject(new RPCError("timeout", text));
    });
    calls.set(request.msg_id, { node, request, timer, problemOf, resolve, reject });
    try {
      network.send({ src: id, dest: node, body: request });
    } catch (error) {
      take(state, request.msg_id)?.reject(error as Error);
    }
  });
}

/** Ends the unfinished calls to a node that goes down. They may have taken effect. */
function abandonCalls(state: State, node: string): void {
  for (const [id, call] of [...state.calls]) {
    if (call.node !== node) continue;
    state.unanswered.add(id);
    take(state, id)!.reject(new RPCError("crash", `Node ${node} went down`));
  }
}

/** Removes an unfinished call; undefined if there is none with this msg_id. */
function take({ calls, clock }: State, id: number): Call | undefined {
  const call = calls.get(id);
  if (call === undefined) return undefined;
  calls.delete(id);
  clock.cancel(call.timer);
  return call;
}

function receive(state: State, message: Message): void {
  const { hooks, calls, unanswered, lastId } = state;
  const id = message.body.in_reply_to;
  const call = take(state, id!);
  if (call !== undefined) settle(state, call, message.body);
  else if (!Number.isInteger(id) || id! < 1 || id! > lastId) {
    hooks.onMistake?.(unmatchedReply(message, [...calls.keys()]));
  } else if (unanswered.delete(id!)) hooks.onLateReply?.(message.src);
  else hooks.onMistake?.(repeatedReply(message));
}

/** Ends a call with its reply. */
function settle(state: State, { node, request, problemOf, resolve, reject }: Call, reply: Body): void {
  if (reply.type === "error") return reject(errorOf(state, node, request, reply));
  const problem = problemOf(reply);
  if (problem === undefined) resolve(reply);
  else reject(new TypeError(problem));
}

function close(state: State): void {
  state.isOpen = false;
  state.stopListening();
  state.network.detach(state.id);
  for (const id of [...state.calls.keys()]) take(state, id)!.reject(closedError(state));
}

function closedError({ id }: State): Error {
  return new Error(`Cannot complete a call: connection ${id} is closed`);
}

function unmatchedReply({ src, dest, body }: Message, asked: number[]): TestException {
  const ids = asked.length === 0 ? "the msg_id of a request" : `${asked.join(" or ")}, the msg_id of its request`;
  const got = formatJSON(body.in_reply_to) ?? "nothing";
  const message = [
    `Node ${src} sent ${dest} a message that answers nothing: expected in_reply_to to be ${ids}, got ${got}`,
    `  body: ${clip(formatJSON(body))}`,
    "Copy the msg_id of the request to in_reply_to of the reply",
  ].join("\n");
  return { type: "unmatched-reply", node: src, message, count: 1 };
}

function repeatedReply({ src, dest, body }: Message): TestException {
  const message = [
    `Node ${src} answered a request of ${dest} twice: expected one reply to each msg_id`,
    `  body: ${clip(formatJSON(body))}`,
    "The first reply counts, this one is ignored",
  ].join("\n");
  return { type: "repeated-reply", node: src, message, count: 1 };
}

/** Creates the error of an error reply; without a code, that is a mistake of the node. */
function errorOf({ hooks }: State, node: string, request: Body, reply: Body): RPCError {
  const { code } = reply;
  const text = typeof reply.text === "string" ? reply.text : undefined;
  if (Number.isInteger(code)) return new RPCError(code as number, text);
  const message = [
    `Node ${node} answered ${request.type} with a malformed error: expected body.code to be integer`,
    `  request:  ${clip(formatJSON(request))}`,
    `  reply:    ${clip(formatJSON(reply))}`,
    `  expected: { type: "error", code: integer, text?: string, msg_id?: integer, in_reply_to: integer }`,
  ].join("\n");
  hooks.onMistake?.({ type: "malformed-reply", node, message, count: 1 });
  return new RPCError(NaN, text ?? "an error without a code");
}
