/**
 * Client of etcd, over its HTTP gateway: the requests that services and members of a cluster need.
 *
 * Source: etcd's `rpc.proto`, <https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/>. In its JSON, keys and values are
 * base64, and numbers of 64 bits are strings.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createGateway, type EtcdAccess, type Gateway } from "./etcd_gateway.ts";

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

/** Keys and values of etcd. */
export interface EtcdStore {
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

/** Client of etcd. */
export interface Etcd extends EtcdStore {
  /** Returns all keys that begin with a text, in their order, with their values. The read is linearizable. */
  list(prefix: string): Promise<{ key: string; value: string }[]>;
  /**
   * Writes a key that does not exist; if it exists, the state is the present one.
   *
   * @param lease Lease whose end removes the key.
   */
  create(key: string, value: string, lease?: string): Promise<EtcdState & { isDone: boolean }>;
  /** Creates a lease, and returns its id. It ends `ttlSeconds` after it was created or renewed last. */
  grantLease(ttlSeconds: number): Promise<string>;
  /** Renews a lease; returns false if it has ended. */
  renewLease(lease: string): Promise<boolean>;
  /** Ends a lease, which removes its keys. One that has ended already is left as it is. */
  revokeLease(lease: string): Promise<void>;
}

/** Header of every reply. */
interface Header {
  revision: string;
}

/** Reply to a read, also within a transaction. */
interface RangeReply {
  header: Header;
  kvs?: { key: string; value?: string }[];
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
 * @throws {Error} An address or the user cannot be used.
 */
export function createEtcd(urls: readonly string[], access: EtcdAccess = {}): Etcd {
  const call = createGateway(urls, access);
  return { ...storeOf(call), ...leasesOf(call) };
}

function storeOf(call: Gateway): Pick<Etcd, keyof EtcdStore | "list" | "create"> {
  return {
    async read(key, isSerializable) {
      return stateOf(await call<RangeReply>("kv/range", { key: encode(key), serializable: isSerializable }));
    },
    async write(key, value) {
      const { header } = await call<{ header: Header }>("kv/put", { key: encode(key), value: encode(value) });
      return Number(header.revision);
    },
    swap: async (swap) => swapped(await call<TxnReply>("kv/txn", swapRequest(swap))),
    async removeAll(prefix) {
      await call("kv/deleterange", { key: encode(prefix), range_end: encode(endOf(prefix)) });
    },
    async list(prefix) {
      const range = { key: encode(prefix), range_end: encode(endOf(prefix)) };
      const { kvs = [] } = await call<RangeReply>("kv/range", { ...range, sort_target: "KEY", sort_order: "ASCEND" });
      return kvs.map(({ key, value = "" }) => ({ key: decode(key), value: decode(value) }));
    },
    create: async (key, value, lease) => swapped(await call<TxnReply>("kv/txn", createRequest(key, value, lease))),
  };
}

function leasesOf(call: Gateway): Pick<Etcd, "grantLease" | "renewLease" | "revokeLease"> {
  const renewLease = async (lease: string) => {
    const { result } = await call<{ result: { TTL?: string } }>("lease/keepalive", { ID: lease });
    return Number(result.TTL ?? 0) > 0;
  };
  return {
    async grantLease(ttlSeconds) {
      return (await call<{ ID: string }>("lease/grant", { TTL: String(ttlSeconds) })).ID;
    },
    renewLease,
    async revokeLease(lease) {
      // A lease that has ended cannot be revoked.
      if (await renewLease(lease)) await call("lease/revoke", { ID: lease });
    },
  };
}

/** Transaction that writes if the value is `from`; else, if that is wanted and there is no value; else it reads. */
function swapRequest({ key: name, from, to, createIfNotExists }: EtcdSwap): unknown {
  const key = encode(name);
  const read = [{ requestRange: { key } }];
  const write = [{ requestPut: { key, value: encode(to) } }];
  const create = [{ requestTxn: createRequest(name, to) }];
  return {
    compare: [{ key, target: "VALUE", result: "EQUAL", value: encode(from) }],
    success: write,
    failure: createIfNotExists ? create : read,
  };
}

/** Transaction that writes a key that does not exist; else it reads. */
function createRequest(name: string, value: string, lease?: string): unknown {
  const key = encode(name);
  return {
    compare: [{ key, target: "CREATE", result: "EQUAL", create_revision: "0" }],
    success: [{ requestPut: { key, value: encode(value), lease } }],
    failure: [{ requestRange: { key } }],
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
