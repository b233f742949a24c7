/**
 * Schemas of the messages that the programs handle. A message that does not match is answered with error 12
 * (malformed-request), which says what was expected.
 *
 * @module
 */

type Body = Record<string, unknown>;
/** Returns true if a body is well-formed, otherwise a text that says what was expected. */
type Check = (body: Body) => true | string;

/** Options of a handler. */
interface Checked {
  schema: Check;
}

/** Checks one field of a body. */
export function field(name: string, expected: string, isGood: (value: unknown) => boolean): Checked {
  return {
    schema: (body) =>
      isGood(body[name]) || `expected ${name} to be ${expected}, got ${JSON.stringify(body[name])?.slice(0, 60)}`,
  };
}

/** Checks a field that may be absent. */
function optional(name: string, expected: string, isGood: (value: unknown) => boolean): Checked {
  return field(name, expected, (value) => value === undefined || isGood(value));
}

/** Checks several fields of a body, in this order. */
function all(...checks: Checked[]): Checked {
  return {
    schema(body) {
      const verdicts = checks.values().map(({ schema }) => schema(body));
      return verdicts.find((verdict) => verdict !== true) ?? true;
    },
  };
}

function isPresent(value: unknown): boolean {
  return value !== undefined;
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNatural(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isOperation(value: unknown): boolean {
  return Array.isArray(value) && value.length === 3 && (value[0] === "r" || value[0] === "w");
}

function isBatch(value: unknown): boolean {
  return isObject(value) && isString(value.from) && isNatural(value.number) && Array.isArray(value.entries);
}

/** Checks an array by its elements. */
function isArrayOf(isGood: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(isGood);
}

/** Checks an array of fixed length, each element in its own way. */
function isTuple(...parts: ((value: unknown) => boolean)[]): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) && value.length === parts.length && parts.every((isGood, i) => isGood(value[i]));
}

/** Checks the values of an object. */
function isRecordOf(isGood: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isObject(value) && Object.values(value).every(isGood);
}

/** `broadcast`. The value may be any JSON. */
export const BROADCAST = field("message", "a value", isPresent);
/** `deliver` between nodes of broadcast. */
export const DELIVER = field("values", "an array", Array.isArray);

/** `add` of the counter. */
export const ADD = field("delta", "an integer, 0 or more", isNatural);

/** `send` of the logs. The message may be any JSON. */
export const SEND = all(field("key", "a string", isString), field("msg", "a message", isPresent));
/** `poll` and `commit_offsets` of the logs. */
export const OFFSETS = field("offsets", "an object of integers, 0 or more", isRecordOf(isNatural));
/** `list_committed_offsets` of the logs. */
export const KEYS = field("keys", "an array of strings", isArrayOf(isString));

/** `append` between nodes of the shared log. */
export const APPEND = field("batch", "a batch", isBatch);
/** `written` between nodes of the shared log. */
export const WRITTEN = all(
  field("index", "an integer, 0 or more", isNatural),
  field("slot", "an array of batches", isArrayOf(isBatch)),
);

/** `txn` of the transactions. Keys and values may be any JSON. */
export const TXN = field("txn", 'an array of ["r", key, null] and ["w", key, value]', isArrayOf(isOperation));

/** True for a version vector in a message between nodes of replication. */
export const isCounts: (value: unknown) => boolean = isRecordOf(isNatural);
/** `replicate` between nodes of replication. */
export const REPLICATE = all(
  field("from", "a string", isString),
  field("seq", "a whole number", isNatural),
  field("have", "whole numbers by log", isCounts),
  optional("ack", "[incarnation, seq, µs]", isTuple(isString, isNatural, isNatural)),
  optional("base", "a whole number", isNatural),
  optional("entries", "[from, entries] by log", isRecordOf(isTuple(isNatural, Array.isArray))),
  optional("snapshot", "[whole numbers by log, state]", isTuple(isCounts, () => true)),
  optional("hub", "a string", isString),
  optional("next", "a whole number", isNatural),
  optional("question", "true", (value) => value === true),
);
