/**
 * lww-kv on a bucket of JetStream, the key-value store of NATS: the last writer wins.
 *
 * With several replicas, a read is answered by any of them, and may be old. A write is acknowledged before it is on the
 * disk, so it may be lost when a server loses its power. As in the simulated lww-kv, `create_if_not_exists` has no
 * effect.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { canonicalText, parseKeyValueRequest } from "../../services/key_value.ts";
import { type ClusterService, replyFrom } from "./service.ts";

/** The part of a bucket that lww-kv uses. */
export interface Bucket {
  /** Reads a key; undefined if it does not exist. */
  get(key: string): Promise<{ value: string; revision: number } | undefined>;
  /** Writes a key. */
  put(key: string, value: string): Promise<void>;
  /** Writes a key if its last write has this revision. Returns false if it has not. */
  update(key: string, value: string, revision: number): Promise<boolean>;
}

/** Creates an lww-kv. */
export function createBucketKV(bucket: Bucket): ClusterService {
  return async (_client, body) => {
    const request = parseKeyValueRequest({ ...body, create_if_not_exists: false });
    const key = bucketKey(request.key);
    if (request.type === "write") {
      await bucket.put(key, canonicalText(request.value));
      return { type: "write_ok" };
    }
    for (;;) {
      const entry = await bucket.get(key);
      const reply = replyFrom(request, entry?.value);
      if (reply.type !== "cas_ok" || request.type !== "cas") return reply;
      // A bucket compares revisions, not values. Another write in between may have written the same value.
      if (await bucket.update(key, canonicalText(request.to), entry!.revision)) return reply;
    }
  };
}

/** Key in a bucket, where few characters are allowed. */
function bucketKey(key: string): string {
  return Buffer.from(key).toString("base64url");
}
