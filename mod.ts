/**
 * The runtime.
 *
 * @module
 */
export * from "./lib/protocol.ts";
export * from "./lib/host.ts";
export * from "./lib/messages.ts";
export * from "./lib/node.ts";
export * from "./lib/stdio.ts";
export * from "./lib/kv.ts";
