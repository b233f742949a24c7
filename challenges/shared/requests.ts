/**
 * What well-formed requests look like. Others are answered with error 12 (malformed-request), which says what was expected.
 *
 * @module
 */

type Body = Record<string, unknown>;
/** Whether a body is well-formed, or else what was expected. */
type Check = (body: Body) => true | string;

/** Checks one field of a body. */
export function field(name: string, expected: string, isGood: (value: unknown) => boolean): { schema: Check } {
  return {
    schema: (body) => isGood(body[name]) || `expected ${name} to be ${expected}, got ${JSON.stringify(body[name])}`,
  };
}

/** Checks several fields of a body. */
function fields(...checks: { schema: Check }[]): { schema: Check } {
  return { schema: (body) => checks.map(({ schema }) => schema(body)).find((verdict) => verdict !== true) ?? true };
}

function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOffset(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** `broadcast`; the value may be anything, but not missing. */
export const BROADCAST = field("message", "a value", (message) => message !== undefined);
/** `deliver` between nodes of broadcast. */
export const DELIVER = field("values", "an array", Array.isArray);
/** `add` of the counter. */
export const ADD = field("delta", "an integer, 0 or more", isOffset);
/** `send` of the logs; the message may be anything. */
export const SEND = field("key", "a string", (key) => typeof key === "string");
/** `poll` and `commit_offsets` of the logs. */
export const OFFSETS = field(
  "offsets",
  "an object of integers, 0 or more",
  (offsets) => isObject(offsets) && Object.values(offsets).every(isOffset),
);
/** `list_committed_offsets` of the logs. */
export const KEYS = field(
  "keys",
  "an array of strings",
  (keys) => Array.isArray(keys) && keys.every((key) => typeof key === "string"),
);
/** `txn` of the transactions. */
export const TXN = field("txn", 'an array of ["r", key, null] and ["w", key, value]', (operations) => {
  return Array.isArray(operations) && operations.every((each) => {
    return Array.isArray(each) && each.length === 3 && (each[0] === "r" || each[0] === "w");
  });
});

function isBatch(value: unknown): boolean {
  return isObject(value) && typeof value.from === "string" && isOffset(value.number) && Array.isArray(value.entries);
}

/** `append` between nodes of the shared log. */
export const APPEND = field("batch", "a batch", isBatch);
/** `written` between nodes of the shared log. */
export const WRITTEN = fields(
  field("index", "an integer, 0 or more", isOffset),
  field("slot", "an array of batches", (slot) => Array.isArray(slot) && slot.every(isBatch)),
);
