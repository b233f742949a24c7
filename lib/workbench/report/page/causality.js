/**
 * Causality of messages and operations. The page and `trace` use it.
 *
 * A run does not record why a node sent a message, so this is inferred. There are two kinds of links:
 *
 * - **Direct**: an answer and its request; and a message that a node sent after it had received another one, with
 *   nothing received between them: right after, or before it answered, however long that took.
 * - **First news**: the first message by which something can have reached a node, over any number of others. There is
 *   at most one for each node, so it shows how a write can have spread even if nodes send in batches. In the other
 *   direction, it is the last message by which a node can have had a say in an answer.
 *
 * Clients end a chain: they pass nothing on.
 *
 * @module
 */

import { firstAtLeast } from "./run_data.js";

/** @typedef {import("./run_data.js").Messages} Messages */

/**
 * Rows of messages, each list in order of sending.
 *
 * @typedef {object} Related
 * @property {number[]} own Requests and answers of the operation, or the message itself.
 * @property {number[]} causes Messages before it that it may depend on.
 * @property {number[]} effects Messages after it that may depend on it.
 * @property {Map<number, Link>} links For each cause and effect, its link to the others.
 * @property {boolean} isWhole False if there are more than {@linkcode MOST_RELATED}.
 */

/**
 * Link of a cause or an effect to the messages in question.
 *
 * @typedef {object} Link
 * @property {number} via Row of the message that an effect follows from, or that a cause has led to.
 * @property {boolean} isDirect False for first news, and for the last message with which a node can have had a say.
 */

/** Largest number of direct causes, and of direct effects. */
export const MOST_RELATED = 400;

/**
 * Index of the arrivals at each participant.
 *
 * @typedef {object} CausalIndex
 * @property {Messages} messages
 * @property {Uint32Array} arrived All rows that arrived, in order of arrival.
 * @property {number[][]} arrivals Rows that arrived at each name, in order of arrival.
 * @property {number[][]} sends Rows that each name sent, in order.
 * @property {number} window Microseconds within which a node reacts to what it has received.
 */

/**
 * Creates the index that the other functions use.
 *
 * @param {Messages} messages
 * @param {boolean} isVirtual True if handlers take no time, as in a simulation.
 * @returns {CausalIndex}
 */
export function createCausalIndex(messages, isVirtual) {
  const { count, received, names } = messages;
  const arrived = Uint32Array.from({ length: count }, (_, row) => row).filter((row) => !Number.isNaN(received[row]));
  arrived.sort((a, b) => received[a] - received[b] || a - b);
  const arrivals = names.map(() => /** @type {number[]} */ ([]));
  const sends = names.map(() => /** @type {number[]} */ ([]));
  for (const row of arrived) arrivals[messages.dest[row]].push(row);
  for (let row = 0; row < count; row++) sends[messages.src[row]].push(row);
  return { messages, arrived, arrivals, sends, window: isVirtual ? 0 : REACTION };
}

/** Time within which the handler of a real process reacts, microseconds. */
const REACTION = 2000;

/**
 * Finds the messages that an operation caused, and those that it was caused by.
 *
 * @param {CausalIndex} index
 * @param {number} operation Its row.
 * @returns {Related}
 */
export function relatedToOperation(index, operation) {
  const own = [];
  for (let row = 0; row < index.messages.count; row++) {
    if (index.messages.operation[row] === operation) own.push(row);
  }
  return related(index, own);
}

/**
 * Finds the messages that a message caused, and those that it was caused by.
 *
 * @param {CausalIndex} index
 * @param {number} row
 * @returns {Related}
 */
export function relatedToMessage(index, row) {
  return related(index, [row]);
}

/**
 * @param {CausalIndex} index
 * @param {number[]} own
 * @returns {Related}
 */
function related(index, own) {
  const direct = { effects: directEffects(index, own), causes: directCauses(index, own) };
  const effects = mergedLinks(direct.effects, firstNews(index, own), new Set(own));
  const causes = mergedLinks(direct.causes, lastSay(index, own), new Set([...own, ...effects.keys()]));
  const isWhole = Math.max(direct.effects.size, direct.causes.size) + own.length < MOST_RELATED;
  return {
    own,
    causes: sortedRows(causes),
    effects: sortedRows(effects),
    links: new Map([...causes, ...effects]),
    isWhole,
  };
}

/**
 * Merges direct links with others. A row that has both has the direct one.
 *
 * @param {Map<number, number>} direct
 * @param {Map<number, number>} others
 * @param {Set<number>} excluded
 * @returns {Map<number, Link>}
 */
function mergedLinks(direct, others, excluded) {
  /** @type {Map<number, Link>} */
  const links = new Map();
  for (const [row, via] of others) if (!excluded.has(row)) links.set(row, { via, isDirect: false });
  for (const [row, via] of direct) if (!excluded.has(row)) links.set(row, { via, isDirect: true });
  return links;
}

/**
 * @param {Map<number, Link>} links
 * @returns {number[]}
 */
function sortedRows(links) {
  return [...links.keys()].sort((a, b) => a - b);
}

/**
 * Follows direct links forward.
 *
 * @param {CausalIndex} index
 * @param {number[]} own
 * @returns {Map<number, number>} Row of the message that each effect follows from.
 */
function directEffects(index, own) {
  const found = new Set(own);
  /** @type {Map<number, number>} */
  const links = new Map();
  for (const row of found) {
    for (const next of reactionsTo(index, row)) {
      if (found.has(next) || found.size >= MOST_RELATED) continue;
      found.add(next);
      links.set(next, row);
    }
  }
  return links;
}

/**
 * Messages that a node sent in reaction to a message: its answer, and those sent before that, or right after the
 * message, and before anything else arrived.
 *
 * @param {CausalIndex} index
 * @param {number} row
 * @returns {number[]}
 */
function reactionsTo({ messages, arrivals, sends, window }, row) {
  const { received, sent, dest, isClient, answer } = messages;
  const [node, time] = [dest[row], received[row]];
  if (Number.isNaN(time) || isClient[node]) return [];
  const answers = answer[row] === -1 ? [] : [answer[row]];
  const next = arrivals[node].indexOf(row, firstBy(arrivals[node], received, time)) + 1;
  const until = next < arrivals[node].length ? received[arrivals[node][next]] : Infinity;
  const reactions = [];
  for (let at = firstBy(sends[node], sent, time); at < sends[node].length; at++) {
    const other = sends[node][at];
    // What is sent before the answer belongs to the request, however long the node takes.
    if (sent[other] > until || (sent[other] > time + window && other >= answer[row])) break;
    const isLater = other > row && (sent[other] < until || other < arrivals[node][next]);
    if (isLater && !isClient[dest[other]]) reactions.push(other);
  }
  return [...answers, ...reactions];
}

/**
 * Follows direct links backward: an answer's request, and what its sender had just received.
 *
 * @param {CausalIndex} index
 * @param {number[]} own
 * @returns {Map<number, number>} Row of the message that each cause has led to.
 */
function directCauses({ messages, arrivals, window }, own) {
  const { received, sent, src, isClient, request, answer } = messages;
  const found = new Set(own);
  /** @type {Map<number, number>} */
  const links = new Map();
  for (const row of found) {
    if (isClient[src[row]]) continue;
    const before = arrivals[src[row]];
    let at = firstBy(before, received, sent[row] + 1) - 1;
    while (at >= 0 && before[at] > row) at--;
    const isReaction = at >= 0 && (received[before[at]] >= sent[row] - window || row < answer[before[at]]);
    const last = isReaction ? before[at] : -1;
    for (const cause of [request[row], last]) {
      if (cause === -1 || found.has(cause) || found.size >= MOST_RELATED) continue;
      found.add(cause);
      links.set(cause, row);
    }
  }
  return links;
}

/**
 * Finds for each node the first message by which the given ones can have had an effect on it.
 *
 * @param {CausalIndex} index
 * @param {number[]} own
 * @returns {Map<number, number>} Row of the message by which the sender of each of them had learnt of it.
 */
function firstNews({ messages, arrived }, own) {
  const { received, sent, src, dest, isClient } = messages;
  const starts = own.filter((row) => !isClient[dest[row]] && !Number.isNaN(received[row]));
  if (starts.length === 0) return new Map();
  /** @type {Map<number, number>} Row by which each participant learnt of it. */
  const learntBy = new Map(starts.map((row) => [dest[row], row]));
  const from = Math.min(...starts.map((row) => received[row]));
  /** @type {Map<number, number>} */
  const found = new Map();
  for (let at = firstBy(arrived, received, from); at < arrived.length; at++) {
    const row = arrived[at];
    if (isClient[dest[row]]) continue;
    const source = learntBy.get(src[row]);
    if (source === undefined || learntBy.has(dest[row]) || row <= source || sent[row] < received[source]) continue;
    learntBy.set(dest[row], row);
    found.set(row, source);
    if (learntBy.size >= messages.names.length - isClient.filter(Boolean).length) break;
  }
  return found;
}

/**
 * Finds for each node the last message by which it can have had a say in the given ones.
 *
 * @param {CausalIndex} index
 * @param {number[]} own
 * @returns {Map<number, number>} Row of the message with which the receiver of each of them had its say.
 */
function lastSay({ messages }, own) {
  const { received, sent, src, dest, isClient } = messages;
  const ends = own.filter((row) => !isClient[src[row]]);
  /** @type {Map<number, number>} Row with which each participant had its say. */
  const saidBy = new Map(ends.map((row) => [src[row], row]));
  const until = Math.max(...ends.map((row) => sent[row]), -1);
  /** @type {Map<number, number>} */
  const found = new Map();
  for (let row = firstAtLeast(sent, until + 1) - 1; row >= 0; row--) {
    if (isClient[src[row]]) continue;
    const target = saidBy.get(dest[row]);
    if (target === undefined || saidBy.has(src[row]) || row >= target || !(received[row] <= sent[target])) continue;
    saidBy.set(src[row], row);
    found.set(row, target);
    if (saidBy.size >= messages.names.length - isClient.filter(Boolean).length) break;
  }
  return found;
}

/**
 * Position of the first of some rows whose time is at least `limit`. The rows are in order of these times.
 *
 * @param {ArrayLike<number>} rows
 * @param {Float64Array} times
 * @param {number} limit
 * @returns {number}
 */
function firstBy(rows, times, limit) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[rows[middle]] >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
