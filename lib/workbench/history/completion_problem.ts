/**
 * Completions that do not fit their invocations, as in a file that was damaged or merged wrongly.
 *
 * @module
 */

import { formatExactJSON, isRawNumber } from "../base/json.ts";
import { show } from "../base/text.ts";
import type { Operation } from "./operation.ts";

/** Part of an operation that matters here. */
type Part = Pick<Operation, "type" | "f"> & { value?: unknown };

/**
 * Describes why an operation cannot be the completion of another one; undefined if it can. A completion has the
 * function of its invocation. An acknowledged write has its value too, or no value, or one of another type, which is
 * then only an acknowledgement; an acknowledged read with a key has its key; and an acknowledged send has its key and
 * message. An operation that was not acknowledged can have any value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { completionProblem } from "./completion_problem.ts";
 *
 * const invocation = { index: 4, time: 0, type: "invoke", process: 0, f: "add", value: 7 } as const;
 * assertEquals(completionProblem(invocation, { type: "ok", f: "add" }), undefined);
 * assertEquals(
 *   completionProblem(invocation, { type: "ok", f: "add", value: 8 }),
 *   "expected the value 7 of its invocation (operation 4), or none, got 8",
 * );
 * ```
 */
export function completionProblem(invocation: Operation, completion: Part): string | undefined {
  const { index, f, value: asked } = invocation;
  const its = `its invocation (operation ${index})`;
  if (completion.f !== f) return `expected f to be ${f}, as in ${its}, got ${completion.f}`;
  const answered = completion.value ?? null;
  if (completion.type !== "ok" || answered === null) return undefined;
  if (WRITES.includes(f)) {
    if (isSame(asked, answered) || isAcknowledgement(asked, answered)) return undefined;
    return `expected the value ${show(asked, 60)} of ${its}, or none, got ${show(answered, 60)}`;
  }
  if (f === "read" && isPair(asked) && asked[1] === null && isPair(answered) && !isSame(asked[0], answered[0])) {
    return `expected the key ${show(asked[0], 60)} of ${its}, got ${show(answered, 60)}`;
  }
  return WITH_SENDS.includes(f) ? sendProblem(invocation, answered) : undefined;
}

/** Functions whose completion repeats the value of the invocation. */
const WRITES: readonly string[] = ["add", "broadcast", "write", "cas"];

/** Functions that can send messages. */
const WITH_SENDS: readonly string[] = ["send", "txn"];

function sendProblem({ index, value: asked }: Operation, answered: unknown): string | undefined {
  if (!Array.isArray(asked) || !asked.some(isSend) || !Array.isArray(answered)) return undefined;
  if (asked.length !== answered.length) {
    const count = asked.length === 1 ? "1 send or poll" : `${asked.length} sends and polls`;
    return `expected ${count}, as in its invocation (operation ${index}), got ${show(answered, 60)}`;
  }
  const wrong = asked.findIndex((item, at) => isSend(item) && !isAnswerTo(item, answered[at]));
  if (wrong < 0) return undefined;
  const [f, key, message] = asked[wrong];
  return `expected ${show([f, key, ["offset", message]], 60)}, as in its invocation (operation ${index}), ` +
    `got ${show(answered[wrong], 60)}`;
}

function isSend(item: unknown): item is [f: "send", key: unknown, message: unknown] {
  return Array.isArray(item) && item.length === 3 && item[0] === "send";
}

/** True for a send with the same key and message, with or without an offset. */
function isAnswerTo([_, key, message]: [f: "send", key: unknown, message: unknown], item: unknown): boolean {
  if (!isSend(item) || !isSame(item[1], key)) return false;
  return isSame(item[2], message) || (isPair(item[2]) && isSame(item[2][1], message));
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

/** True if a value other than that of the invocation only acknowledges it: `"OK"`, or a value of another type. */
function isAcknowledgement(asked: unknown, answered: unknown): boolean {
  if ((asked ?? null) === null) return false;
  return kindOf(asked) !== kindOf(answered) || (typeof answered === "string" && /^ok$/i.test(answered));
}

function kindOf(value: unknown): string {
  if (typeof value === "bigint" || isRawNumber(Object(value))) return "number";
  return Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
}

/** True for equal values. The order of an object's fields does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  if (!isPlain(a) || !isPlain(b)) return a === b || formatExactJSON(a ?? null) === formatExactJSON(b ?? null);
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && isSame(a[name], b[name]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !isRawNumber(value) && !(value instanceof Map) && !(value instanceof Set);
}
