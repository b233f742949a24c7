/**
 * Hostile values, and changes that put them into well-formed ones.
 *
 * @module
 */

import fc from "fast-check";
import { formatJSON, isRawNumber, parseExactJSON } from "../../lib/workbench/base/json.ts";

/** Change of one part of a JSON value. */
export interface Mutation {
  /** Way to the part: each number chooses a child, modulo their number. The way ends early at a value without any. */
  path: number[];
  change: "replace" | "remove" | "rename" | "wrap" | "double" | "add";
  /** Name for `rename` and `add`. */
  name: string;
  /** JSON text of the value for `replace` and `add`. `"@deep:N@"` is N nested arrays, `"@deeper:N@"` N objects. */
  text: string;
}

/** Names that programs in JavaScript may trip over, and those of the protocol. */
const NAMES = ["__proto__", "constructor", "toString", "then", "length", "", "type", "msg_id", "in_reply_to", "src"];

/** JSON texts of values that programs may trip over. */
const TEXTS = [
  ...["null", "true", "false", "0", "-1", "-0", "1.5", "1.0", "1e300", "-1e300", "1e400", "4294967296", '"1"'],
  ...["9007199254740991", "9007199254740993", "18446744073709551616", '""', '"x"', '"__proto__"', '"constructor"'],
  ...['"toString"', '"n0"', '"n9"', '"lin-kv"', '"c0"', '"\\ud800"', '"\\u0000"', `"${"x".repeat(5000)}"`, "[]", "{}"],
  ...["[null]", "[[]]", "[1,2]", '[["r",1,null]]', '[["w","__proto__",1]]', '{"__proto__":1}', '{"length":-1}'],
  ...['{"__proto__":{"x":1}}', '{"constructor":{"prototype":1}}', '{"toString":null}', '{"then":1}', '{"n0":1}'],
  ...['{"type":"error"}', '{"n0.1":[0,[]]}', '"@deep:200@"', '"@deep:5000@"', '"@deep:100000@"', '"@deeper:20000@"'],
];

/** Hostile JSON texts. */
export const HOSTILE: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.noShrink(fc.json({ maxDepth: 2 })) },
);

/** A few changes of one value, most often one. */
export const MUTATIONS: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    path: fc.array(fc.nat({ max: 9 }), { maxLength: 5 }),
    change: fc.constantFrom<Mutation["change"][]>("replace", "replace", "remove", "rename", "wrap", "double", "add"),
    name: fc.constantFrom(...NAMES),
    text: HOSTILE,
  }),
  { maxLength: 3 },
);

/** Changes a JSON value. The result is a new value, and a text for which {@linkcode expand} is still to be called. */
export function mutate(value: unknown, mutations: readonly Mutation[]): unknown {
  const holder: Part = { root: parseExactJSON(formatJSON(value ?? null)) };
  for (const mutation of mutations) mutatePart(holder, mutation);
  return holder.root;
}

/** An object or an array, by its keys. */
type Part = Record<string, unknown>;

function mutatePart(holder: Part, { path, change, name, text }: Mutation): void {
  let [parent, key] = [holder, "root"];
  for (const step of path) {
    const keys = keysOf(parent[key]);
    if (keys.length === 0) break;
    [parent, key] = [parent[key] as Part, keys[step % keys.length]!];
  }
  const value = parent[key];
  if (change === "replace") set(parent, key, parseExactJSON(text));
  if (change === "wrap") set(parent, key, [value]);
  if (change === "double") set(parent, key, [value, value]);
  if (change === "add") set(isPart(value) ? value : parent, name, parseExactJSON(text));
  if (change === "rename" || change === "remove") remove(parent, key);
  if (change === "rename") set(parent, name, value);
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !isRawNumber(value);
}

function keysOf(value: unknown): string[] {
  return isPart(value) ? Object.keys(value) : [];
}

/** Sets a property, even one named `__proto__`. */
function set(part: Part, key: string, value: unknown): void {
  if (Array.isArray(part) && !(Number(key) <= part.length)) part.push(value);
  else Object.defineProperty(part, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(part: Part, key: string): void {
  if (Array.isArray(part)) part.splice(Number(key), 1);
  else delete part[key];
}

/** Writes the deep values of a text in JSON, or in EDN, where a map has no colons. */
export function expand(text: string, isEDN = false): string {
  return text
    .replaceAll(/"@deep:(\d+)@"/g, (_, depth) => "[".repeat(depth) + "]".repeat(depth))
    .replaceAll(/"@deeper:(\d+)@"/g, (_, depth) => (isEDN ? '{"a" ' : '{"a":').repeat(depth) + "1" + "}".repeat(depth));
}
