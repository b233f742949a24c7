/**
 * Client of etcd's key-value store, over its HTTP gateway. It has the three requests that the services need.
 *
 * Source: etcd's `rpc.proto`, <https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/>. In its JSON, keys and values are
 * base64, and numbers of 64 bits are strings.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { RPCError } from "../../../../protocol.ts";
import { reasonOf } from "../../../base/errors.ts";

/** State of one key. */
export interface EtcdState {
  /** The key's value; undefined if it does not exist. */
  value: string | undefined;
  /** Revision of the store that the reply is from. Each change of any key adds 1 to it. */
  revision: number;
}

/** Change of one key under a condition. */
export interface EtcdSwap {
  key: string;
  /** Value that the key must have. */
  from: string;
  to: string;
  /** True to write `to` also if the key does not exist. */
  createIfNotExists: boolean;
}

/** Client of etcd. */
export interface Etcd {
  /**
   * Reads a key.
   *
   * @param isSerializable True to read what the member that is asked has, which may be old. Otherwise the read is
   *   linearizable.
   */
  read(key: string, isSerializable: boolean): Promise<EtcdState>;
  /** Writes a key, and returns the revision after that. */
  write(key: string, value: string): Promise<number>;
  /** Changes a key in one transaction. The state is that before a change that was not made. */
  swap(swap: EtcdSwap): Promise<EtcdState & { isDone: boolean }>;
  /** Removes all keys that begin with a text. */
  removeAll(prefix: string): Promise<void>;
}

/** Time that etcd has to answer, ms. */
const TIMEOUT = 5000;

/** Header of every reply. */
interface Header {
  revision: string;
}

/** Reply to a read, also within a transaction. */
interface RangeReply {
  header: Header;
  kvs?: { value?: string }[];
}

/** Reply to a transaction. Its parts are in the order of the requests. */
interface TxnReply {
  header: Header;
  succeeded?: boolean;
  responses?: { response_range?: RangeReply; response_txn?: TxnReply }[];
}

/**
 * Creates a client.
 *
 * A request that fails throws an {@linkcode RPCError}: 11 (`temporarily-unavailable`) if etcd cannot be reached and
 * nothing has happened; 0 (`timeout`) if it may have happened.
 *
 * @param urls Addresses of the members, such as `http://127.0.0.1:2379`. After a failure the next one is asked.
 */
export function createEtcd(urls: readonly string[]): Etcd {
  let current = 0;
  const call = async <T>(path: string, body: unknown): Promise<T> => {
    const url = urls[current % urls.length]!;
    try {
      return await post<T>(`${url}/v3/kv/${path}`, body);
    } catch (error) {
      current++;
      throw error;
    }
  };
  return {
    async read(key, isSerializable) {
      return stateOf(await call<RangeReply>("range", { key: encode(key), serializable: isSerializable }));
    },
    async write(key, value) {
      const { header } = await call<{ header: Header }>("put", { key: encode(key), value: encode(value) });
      return Number(header.revision);
    },
    swap: async (swap) => swapped(await call<TxnReply>("txn", swapRequest(swap))),
    async removeAll(prefix) {
      await call("deleterange", { key: encode(prefix), range_end: encode(endOf(prefix)) });
    },
  };
}

/** Transaction that writes if the value is `from`; else, if that is wanted and there is no value; else it reads. */
function swapRequest({ key: name, from, to, createIfNotExists }: EtcdSwap): unknown {
  const key = encode(name);
  const read = [{ requestRange: { key } }];
  const write = [{ requestPut: { key, value: encode(to) } }];
  const isMissing = [{ key, target: "CREATE", result: "EQUAL", create_revision: "0" }];
  const create = [{ requestTxn: { compare: isMissing, success: write, failure: read } }];
  return {
    compare: [{ key, target: "VALUE", result: "EQUAL", value: encode(from) }],
    success: write,
    failure: createIfNotExists ? create : read,
  };
}

function swapped({ header, succeeded = false, responses }: TxnReply): EtcdState & { isDone: boolean } {
  const inner = responses?.[0]?.response_txn;
  const isDone = succeeded || inner?.succeeded === true;
  const range = (inner?.responses ?? responses)?.[0]?.response_range;
  const value = isDone || range === undefined ? undefined : valueOf(range);
  return { isDone, value, revision: Number(header.revision) };
}

function stateOf(reply: RangeReply): EtcdState {
  return { value: valueOf(reply), revision: Number(reply.header.revision) };
}

/** An empty value is left out of the JSON. */
function valueOf({ kvs = [] }: RangeReply): string | undefined {
  return kvs[0] === undefined ? undefined : decode(kvs[0].value ?? "");
}

async function post<T>(url: string, body: unknown): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(TIMEOUT) });
    text = await response.text();
  } catch (error) {
    const message = reasonOf(((error as Error).cause ?? error) as Error);
    // The connection could not be made, so that the request was not sent.
    const isUnsent = message.includes("(Connect)");
    throw new RPCError(isUnsent ? "temporarily-unavailable" : "timeout", `etcd does not answer: ${message}`);
  }
  if (!response.ok) throw new RPCError("timeout", `etcd failed with status ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}

/** The first text after all those that begin with `prefix`, whose last character is ASCII. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
