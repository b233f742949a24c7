/**
 * Packs the large columns of a report into bytes, which compress well and are fast to read: a million messages take a
 * few megabytes. `page/unpack.js` does the reverse.
 *
 * A column is a list of numbers that are 0 where they are as expected: the next id, the answer to a request from its
 * destination to its source, the operation of the request. {@linkcode packTexts} does the same for texts.
 *
 * @module
 */

import { createByteWriter, joinStreams, unsigned } from "./byte_writer.ts";
import { packTexts } from "./pack_texts.ts";
import type { MessageColumns, OperationColumns } from "./report_data.ts";

/** JSON at the beginning of packed messages. */
export interface MessagesHead extends Pick<MessageColumns, "names" | "types"> {
  count: number;
  /** Number of further arrivals. */
  copies: number;
  /** Templates of the bodies. */
  bodies: string[];
}

/** JSON at the beginning of packed operations. */
export interface OperationsHead extends Pick<OperationColumns, "functions"> {
  count: number;
  /** Templates of the arguments. */
  arguments: string[];
  /** Templates of the results. */
  results: string[];
}

/**
 * Packs operations.
 *
 * @param longest Length to which arguments and results are shortened, in characters; with 0 there are none.
 */
export function packOperations(operations: OperationColumns, longest: number = Infinity): Uint8Array<ArrayBuffer> {
  const { functions, index, completion, process, worker, f, outcome, start, duration, argument, result } = operations;
  const count = index.length;
  const difference = (numbers: readonly number[]) => (row: number) =>
    unsigned(numbers[row]! - (row === 0 ? 0 : numbers[row - 1]!));
  const [args, results] = [argument, result].map((texts) =>
    packTexts(count, (row) => cut(texts[row]!, longest), (row) => f[row]!)
  );
  const columns = [
    difference(index),
    (row: number) => completion[row]! === -1 ? 0 : completion[row]! - index[row]!,
    difference(process),
    (row: number) => unsigned(process[row]! - worker[row]!),
    (row: number) => f[row]!,
    (row: number) => outcome[row]!,
    difference(start),
    (row: number) => unsigned(duration[row]! + 1),
  ].map((valueOf) => column(count, valueOf));
  const texts = [args!.positions, args!.numbers, results!.positions, results!.numbers];
  const head: OperationsHead = { functions, count, arguments: args!.templates, results: results!.templates };
  return joinStreams([toBytes(head), ...columns, ...texts]);
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return longest === 0 ? "" : `${text.slice(0, longest)}…`;
}

/**
 * Packs messages.
 *
 * @param longest Length to which bodies are shortened, in characters; with 0 there are none.
 */
export function packMessages(messages: MessageColumns, longest: number = Infinity): Uint8Array<ArrayBuffer> {
  const { names, types, id, sent, delay, reply, src, dest, copies } = messages;
  const count = id.length;
  const textOf = (row: number) => shorten(messages, row, longest);
  const bodies = packTexts(count, textOf, (row) => src[row]! * names.length + dest[row]!);
  const expectedEnd = (ends: readonly number[], others: readonly number[]) => (row: number) =>
    reply[row]! > 0 && others[row - reply[row]!] === ends[row] ? 0 : ends[row]! + 1;
  const columns = [
    (row: number) => unsigned(id[row]! - (row === 0 ? 0 : id[row - 1]! + 1)),
    (row: number) => unsigned(sent[row]!),
    (row: number) => unsigned(delay[row]! + 1),
    (row: number) => reply[row]!,
    expectedEnd(src, dest),
    expectedEnd(dest, src),
    typeDifference(messages),
    operationDifference(messages),
    sizeDifference(messages),
  ].map((valueOf) => column(count, valueOf));
  const arrivals = [
    column(copies.length, (at) => unsigned(copies[at]![0] - (at === 0 ? 0 : copies[at - 1]![0]))),
    column(copies.length, (at) => unsigned(copies[at]![1])),
  ];
  const head: MessagesHead = { names, types, count, copies: copies.length, bodies: bodies.templates };
  return joinStreams([toBytes(head), ...columns, ...arrivals, bodies.positions, bodies.numbers]);
}

function toBytes(head: MessagesHead | OperationsHead): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(head));
}

function column(count: number, valueOf: (row: number) => number): Uint8Array<ArrayBuffer> {
  const writer = createByteWriter();
  for (let row = 0; row < count; row++) writer.write(valueOf(row));
  return writer.bytes();
}

function shorten({ body, size }: MessageColumns, row: number, longest: number): string {
  const text = body[row]!;
  if (text.length <= longest || longest === 0) return longest === 0 ? "" : text;
  return `${text.slice(0, longest)}… (${size[row]} characters)`;
}

/** An answer has the type of the answer before it to a request of the same type; other messages have any. */
function typeDifference({ type, reply }: MessageColumns): (row: number) => number {
  const answers = new Map<number, number>();
  return (row) => {
    if (reply[row] === 0) return type[row]! + 1;
    const asked = type[row - reply[row]!]!;
    const isExpected = answers.get(asked) === type[row];
    answers.set(asked, type[row]!);
    return isExpected ? 0 : type[row]! + 1;
  };
}

/** A body is as long as the one before it of the same type. */
function sizeDifference({ types, type, size }: MessageColumns): (row: number) => number {
  const latest = types.map(() => 0);
  return (row) => {
    const difference = unsigned(size[row]! - latest[type[row]!]!);
    latest[type[row]!] = size[row]!;
    return difference;
  };
}

/** An answer belongs to the operation of its request; another message to none, or to one after the latest. */
function operationDifference({ operation, reply }: MessageColumns): (row: number) => number {
  let latest = -1;
  return (row) => {
    if (reply[row]! > 0) return unsigned(operation[row]! - operation[row - reply[row]!]!);
    if (operation[row] === -1) return 0;
    const difference = unsigned(operation[row]! - latest) + 1;
    latest = operation[row]!;
    return difference;
  };
}
