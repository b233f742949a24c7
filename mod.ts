/**
 * Write a Maelstrom node in TypeScript: a program is a function of a {@linkcode Node}, and {@linkcode serve} runs it.
 *
 * This is a whole node for the workload broadcast, which partitions cannot hurt:
 *
 * ```ts
 * import { type BroadcastMessages, type Node, serve } from "./mod.ts";
 *
 * function broadcast(node: Node<BroadcastMessages>): void {
 *   const messages = new Set<number>();
 *   node.on("topology", () => ({}));
 *   node.on("read", () => ({ messages: [...messages] }));
 *   node.on("broadcast", ({ type, message }) => {
 *     const retry = { attempts: Infinity, idempotent: true };
 *     if (!messages.has(message)) for (const peer of node.peers) void node.rpc(peer, { type, message }, { retry });
 *     messages.add(message);
 *     return {};
 *   });
 * }
 *
 * if (import.meta.main) await serve(broadcast);
 * ```
 *
 * The types of messages are declared with {@linkcode MessageTypes}. Maelstrom's services are at hand with {@linkcode seqKV},
 * {@linkcode linKV}, {@linkcode lwwKV} and {@linkcode linTSO}. `simulate`, the entry point `./simulate`, runs a program in a test: many
 * nodes in one process, in virtual time, on a network that the test can cut.
 *
 * @module
 */

export * from "./lib/protocol.ts";
export * from "./lib/host.ts";
export * from "./lib/messages.ts";
export * from "./lib/node.ts";
export type { Handler, HandlerOptions } from "./lib/handlers.ts";
export type { Log } from "./lib/log.ts";
export type { CallStats, RetryOptions, RPCOptions } from "./lib/rpc.ts";
export type { Schema, StandardIssue, StandardResult, StandardSchema } from "./lib/schema.ts";
export type { EveryOptions } from "./lib/timers.ts";
export * from "./lib/stdio.ts";
export * from "./lib/kv.ts";
