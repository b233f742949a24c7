/**
 * Writes EDN as Jepsen does, so that its tools and Elle's read our runs: histories (`history.edn`) and values.
 *
 * {@linkcode parseEDNHistory} reads a history back as it was, because a keyword is read as its name.
 *
 * @module
 */

import { isRawNumber } from "../base/json.ts";
import type { Operation } from "./operation.ts";

/** Matches names that are written as keywords. */
const NAME = /^[a-zA-Z_][\w?!*+<>=-]*$/;

/** Matches keys of objects that are numbers in Jepsen's results, such as those of quantiles. */
const NUMERIC = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Functions whose value is a list of micro-operations, such as `[:append 8 1]`. Maps in it have strings as keys. */
const TRANSACTIONS: readonly string[] = ["txn", "send", "poll"];

/** Matches functions of the nemesis that act on nodes or servers; their result is a map from these to keywords. */
const NODE_FAULT = /^((pause|resume|kill|start)(-nats|-etcd)?|(remove|add)-member)$/;

/** Forms in which strings and the keys of objects are written. */
interface Form {
  /** True if the keys of objects are keywords, where they can be. */
  keywords: boolean;
  /** True if the keys of objects are numbers, where they can be. They are not read back as the same object. */
  numbers?: boolean;
  /** True if strings are keywords, where they can be. */
  names?: boolean;
  /** True if arrays are sets. */
  sets?: boolean;
}

/** Keyword, such as `:valid?`, as a value for {@linkcode formatEDN}. */
export class Keyword {
  /** @param name Name without the colon. */
  constructor(readonly name: string) {}
}

/**
 * Writes a value as EDN on one line. Arrays are vectors. Objects are maps whose keys are keywords, numbers or strings,
 * as their texts allow; a `Map` keeps its keys.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatEDN, Keyword } from "./edn_writer.ts";
 *
 * const value = { "valid?": true, type: new Keyword("ok"), counts: { "0.5": 12 }, value: ["a", null] };
 * assertEquals(formatEDN(value), '{:valid? true, :type :ok, :counts {0.5 12}, :value ["a" nil]}');
 * ```
 */
export function formatEDN(value: unknown): string {
  return write(value, { keywords: true, numbers: true });
}

/**
 * Writes an operation as a line of Jepsen's `history.edn`, without the line feed. Types, functions, the kinds and
 * results of faults, and the names of errors and micro-operations are keywords.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatEDNOperation } from "./edn_writer.ts";
 *
 * const operation = { index: 4, time: 51, type: "ok", process: 0, f: "txn", value: [["r", 9, [2]]] } as const;
 * assertEquals(
 *   formatEDNOperation(operation),
 *   "{:index 4, :time 51, :type :ok, :process 0, :f :txn, :value [[:r 9 [2]]]}",
 * );
 * ```
 */
export function formatEDNOperation({ index, time, type, process, f, value, ...rest }: Operation): string {
  const { error, final, ...others } = rest;
  const fields = [
    `:index ${index}`,
    `:time ${time}`,
    `:type :${type}`,
    `:process ${process === "nemesis" ? ":nemesis" : process}`,
    `:f ${writeString(f, true)}`,
    `:value ${process === "nemesis" ? writeFault(f, value) : writeValue(f, value)}`,
    ...error === undefined ? [] : [`:error ${writeTagged(error)}`],
    ...final ? [":final? true"] : [],
    ...Object.entries(others).filter(([, field]) => field !== undefined)
      .map(([name, field]) => `${writeString(name, true)} ${write(field, { keywords: true })}`),
  ];
  return `{${fields.join(", ")}}`;
}

/** Writes a value of a client's operation. */
function writeValue(f: string, value: unknown): string {
  if (!TRANSACTIONS.includes(f)) return write(value, { keywords: true });
  if (!Array.isArray(value)) return write(value, { keywords: false });
  return `[${value.map((operation) => writeTagged(operation, { keywords: false })).join(" ")}]`;
}

/** Writes a name as a keyword, or a list whose first item is one: an error, or a micro-operation. */
function writeTagged(value: unknown, form: Form = { keywords: true }): string {
  if (typeof value === "string") return writeString(value, true);
  if (!Array.isArray(value) || typeof value[0] !== "string") return write(value, form);
  const [name, ...rest] = value;
  return `[${[writeString(name, true), ...rest.map((item) => write(item, form))].join(" ")}]`;
}

/** Writes a value of the nemesis: the kind that was drawn, or the result. */
function writeFault(f: string, value: unknown): string {
  if (Array.isArray(value)) return writeTagged(value, { keywords: false, sets: true });
  if (NODE_FAULT.test(f)) return write(value, { keywords: false, names: true });
  return typeof value === "string" ? writeString(value, true) : write(value, { keywords: true });
}

/** Values are at most `MAX_NESTING` deep: where they are read, deeper ones are refused. */
function write(value: unknown, form: Form): string {
  if (typeof value === "string") return writeString(value, form.names === true);
  if (value === null || value === undefined) return "nil";
  if (typeof value !== "object") return String(value);
  if (isRawNumber(value)) return JSON.stringify(value);
  if (value instanceof Keyword) return `:${value.name}`;
  if (Array.isArray(value)) {
    const items = value.map((item) => write(item, form)).join(" ");
    return form.sets ? `#{${items}}` : `[${items}]`;
  }
  const entries = value instanceof Map
    ? Array.from(value, ([key, item]) => `${write(key, form)} ${write(item, form)}`)
    : Object.entries(value).map(([key, item]) => `${writeKey(key, form)} ${write(item, form)}`);
  return `{${entries.join(", ")}}`;
}

function writeKey(key: string, { keywords, numbers }: Form): string {
  return numbers && NUMERIC.test(key) ? key : writeString(key, keywords);
}

/** JSON's escapes are EDN's, too. */
function writeString(text: string, asKeyword: boolean): string {
  return asKeyword && NAME.test(text) ? `:${text}` : JSON.stringify(text);
}
