/**
 * Data of a run as the page uses it: the embedded columns with times instead of differences.
 *
 * @module
 */

/**
 * Data of a run without its messages, which are unpacked later.
 *
 * @typedef {Omit<import("../html/report_data.ts").ReportData, "messages" | "operations"> & OwnData} ReportData
 * @typedef {{ operations: Operations, messageCount: number | null }} OwnData
 */

/**
 * Operations; a text is unpacked when it is asked for.
 *
 * @typedef {Omit<OperationColumns, "argument" | "result"> & OperationTexts} Operations
 * @typedef {{ argumentOf: (row: number) => string, resultOf: (row: number) => string }} OperationTexts As JSON.
 */
/** @typedef {import("../html/report_data.ts").MessageColumns} MessageColumns */
/** @typedef {import("../html/report_data.ts").OperationColumns} OperationColumns */
/** @typedef {import("../html/report_data.ts").FaultBand} FaultBand */

/** Outcomes of operations, each with its symbol: colour is never the only sign. */
export const OUTCOMES = /** @type {const} */ ([
  { name: "ok", symbol: "●" },
  { name: "info", symbol: "▲" },
  { name: "fail", symbol: "✕" },
  { name: "open", symbol: "◌" },
]);

/**
 * Messages with absolute times.
 *
 * @typedef {object} Messages
 * @property {number} count
 * @property {string[]} names
 * @property {string[]} types
 * @property {boolean[]} isClient By position in `names`.
 * @property {ArrayLike<number>} id
 * @property {Float64Array} sent Ascending, microseconds.
 * @property {Float64Array} received Microseconds; NaN if it never arrived.
 * @property {ArrayLike<number>} src
 * @property {ArrayLike<number>} dest
 * @property {ArrayLike<number>} type
 * @property {Int32Array} request Row of the request that it answers, or -1.
 * @property {Int32Array} answer Row of its first answer, or -1.
 * @property {ArrayLike<number>} operation
 * @property {(row: number) => string} bodyOf Returns a body as JSON, shortened if it is long; empty if it is left out.
 * @property {ArrayLike<number>} size Characters of the whole body.
 * @property {[row: number, received: number][]} copies Further arrivals.
 */

/**
 * Decodes the columns of messages as they are in memory. Those of a page are packed (`unpack.js`).
 *
 * @param {MessageColumns} columns
 * @returns {Messages}
 */
export function decodeMessages(columns) {
  const count = columns.id.length;
  const [sent, received] = [new Float64Array(count), new Float64Array(count)];
  const [request, answer] = [new Int32Array(count).fill(-1), new Int32Array(count).fill(-1)];
  let time = 0;
  for (let row = 0; row < count; row++) {
    time += columns.sent[row];
    sent[row] = time;
    received[row] = columns.delay[row] < 0 ? NaN : time + columns.delay[row];
    const asked = row - columns.reply[row];
    if (asked === row) continue;
    request[row] = asked;
    if (answer[asked] === -1) answer[asked] = row;
  }
  const copies = columns.copies.map(([row, delay]) => /** @type {[number, number]} */ ([row, sent[row] + delay]));
  const isClient = columns.names.map((name) => /^c\d+$/.test(name));
  const { names, types, id, src, dest, type, operation, size } = columns;
  const bodyOf = (/** @type {number} */ row) => columns.body[row];
  return {
    count,
    names,
    types,
    isClient,
    id,
    sent,
    received,
    src,
    dest,
    type,
    request,
    answer,
    operation,
    bodyOf,
    size,
    copies,
  };
}

/**
 * Position of the first of some ascending numbers that is at least `limit`.
 *
 * @param {ArrayLike<number>} numbers
 * @param {number} limit
 * @returns {number}
 */
export function firstAtLeast(numbers, limit) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Names of the kinds of faults, in the order of their first appearance.
 *
 * @param {readonly FaultBand[]} faults
 * @returns {string[]}
 */
export function faultNames(faults) {
  return [...new Set(faults.map(({ name }) => name))];
}

/**
 * Merges periods that overlap, with the names of all faults in each.
 *
 * @param {readonly FaultBand[]} faults In the order of their beginnings.
 * @returns {{ names: string[], start: number, end: number }[]}
 */
export function mergeBands(faults) {
  /** @type {{ names: string[], start: number, end: number }[]} */
  const merged = [];
  for (const { name, start, end } of faults) {
    const last = merged[merged.length - 1];
    if (last === undefined || start > last.end) merged.push({ names: [name], start, end });
    else {
      last.end = Math.max(last.end, end);
      if (!last.names.includes(name)) last.names.push(name);
    }
  }
  return merged;
}
