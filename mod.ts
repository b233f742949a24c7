/**
 * Write a Maelstrom node in TypeScript: a program is a function of a {@linkcode Node}, and {@linkcode serve} runs it.
 *
 * This is a whole node for the workload broadcast. Each value reaches every node in spite of partitions, because it is
 * sent again until it is acknowledged:
 *
 * ```ts
 * import { type Node, RETRY_UNTIL_ANSWERED, serve } from "./mod.ts";
 * import type { BroadcastMessages } from "./lib/messages.ts";
 *
 * function broadcast(node: Node<BroadcastMessages>): void {
 *   const messages = new Set<number>();
 *   node.on("topology", () => ({}));
 *   node.on("read", () => ({ messages: [...messages] }));
 *   node.on("broadcast", ({ type, message }) => {
 *     if (messages.has(message)) return {};
 *     messages.add(message);
 *     for (const peer of node.peers) void node.rpc(peer, { type, message }, RETRY_UNTIL_ANSWERED);
 *     return {};
 *   });
 * }
 *
 * if (import.meta.main) await serve(broadcast);
 * ```
 *
 * {@linkcode seqKV}, {@linkcode linKV}, {@linkcode lwwKV} and {@linkcode linTSO} are clients of Maelstrom's services.
 * The other entry points:
 *
 * - `./messages`: types of the workloads' messages;
 * - `./kv`: all types of the services' clients;
 * - `./host`: to run a program anywhere else than on stdin and stdout;
 * - `./simulate`: to test a program, many nodes in one process, in virtual time, on a network that the test can cut;
 * - `./check`: the checkers of histories.
 *
 * @module
 */

export type { Handler, HandlerOptions } from "./lib/handlers.ts";
export { type KV, linKV, type LinTSO, linTSO, lwwKV, type SeqKV, seqKV } from "./lib/kv.ts";
export type { Log } from "./lib/log.ts";
export type { AnyMessages, MessageTypes } from "./lib/messages.ts";
export type { AnyNode, Node, Program } from "./lib/node.ts";
export { type Body, type ErrorName, ERRORS, type Message, RPCError } from "./lib/protocol.ts";
export type { RetryOptions } from "./lib/retry.ts";
export { RETRY_UNTIL_ANSWERED, type RPCOptions } from "./lib/rpc.ts";
export type { Schema, StandardIssue, StandardResult, StandardSchema } from "./lib/schema.ts";
export type { NodeStats } from "./lib/stats.ts";
export { serve, type ServeOptions } from "./lib/stdio.ts";
export type { EveryOptions } from "./lib/timers.ts";
