/**
 * Filter of messages: by type, node, period and text.
 *
 * @module
 */

/** @typedef {import("./run_data.js").Messages} Messages */

/**
 * Condition; an empty text or null does not restrict.
 *
 * @typedef {object} Filter
 * @property {string} type
 * @property {string} name Source or destination.
 * @property {"" | "servers" | "clients" | "lost" | "late"} kind
 * @property {number | null} from Microseconds.
 * @property {number | null} to
 * @property {string} text Part of the type, the body, or the line `n0 → n1`; upper and lower case are equal.
 */

/** Filter that everything passes. */
export const NO_FILTER = /** @type {Filter} */ ({ type: "", name: "", kind: "", from: null, to: null, text: "" });

/**
 * Marks the messages that pass.
 *
 * @param {Messages} messages
 * @param {Filter} filter
 * @param {(row: number) => boolean} isLate
 * @returns {{ passes: Uint8Array, count: number }} 1 for each row that passes.
 */
export function applyFilter(messages, filter, isLate) {
  const passes = new Uint8Array(messages.count);
  const test = createTest(messages, filter, isLate);
  let count = 0;
  for (let row = 0; row < messages.count; row++) {
    if (!test(row)) continue;
    passes[row] = 1;
    count++;
  }
  return { passes, count };
}

/**
 * @param {Messages} messages
 * @param {Filter} filter
 * @param {(row: number) => boolean} isLate
 * @returns {(row: number) => boolean}
 */
function createTest(messages, filter, isLate) {
  const { names, types, sent, received, src, dest, isClient, bodyOf } = messages;
  const type = types.indexOf(filter.type);
  const name = names.indexOf(filter.name);
  const text = filter.text.toLowerCase();
  /** @type {Record<string, (row: number) => boolean>} */
  const kinds = {
    servers: (row) => !isClient[src[row]] && !isClient[dest[row]],
    clients: (row) => isClient[src[row]] || isClient[dest[row]],
    lost: (row) => Number.isNaN(received[row]),
    late: isLate,
  };
  const tests = [
    filter.type !== "" && ((/** @type {number} */ row) => messages.type[row] === type),
    filter.name !== "" && ((/** @type {number} */ row) => src[row] === name || dest[row] === name),
    filter.kind !== "" && kinds[filter.kind],
    filter.from !== null && ((/** @type {number} */ row) => sent[row] >= Number(filter.from)),
    filter.to !== null && ((/** @type {number} */ row) => sent[row] <= Number(filter.to)),
    text !== "" && ((/** @type {number} */ row) => {
      const line = `${types[messages.type[row]]} ${names[src[row]]} → ${names[dest[row]]} ${bodyOf(row)}`;
      return line.toLowerCase().includes(text);
    }),
  ].filter((each) => each !== false);
  return (row) => tests.every((each) => each(row));
}

/**
 * Returns a function that says if a message was late: it took more than four times the median of those between nodes
 * and services, and at least 10 ms more.
 *
 * @param {Messages} messages
 * @returns {(row: number) => boolean}
 */
export function lateness({ count, sent, received, src, dest, isClient }) {
  const taken = [];
  // A sample is enough, and a million times need not be sorted.
  const step = Math.max(1, Math.floor(count / 20_000));
  for (let row = 0; row < count; row += step) {
    if (!isClient[src[row]] && !isClient[dest[row]] && received[row] >= 0) taken.push(received[row] - sent[row]);
  }
  taken.sort((a, b) => a - b);
  const median = taken[(taken.length - 1) >> 1] ?? 0;
  const limit = Math.max(4 * median, median + 10_000);
  return (row) => !isClient[src[row]] && !isClient[dest[row]] && received[row] - sent[row] > limit;
}
