/**
 * Challenge 2: globally unique ids, made without a message to any other node. See `docs/unique_ids.md`.
 *
 * Each id is a UUID of version 7: 48 bits of the time in milliseconds, then 74 random bits. The random bits make ids
 * unique; the time makes them sort by age.
 *
 * 1. If the clock shows a later millisecond than the last id has, the next id gets that time and new random bits.
 * 2. Otherwise it is the last id plus a random step. So the ids of a node always increase, even if its clock stands
 *    still or goes back.
 *
 * Source: RFC 9562, section 5.7, and method 2 of section 6.2, <https://www.rfc-editor.org/rfc/rfc9562>.
 *
 * @module
 */

import type { Node } from "../mod.ts";
import type { UniqueIdsMessages } from "../lib/messages.ts";
import { serveWithArguments } from "./shared/arguments.ts";

/** The unique-ids program. */
export default function uniqueIds(node: Node<UniqueIdsMessages>): void {
  const nextId = createIds(node);
  node.on("generate", () => ({ id: nextId() }));
}

/** Clock and randomness that ids are made from. */
export type IdSource = Pick<Node, "now" | "getRandomValues">;

/**
 * Creates a source of ids.
 *
 * @returns A function that returns a new id on each call.
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
  let last: IdBits = { time: 0, high: 0, low: 0 };
  return () => {
    const time = Math.floor(source.now());
    last = time > last.time ? drawBits(source, time) : addRandomStep(source, last);
    return format(last);
  };
}

/** The bits of an id that are not fixed by the format. */
interface IdBits {
  /** Milliseconds since 1970: 48 bits. */
  time: number;
  /** Upper 42 of the random bits. */
  high: number;
  /** Lower 32 of the random bits. */
  low: number;
}

function drawBits(source: IdSource, time: number): IdBits {
  const [a, b, c] = source.getRandomValues(new Uint32Array(3));
  return { time, high: a! * 2 ** 10 + (b! >>> 22), low: c! };
}

/** Adds 1 to 2³² to the random bits. If they overflow, takes the next millisecond with new random bits. */
function addRandomStep(source: IdSource, { time, high, low }: IdBits): IdBits {
  const [step] = source.getRandomValues(new Uint32Array(1));
  const sum = low + 1 + step!;
  if (sum < 2 ** 32) return { time, high, low: sum };
  if (high + 1 < 2 ** 42) return { time, high: high + 1, low: sum - 2 ** 32 };
  return drawBits(source, time + 1);
}

function format({ time, high, low }: IdBits): string {
  const timeHex = hex(time, 12);
  const upper12 = Math.floor(high / 2 ** 30);
  const lower30 = high % 2 ** 30;
  const variant = 0x8000 | (lower30 >>> 16);
  return [
    timeHex.slice(0, 8),
    timeHex.slice(8),
    `7${hex(upper12, 3)}`,
    hex(variant, 4),
    hex(lower30 & 0xffff, 4) + hex(low, 8),
  ].join("-");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

if (import.meta.main) await serveWithArguments(uniqueIds);
