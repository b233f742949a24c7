/**
 * Entry point `./messages`: types of messages, a program's own and those of Maelstrom's ten workloads.
 *
 * A program's messages are a map from the type of each request to the fields of the request and of the reply. The
 * fields `type`, `msg_id` and `in_reply_to` are left out. `&` joins maps:
 *
 * ```ts
 * import type { BroadcastMessages } from "./messages.ts";
 * import type { Node } from "./node.ts";
 *
 * type MyMessages = BroadcastMessages & { gossip: { request: { values: number[] }; reply: { seen: number } } };
 *
 * function program(node: Node<MyMessages>): void {
 *   node.on("gossip", ({ values }) => ({ seen: values.length }));
 * }
 * ```
 *
 * Source: Maelstrom's `doc/workloads.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/workloads.md>.
 *
 * @module
 */

/** Map from the type of each request to the fields of the request and, unless there is no reply, of the reply. */
export type MessageTypes = { [type: string]: { request: object; reply?: object } };

/** Messages of any types: those of a program that declares none. */
export type AnyMessages = { [type: string]: { request: Record<string, unknown>; reply: Record<string, unknown> } };

/** The fields that any body may have. */
export interface BodyHeader<T extends string = string> {
  /** The type of the message. */
  type: T;
  /** Unique among the messages of one sender. Present if the sender wants a reply. */
  msg_id?: number;
  /** The `msg_id` of the request that this message replies to. Null in a service's reply to a request that had none. */
  in_reply_to?: number | null;
}

/** Types of the requests in a map of messages. */
export type TypeOf<M extends MessageTypes> = keyof M & string;

/** Body of a request, as a handler gets it. */
export type RequestBody<M extends MessageTypes, T extends TypeOf<M>> = BodyHeader<T> & M[T]["request"];

/**
 * Fields of a reply, as a handler returns them. Without `type`, the type is the request's followed by `_ok`. A list, a
 * map or a set has no fields.
 */
export type ReplyFields<M extends MessageTypes, T extends TypeOf<M>> = NonNullable<M[T]["reply"]> & ReplyObject;

/** Object that may be a reply: it is neither a list, map or set nor a promise. */
export type ReplyObject = object & {
  /** Type of the reply. */
  type?: string;
  /** Not there: a reply is not iterable. */
  [Symbol.iterator]?: never;
  /** Not there: a promise is no reply before it is settled. */
  then?: never;
};

/** Body of a reply, as {@linkcode Node.rpc} returns it. */
export type ReplyBody<M extends MessageTypes, T extends TypeOf<M>> = BodyHeader & NonNullable<M[T]["reply"]>;

/** No fields. */
export type Empty = Record<never, never>;

/** Messages of workload echo. */
export type EchoMessages = {
  echo: { request: { echo: unknown }; reply: { echo: unknown } };
};

/** Messages of workload unique-ids. */
export type UniqueIdsMessages = {
  generate: { request: Empty; reply: { id: unknown } };
};

/**
 * Messages of workload broadcast.
 *
 * @typeParam V The type of a value. Maelstrom's clients send integers.
 */
export type BroadcastMessages<V = number> = {
  topology: { request: { topology: Record<string, string[]> }; reply: Empty };
  broadcast: { request: { message: V }; reply: Empty };
  read: { request: Empty; reply: { messages: V[] } };
};

/**
 * Messages of workload g-set.
 *
 * @typeParam V The type of an element. Maelstrom's clients send integers.
 */
export type GSetMessages<V = number> = {
  add: { request: { element: V }; reply: Empty };
  read: { request: Empty; reply: { value: V[] } };
};

/**
 * Messages of workload g-counter. Deltas are 0 or more.
 *
 * @typeParam N The type of a delta and of the counter's value. With `number | bigint`, they may be of any size.
 */
export type GCounterMessages<N extends number | bigint = number> = {
  add: { request: { delta: N }; reply: Empty };
  read: { request: Empty; reply: { value: N } };
};

/** Messages of workload pn-counter. Deltas may be negative. */
export type PNCounterMessages<N extends number | bigint = number> = GCounterMessages<N>;

/**
 * Messages of workload kafka.
 *
 * @typeParam V The type of a log's message. Maelstrom's clients send integers.
 */
export type KafkaMessages<V = number> = {
  send: { request: { key: string; msg: V }; reply: { offset: number } };
  poll: {
    request: { offsets: Record<string, number> };
    reply: { msgs: Record<string, [offset: number, message: V][]> };
  };
  commit_offsets: { request: { offsets: Record<string, number> }; reply: Empty };
  list_committed_offsets: { request: { keys: string[] }; reply: { offsets: Record<string, number> } };
};

/** Messages of workload lin-kv, and of the services seq-kv and lin-kv. */
export type KVMessages<K = unknown, V = unknown> = {
  read: { request: { key: K }; reply: { value: V } };
  write: { request: { key: K; value: V }; reply: Empty };
  cas: { request: { key: K; from: V; to: V; create_if_not_exists?: boolean }; reply: Empty };
};

/** One operation of a txn-list-append transaction. A read has null in the request, and the list in the reply. */
export type ListAppendOperation = [f: "r", key: number, value: number[] | null] | [
  f: "append",
  key: number,
  value: number,
];

/** Messages of workload txn-list-append. */
export type TxnListAppendMessages = {
  txn: { request: { txn: ListAppendOperation[] }; reply: { txn: ListAppendOperation[] } };
};

/** One operation of a txn-rw-register transaction. A read has null in the request, and the value in the reply. */
export type RWRegisterOperation = [f: "r", key: number, value: number | null] | [f: "w", key: number, value: number];

/** Messages of workload txn-rw-register. */
export type TxnRWRegisterMessages = {
  txn: { request: { txn: RWRegisterOperation[] }; reply: { txn: RWRegisterOperation[] } };
};
