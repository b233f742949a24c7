/**
 * Schemas of the messages that the programs handle. A request that does not match is answered with error 12
 * (malformed-request), which says what was expected; a reply that does not match is error 13 (crash).
 *
 * @module
 */
import { showJSON } from "../../lib/json.ts";
import { isObject } from "../../lib/protocol.ts";
import { type AnyNode, RPCError } from "../../mod.ts";
import type { Counts, Segments } from "../replication/log.ts";

type Body = Record<string, unknown>;
/** Returns true if a body is well-formed, otherwise a text that says what was expected. */
type Check = (body: Body) => true | string;

/** Options of a handler, or of an RPC: the schema of its reply. */
interface Checked {
  schema: Check;
}

/** Checks one field of a body. */
export function field(name: string, expected: string, isGood: (value: unknown) => boolean): Checked {
  return {
    schema: (body) => isGood(body[name]) || `expected ${name} to be ${expected}, got ${showJSON(body[name], 60)}`,
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

/** True if a field is there. */
export function isPresent(value: unknown): boolean {
  return value !== undefined;
}

/** True for a string. */
export function isString(value: unknown): boolean {
  return typeof value === "string";
}

/** True for an integer, 0 or more, that a number holds exactly. */
export function isNatural(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** True for an integer, 0 or more. Those that a number does not hold exactly are bigints. */
export function isNaturalOfAnySize(value: unknown): boolean {
  return isNatural(value) || (typeof value === "bigint" && value >= 0n);
}

function isOperation(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  return value[0] === "w" || (value[0] === "r" && value[2] === null);
}

/** Checks an array by its elements. */
export function isArrayOf(isGood: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(isGood);
}

/** Checks an array of fixed length, each element in its own way. */
export function isTuple(...parts: ((value: unknown) => boolean)[]): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) && value.length === parts.length && parts.every((isGood, i) => isGood(value[i]));
}

/** Checks the values of an object, and its keys. */
export function isRecordOf(
  isGood: (value: unknown) => boolean,
  isKey: (key: string) => boolean = () => true,
): (value: unknown) => boolean {
  return (value) => isObject(value) && Object.entries(value).every(([key, each]) => isKey(key) && isGood(each));
}

/**
 * Refuses a message that only nodes send each other, if it is from anyone else.
 *
 * @throws {RPCError} 12 (malformed-request): the source is not another node of the cluster.
 */
export function expectPeer(node: AnyNode, src: string): void {
  if (!node.peers.includes(src)) throw new RPCError("malformed-request", `expected another node, got ${src}`);
}

/** `echo`. The value may be any JSON. */
export const ECHO = field("echo", "a value", isPresent);

/** `topology`. */
export const TOPOLOGY = field("topology", "the neighbours of each node", isRecordOf(isArrayOf(isString)));
/** `broadcast`. The value may be any JSON. */
export const BROADCAST = field("message", "a value", isPresent);
/** `deliver` between nodes of broadcast. */
export const DELIVER = field("values", "an array", Array.isArray);
/** The reply to `deliver`: an acknowledgement. */
export const DELIVERED = field("type", "deliver_ok", (type) => type === "deliver_ok");
/** The reply to `read`, from another node. */
export const MESSAGES = field("messages", "an array", Array.isArray);

/** `add` of the counter. */
export const ADD = field("delta", "an integer, 0 or more", isNaturalOfAnySize);

/** `send` of the logs. The message may be any JSON. */
export const SEND = all(field("key", "a string", isString), field("msg", "a message", isPresent));
/** `poll` and `commit_offsets` of the logs. */
export const OFFSETS = field("offsets", "an object of integers from 0 to 2^53 - 1", isRecordOf(isNatural));
/** `list_committed_offsets` of the logs. */
export const KEYS = field("keys", "an array of strings", isArrayOf(isString));

/** `append` and `written` between nodes of a shared log. */
export function slotLogSchemas(isEntry: (entry: unknown) => boolean): Record<"append" | "written", Checked> {
  const isBatch = (value: unknown) =>
    isObject(value) && isString(value.from) && isNatural(value.number) && isArrayOf(isEntry)(value.entries);
  return {
    append: field("batch", "a batch", isBatch),
    written: all(
      field("index", "an integer, 0 or more", isNatural),
      field("slot", "an array of batches", isArrayOf(isBatch)),
    ),
  };
}

/** `txn` of the transactions. Keys and values may be any JSON. */
export const TXN = field("txn", 'an array of ["r", key, null] and ["w", key, value]', isArrayOf(isOperation));

/**
 * `replicate`, the only message between nodes of replication. All of it is cumulative: one that is lost, duplicated or
 * late costs nothing but time.
 */
export interface ReplicateMessage<E, S> {
  type: "replicate";
  /** The sender's incarnation, which is also the name of the log that it appends to. */
  from: string;
  /** Orders the messages of an incarnation: µs since it started, or one more than the last. */
  seq: number;
  /** The newest message of the receiver that has reached the sender, and how many µs ago. */
  ack?: [incarnation: string, seq: number, heldFor: number];
  /** Seq of a message of the receiver. The sender has all that the receiver had then; absent if `have` says it all. */
  base?: number;
  /** Counts that the sender has beyond `base`, and beyond the ends of `entries`. */
  have: Counts;
  entries?: Segments<E>;
  /** Indexes of the first entries that the sender holds, and a state that contains all before. */
  snapshot?: [starts: Counts, state: S];
  /** In a hub topology: the hub that the sender follows, and the ms until its own next round. */
  hub?: string;
  next?: number;
  /** Asks for an answer at once. */
  question?: true;
}

/** The options of replication that its messages depend on. */
interface Replicated {
  isEntry(entry: unknown): boolean;
  isSnapshot(state: unknown): boolean;
  onFullyReplicated?: unknown;
  incarnations?: unknown;
}

/**
 * `replicate` between nodes of replication. A log is named after a node and its incarnation, which is a number if the
 * program counts incarnations. If it wants to know what all nodes have, entries may also be marks that say so.
 */
export function replicateSchema(node: AnyNode, { incarnations, onFullyReplicated, ...program }: Replicated): Checked {
  const name = incarnations === undefined ? /^(.+)\.[0-9a-z]{1,20}$/ : /^(.+)\.[1-9][0-9]{0,8}$/;
  const isLog = (value: unknown) => typeof value === "string" && node.nodeIds.includes(name.exec(value)?.[1] ?? "");
  const isCounts = isRecordOf(isNatural, isLog);
  const isMark = (entry: unknown) => isObject(entry) && isCounts(entry.fullyReplicated);
  const isEntry = (entry: unknown) => program.isEntry(entry) || (onFullyReplicated !== undefined && isMark(entry));
  return all(
    field("from", "the name of a log", isLog),
    field("seq", "a whole number", isNatural),
    field("have", "whole numbers by log", isCounts),
    optional("ack", "[incarnation, seq, µs]", isTuple(isString, isNatural, isNatural)),
    optional("base", "a whole number", isNatural),
    optional("entries", "[from, entries] by log", isRecordOf(isTuple(isNatural, isArrayOf(isEntry)), isLog)),
    optional("snapshot", "[whole numbers by log, state]", isTuple(isCounts, program.isSnapshot)),
    optional("hub", "a string", isString),
    optional("next", "a whole number", isNatural),
    optional("question", "true", (value) => value === true),
  );
}
