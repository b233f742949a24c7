/**
 * Connections: the clients of the network, c0, c1, c2 and so on, through which the workbench talks to the nodes under test.
 *
 * @module
 */

import { clip } from "../base/text.ts";
import { formatLine } from "../base/json.ts";
import { type Body, type Message, RPCError } from "../../protocol.ts";
import type { Clock } from "./clock.ts";
import type { TestException } from "../base/test_exception.ts";
import { checksOf, malformedReply, type RPC } from "./rpc_schema.ts";

/** One client of the network (c0, c1, …), as a workload's client uses it. */
export interface Connection {
  /**
   * Sends a request to a node and waits for the reply. Checks both against the RPC's schemas.
   *
   * @param rpc Which RPC, from the workload's `rpcs`.
   * @param body The fields of the request, without type and msg_id.
   * @param timeout Milliseconds; 5000 by default.
   * @returns The body of the reply.
   * @throws {RPCError} The node answered with an error, or (code 0) not in time.
   * @throws {TypeError} The reply is malformed; the message shows request, reply and what was expected.
   */
  rpc(node: string, rpc: RPC, body: Record<string, unknown>, timeout?: number): Promise<Record<string, unknown>>;
}

/** What a connection needs of the network. */
export interface ConnectionNetwork {
  /** Puts a participant on the network; `receive` is called with each message for it. */
  attach(id: string, receive: (message: Message) => void): void;
  /** Takes a participant off the network. */
  detach(id: string): void;
  /** Sends a message on its way. */
  send(message: Message): void;
}

/** A connection under its own name. */
export interface OpenConnection extends Connection {
  /** The client's name on the network. */
  readonly id: string;
  /**
   * Sends a body as it stands, given a msg_id, and waits for the reply to it, which may be anything.
   *
   * @param timeout Milliseconds; 5000 by default.
   * @returns The body of the reply.
   * @throws {RPCError} The node answered with an error, or (code 0) not in time.
   */
  call(node: string, body: Body, timeout?: number): Promise<Body>;
  /** Ends the connection and whatever calls are under way; they reject. */
  close(): void;
}

/** How long a client waits for a reply, ms. */
export const DEFAULT_TIMEOUT = 5000;

/** How many connections each network has had: names are never used twice. */
const OPENED = new WeakMap<ConnectionNetwork, number>();

interface Call {
  settle(outcome: { reply: Body } | { error: Error }): void;
}

/**
 * Opens a connection. As with Maelstrom's clients, what does not answer a call by its very msg_id is ignored, and an error without a
 * code of the protocol is of an unknown kind.
 *
 * @param onMistake Is told what is wrong with such a message, which people would look for in vain; not of replies that come too late, or
 *   twice.
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
 *     receivers.get(src)!({ src: dest, dest: src, body: { type: "echo_ok", echo: body.echo, in_reply_to: body.msg_id } });
 *   },
 * };
 * const clock = { now: () => 0, schedule: () => 0, cancel: () => {}, sleep: () => Promise.resolve() };
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
  onMistake: (mistake: TestException) => void = () => {},
): OpenConnection {
  const number = OPENED.get(network) ?? 0;
  OPENED.set(network, number + 1);
  const id = `c${number}`;
  const calls = new Map<number, Call>();
  let lastId = 0;
  let open = true;

  network.attach(id, (message) => {
    const id = message.body.in_reply_to;
    const call = calls.get(id!);
    if (call !== undefined) call.settle({ reply: message.body });
    else if (!Number.isInteger(id) || id! < 1 || id! > lastId) onMistake(unmatchedReply(message, [...calls.keys()]));
  });

  const closed = () => new Error(`Cannot complete a call: connection ${id} is closed`);

  /** Sends a body that has its msg_id. */
  function send(node: string, body: Body & { msg_id: number }, timeout: number): Promise<Body> {
    if (!open) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const timer = clock.schedule(clock.now() + timeout, () => {
        const text = `Node ${node} did not answer ${body.type} within ${timeout} ms`;
        call.settle({ error: new RPCError("timeout", text) });
      });
      const call: Call = {
        settle(outcome) {
          calls.delete(body.msg_id);
          clock.cancel(timer);
          if ("reply" in outcome) resolve(outcome.reply);
          else reject(outcome.error);
        },
      };
      calls.set(body.msg_id, call);
      try {
        network.send({ src: id, dest: node, body });
      } catch (error) {
        call.settle({ error: error as Error });
      }
    });
  }

  return {
    id,
    async call(node, body, timeout = DEFAULT_TIMEOUT) {
      const request = { ...body, msg_id: ++lastId };
      const reply = await send(node, request, timeout);
      throwError(node, request, reply, onMistake);
      return reply;
    },
    async rpc(node, rpc, fields, timeout = DEFAULT_TIMEOUT) {
      const checks = checksOf(rpc);
      const request = { type: rpc.type, msg_id: ++lastId, ...fields };
      const mistake = checks.request(request);
      if (mistake !== undefined) throw new TypeError(`Cannot send ${formatLine(request)}: ${mistake}`);
      const reply = await send(node, request, timeout);
      throwError(node, request, reply, onMistake);
      // An id of 64 bits is an integer too; nobody looks at what it is.
      const problem = checks.reply(typeof reply.msg_id === "bigint" ? { ...reply, msg_id: 0 } : reply);
      if (problem !== undefined) throw new TypeError(malformedReply(node, rpc, request, reply, problem));
      return reply;
    },
    close() {
      open = false;
      network.detach(id);
      for (const call of calls.values()) call.settle({ error: closed() });
    },
  };
}

/** What is wrong with a message that answers nothing. */
function unmatchedReply({ src, dest, body }: Message, asked: number[]): TestException {
  const ids = asked.length === 0 ? "the msg_id of a request" : `${asked.join(" or ")}, the msg_id of its request`;
  const message = [
    `Node ${src} sent ${dest} a message that answers nothing: expected in_reply_to to be ${ids}, got ${
      formatLine(body.in_reply_to) ?? "nothing"
    }`,
    `  body: ${clip(formatLine(body))}`,
  ].join("\n");
  return { type: "unmatched-reply", node: src, message, count: 1 };
}

/** Throws the error that an error reply stands for. */
function throwError(node: string, request: Body, reply: Body, onMistake: (mistake: TestException) => void): void {
  if (reply.type !== "error") return;
  const { code } = reply;
  const text = typeof reply.text === "string" ? reply.text : undefined;
  if (Number.isInteger(code)) throw new RPCError(code as number, text);
  const message = [
    `Node ${node} answered ${request.type} with a malformed error: expected body.code to be integer`,
    `  request:  ${clip(formatLine(request))}`,
    `  reply:    ${clip(formatLine(reply))}`,
    `  expected: { type: "error", code: integer, text?: string, msg_id?: integer, in_reply_to: integer }`,
  ].join("\n");
  onMistake({ type: "malformed-reply", node, message, count: 1 });
  throw new RPCError(NaN, text ?? "an error without a code");
}
