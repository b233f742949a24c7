/**
 * Incarnations: telling one run of a node from another.
 *
 * @module
 */
import type { AnyNode } from "../../mod.ts";

/**
 * Draws a value that distinguishes this run of the node's process from every earlier and later one: 64 random bits as
 * text.
 */
export function drawIncarnation(node: AnyNode): string {
  return Array.from(node.getRandomValues(new Uint32Array(2)), (word) => word.toString(36)).join("");
}
