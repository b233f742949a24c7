/**
 * The types of messages: how a program names its own, and those of Maelstrom's ten workloads.
 *
 * A program's messages are a map from the type of the request to the fields of its request and of its reply, without `type`,
 * `msg_id` and `in_reply_to`, which the node takes care of. Maps are joined with `&`:
 *
 * ```ts ignore
 * type MyMessages = BroadcastMessages & { gossip: { request: { values: number[] }; reply: { seen: number } } };
 * ```
 *
 * Source: Maelstrom's `doc/workloads.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/workloads.md>.
 *
 * @module
 */

/** A map of message types: for each type of request, the fields of the request and (unless nobody replies) of the reply. */
export type MessageTypes = { [type: string]: { request: object; reply?: object } };

/** Any messages at all: the types of a program that does not declare any. */
export type AnyMessages = { [type: string]: { request: Record<string, unknown>; reply: Record<string, unknown> } };

/** The type and the ids that every body may have. */
export interface BodyHeader<T extends string = string> {
  /** What the message is about. */
  type: T;
  /** Unique among the messages of one sender; present where a reply is wanted. */
  msg_id?: number;
  /** The `msg_id` of the request that this message answers; a service answers one that had none with null. */
  in_reply_to?: number | null;
}

/** The names of the requests in a map of message types. */
export type TypeOf<M extends MessageTypes> = keyof M & string;

/** The body of a request, as a handler gets it. */
export type RequestBody<M extends MessageTypes, T extends TypeOf<M>> = BodyHeader<T> & M[T]["request"];

/** The fields of a reply, as a handler returns them; `type` only where it is not the request's with `_ok`. */
export type ReplyFields<M extends MessageTypes, T extends TypeOf<M>> = NonNullable<M[T]["reply"]> & { type?: string };

/** The body of a reply, as a caller gets it. */
export type ReplyBody<M extends MessageTypes, T extends TypeOf<M>> = BodyHeader & NonNullable<M[T]["reply"]>;

/** No fields. */
export type Empty = Record<never, never>;

/** Workload echo. */
export type EchoMessages = {
  echo: { request: { echo: unknown }; reply: { echo: unknown } };
};

/** Workload unique-ids. */
export type UniqueIdsMessages = {
  generate: { request: Empty; reply: { id: unknown } };
};

/** Workload broadcast; `V` is what is broadcast: Maelstrom's clients send integers. */
export type BroadcastMessages<V = number> = {
  topology: { request: { topology: Record<string, string[]> }; reply: Empty };
  broadcast: { request: { message: V }; reply: Empty };
  read: { request: Empty; reply: { messages: V[] } };
};

/** Workload g-set; `V` is the type of an element: Maelstrom's clients send integers. */
export type GSetMessages<V = number> = {
  add: { request: { element: V }; reply: Empty };
  read: { request: Empty; reply: { value: V[] } };
};

/** Workload g-counter: deltas are 0 or more. */
export type GCounterMessages = {
  add: { request: { delta: number }; reply: Empty };
  read: { request: Empty; reply: { value: number } };
};

/** Workload pn-counter: as g-counter, and deltas may be negative. */
export type PNCounterMessages = GCounterMessages;

/** Workload kafka; `V` is the type of a message: Maelstrom's clients send integers. */
export type KafkaMessages<V = number> = {
  send: { request: { key: string; msg: V }; reply: { offset: number } };
  poll: {
    request: { offsets: Record<string, number> };
    reply: { msgs: Record<string, [offset: number, message: V][]> };
  };
  commit_offsets: { request: { offsets: Record<string, number> }; reply: Empty };
  list_committed_offsets: { request: { keys: string[] }; reply: { offsets: Record<string, number> } };
};

/** Workload lin-kv, and the requests that the services seq-kv and lin-kv answer. */
export type KVMessages<K = unknown, V = unknown> = {
  read: { request: { key: K }; reply: { value: V } };
  write: { request: { key: K; value: V }; reply: Empty };
  cas: { request: { key: K; from: V; to: V; create_if_not_exists?: boolean }; reply: Empty };
};

/** One operation of a transaction of workload txn-list-append; a read comes with null and is answered with the list. */
export type ListAppendOperation = [f: "r", key: number, value: number[] | null] | [
  f: "append",
  key: number,
  value: number,
];

/** Workload txn-list-append. */
export type TxnListAppendMessages = {
  txn: { request: { txn: ListAppendOperation[] }; reply: { txn: ListAppendOperation[] } };
};

/** One operation of a transaction of workload txn-rw-register; a read comes with null and is answered with the value. */
export type RWRegisterOperation = [f: "r", key: number, value: number | null] | [f: "w", key: number, value: number];

/** Workload txn-rw-register. */
export type TxnRWRegisterMessages = {
  txn: { request: { txn: RWRegisterOperation[] }; reply: { txn: RWRegisterOperation[] } };
};
