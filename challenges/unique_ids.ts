/**
 * Challenge 2: ids that no two requests ever share, made without asking anybody.
 *
 * Each id is a UUID of version 7: 48 bits of the time in milliseconds, then 74 random bits. The time makes ids sort by age; the random
 * bits alone make them unique, whatever clocks do. The ids of one node sort exactly in the order in which they were made: within a
 * millisecond (and should the clock stand still or step back) each is the one before plus a random step.
 *
 * Source: RFC 9562, section 5.7, and method 2 of section 6.2, <https://www.rfc-editor.org/rfc/rfc9562>.
 *
 * @module
 */

import { type Node, serve } from "../mod.ts";
import type { UniqueIdsMessages } from "../lib/messages.ts";

/** The unique-ids program. */
export default function uniqueIds(node: Node<UniqueIdsMessages>): void {
  const nextId = createIds(node);
  node.on("generate", () => ({ id: nextId() }));
}

/** What ids are made from. */
export type IdSource = Pick<Node, "now" | "getRandomValues">;

/**
 * Makes a source of ids.
 *
 * @returns A function that returns a new id each time.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { createIds } from "./unique_ids.ts";
 *
 * const nextId = createIds({ now: () => 1700000000000, getRandomValues: (array) => crypto.getRandomValues(array) });
 * const [first, second] = [nextId(), nextId()];
 * assert(first.startsWith("018bcfe5-6800-7"));
 * assert(first < second);
 * ```
 */
export function createIds(source: IdSource): () => string {
  const start = new Uint32Array(3);
  const step = new Uint32Array(1);
  let time = 0;
  // The 74 random bits: the upper 42 in `high`, the lower 32 in `low`.
  let high = 0;
  let low = 0;
  const restart = (at: number) => {
    source.getRandomValues(start);
    time = at;
    high = start[0]! * 2 ** 10 + (start[1]! >>> 22);
    low = start[2]!;
  };
  const advance = () => {
    low += 1 + source.getRandomValues(step)[0]!;
    if (low < 2 ** 32) return;
    low -= 2 ** 32;
    if (++high === 2 ** 42) restart(time + 1);
  };
  return () => {
    const present = Math.floor(source.now());
    if (present > time) restart(present);
    else advance();
    return format(time, high, low);
  };
}

function format(time: number, high: number, low: number): string {
  const timeHex = hex(time, 12);
  const a = Math.floor(high / 2 ** 30);
  const b = high % 2 ** 30;
  const variant = 0x8000 | (b >>> 16);
  return `${timeHex.slice(0, 8)}-${timeHex.slice(8)}-7${hex(a, 3)}-${hex(variant, 4)}-${hex(b & 0xffff, 4)}${
    hex(low, 8)
  }`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

if (import.meta.main) await serve(uniqueIds);
