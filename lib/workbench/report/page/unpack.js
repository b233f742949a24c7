/**
 * Unpacks the large columns of a report, which `html/pack.ts` has packed. Texts are unpacked when they are asked for.
 *
 * @module
 */

/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {import("./run_data.js").Operations} Operations */
/** @typedef {import("./run_data.js").ReportData} ReportData */
/** @typedef {import("../html/pack.ts").MessagesHead} MessagesHead */
/** @typedef {import("../html/pack.ts").OperationsHead} OperationsHead */

/** Mark in a template, in the place of a number. */
const HOLE = "\u0001";

/**
 * Reads numbers one after the other, as `html/byte_writer.ts` writes them.
 *
 * @param {Uint8Array} bytes
 * @returns {() => number}
 */
function numberReader(bytes) {
  let at = 0;
  return () => {
    let byte = bytes[at++];
    if (byte < 128) return byte;
    let number = byte - 128;
    for (let factor = 128;; factor *= 128) {
      byte = bytes[at++];
      if (!(byte >= 128)) return number + byte * factor;
      number += (byte - 128) * factor;
    }
  };
}

/**
 * Divides bytes into the lists that were joined, each after its length.
 *
 * @param {Uint8Array} bytes
 * @returns {Uint8Array[]}
 */
function splitStreams(bytes) {
  const streams = [];
  for (let at = 0; at < bytes.length;) {
    const length = numberReader(bytes.subarray(at))();
    while (bytes[at] >= 128) at++;
    streams.push(bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return streams;
}

/**
 * @param {Uint8Array} bytes
 * @returns {unknown}
 */
function headOf(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/**
 * Reverse of `unsigned()` in `html/byte_writer.ts`.
 *
 * @param {number} number
 * @returns {number}
 */
function signed(number) {
  return number % 2 === 1 ? -(number + 1) / 2 : number / 2;
}

/**
 * Unpacks texts.
 *
 * @param {string[]} templates
 * @param {Uint8Array} positions
 * @param {Uint8Array} numbers
 * @param {number} count
 * @param {(row: number) => number} contextOf
 * @returns {(row: number) => string} Returns the text of a row. The first call reads the numbers of all.
 */
function textsOf(templates, positions, numbers, count, contextOf) {
  const parts = templates.map((template) => template.split(HOLE));
  /** @type {{ template: Uint32Array, found: number[][] } | undefined} */
  let unpacked;
  return (row) => {
    unpacked ??= unpackNumbers(parts, positions, numbers, count, contextOf);
    const texts = parts[unpacked.template[row]];
    let text = texts[0];
    for (let at = 1; at < texts.length; at++) text += unpacked.found[row][at - 1] + texts[at];
    return text;
  };
}

/**
 * @param {string[][]} parts Texts between the numbers of each template.
 * @param {Uint8Array} positions
 * @param {Uint8Array} numbers
 * @param {number} count
 * @param {(row: number) => number} contextOf
 */
function unpackNumbers(parts, positions, numbers, count, contextOf) {
  const [nextPosition, nextNumber] = [numberReader(positions), numberReader(numbers)];
  const contexts = parts.map(() => /** @type {Map<number, number[]>} */ (new Map()));
  const template = new Uint32Array(count);
  const found = new Array(count);
  for (let row = 0; row < count; row++) {
    const position = template[row] = nextPosition();
    const size = parts[position].length - 1;
    if (size === 0) continue;
    const context = contextOf(row);
    const before = contexts[position].get(context);
    const own = new Array(size);
    for (let at = 0; at < size; at++) own[at] = (before === undefined ? 0 : before[at]) + signed(nextNumber());
    contexts[position].set(context, own);
    found[row] = own;
  }
  return { template, found };
}

/**
 * Unpacks operations.
 *
 * @param {Uint8Array} bytes
 * @returns {Operations}
 */
export function unpackOperations(bytes) {
  const [first, ...streams] = splitStreams(bytes);
  const { functions, count, arguments: argumentTemplates, results } = /** @type {OperationsHead} */ (headOf(first));
  const next = streams.slice(0, 8).map(numberReader);
  const columns = Array.from({ length: 8 }, () => /** @type {number[]} */ (new Array(count)));
  const [index, completion, process, worker, f, outcome, start, duration] = columns;
  let [lastIndex, lastProcess, lastStart] = [0, 0, 0];
  for (let row = 0; row < count; row++) {
    index[row] = lastIndex += signed(next[0]());
    const after = next[1]();
    completion[row] = after === 0 ? -1 : index[row] + after;
    process[row] = lastProcess += signed(next[2]());
    worker[row] = process[row] - signed(next[3]());
    f[row] = next[4]();
    outcome[row] = next[5]();
    start[row] = lastStart += signed(next[6]());
    duration[row] = signed(next[7]()) - 1;
  }
  const [argumentOf, resultOf] = [argumentTemplates, results].map((templates, at) =>
    textsOf(templates, streams[8 + 2 * at], streams[9 + 2 * at], count, (row) => f[row])
  );
  return { functions, index, completion, process, worker, f, outcome, start, duration, argumentOf, resultOf };
}

/** @param {number} count */
function emptyColumns(count) {
  const [id, sent, received, size] = Array.from({ length: 4 }, () => new Float64Array(count));
  const [src, dest, type, operation] = Array.from({ length: 4 }, () => new Int32Array(count));
  return { id, sent, received, size, src, dest, type, operation };
}

/**
 * @param {number} count
 * @param {() => number} nextDistance Returns the distance to a request, in rows; 0 for a message that is no answer.
 */
function unpackAnswers(count, nextDistance) {
  const [request, answer] = Array.from({ length: 2 }, () => new Int32Array(count).fill(-1));
  for (let row = 0; row < count; row++) {
    const asked = row - nextDistance();
    if (asked === row) continue;
    request[row] = asked;
    if (answer[asked] === -1) answer[asked] = row;
  }
  return { request, answer };
}

/**
 * Unpacks messages.
 *
 * @param {Uint8Array} bytes
 * @returns {Messages}
 */
export function unpackMessages(bytes) {
  const [first, ...streams] = splitStreams(bytes);
  const { names, types, count, copies: copyCount, bodies } = /** @type {MessagesHead} */ (headOf(first));
  const next = streams.slice(0, 11).map(numberReader);
  const columns = { ...emptyColumns(count), ...unpackAnswers(count, next[3]) };
  const { id, sent, received, size, src, dest, type, operation, request } = columns;
  /** @type {Map<number, number>} Type of the latest answer to a request of a type. */
  const answerTypes = new Map();
  const sizes = types.map(() => 0);
  let [lastId, time, latest] = [-1, 0, -1];
  for (let row = 0; row < count; row++) {
    id[row] = lastId += signed(next[0]()) + 1;
    sent[row] = time += signed(next[1]());
    const delay = signed(next[2]()) - 1;
    received[row] = delay < 0 ? NaN : time + delay;
    const asked = request[row];
    const isAnswer = asked !== -1;
    src[row] = next[4]() - 1;
    if (src[row] === -1) src[row] = dest[asked];
    dest[row] = next[5]() - 1;
    if (dest[row] === -1) dest[row] = src[asked];
    type[row] = next[6]() - 1;
    if (type[row] === -1) type[row] = /** @type {number} */ (answerTypes.get(type[asked]));
    if (isAnswer) answerTypes.set(type[asked], type[row]);
    const difference = next[7]();
    if (isAnswer) operation[row] = operation[asked] + signed(difference);
    else operation[row] = difference === 0 ? -1 : latest += signed(difference - 1);
    size[row] = sizes[type[row]] += signed(next[8]());
  }
  const bodyOf = textsOf(bodies, streams[11], streams[12], count, (row) => src[row] * names.length + dest[row]);
  const copies = unpackCopies(copyCount, next[9], next[10], sent);
  const isClient = names.map((name) => /^c\d+$/.test(name));
  return { count, names, types, isClient, ...columns, bodyOf, copies };
}

/**
 * Unpacks the copies of messages: each has the row of its message, and the time of its arrival.
 *
 * @param {number} count
 * @param {() => number} nextRow
 * @param {() => number} nextDelay
 * @param {ArrayLike<number>} sent
 */
function unpackCopies(count, nextRow, nextDelay, sent) {
  let row = 0;
  return Array.from({ length: count }, () => /** @type {[number, number]} */ ([
    row += signed(nextRow()),
    sent[row] + signed(nextDelay()),
  ]));
}

/**
 * Unpacks a part of a page: bytes, compressed with gzip and written as base64.
 *
 * @param {string} packed
 * @returns {Promise<Uint8Array>}
 */
export async function unpackBytes(packed) {
  const binary = atob(packed.trim());
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Unpacks the data of a page without its messages.
 *
 * @param {string} data Text of its part.
 * @param {string} operations
 * @returns {Promise<ReportData>}
 */
export async function unpackData(data, operations) {
  const rest = JSON.parse(new TextDecoder().decode(await unpackBytes(data)));
  return { ...rest, operations: unpackOperations(await unpackBytes(operations)) };
}
