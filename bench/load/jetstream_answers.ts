/**
 * The work of a log, done by JetStream: one stream with a subject for each key, and a bucket for committed offsets.
 *
 * - A send is a publication that is acknowledged. The offset is its sequence number in the stream.
 * - A poll gets the messages of each key one after another ("direct get"), as long as there are some.
 * - A commit writes the offset of each key to the bucket.
 *
 * @module
 */

import { jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Answer } from "./direct_world.ts";

/** Name of the stream, and of the bucket. */
const STREAM = "load";

/** Creates the stream and the bucket, without content. */
export async function createLog(connection: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(connection);
  await jsm.streams.delete(STREAM).catch(() => {});
  const file = { storage: StorageType.File };
  await jsm.streams.add({ name: STREAM, subjects: [`${STREAM}.*`], allow_direct: true, ...file });
  const kvm = new Kvm(connection);
  await kvm.open(STREAM).then((bucket) => bucket.destroy()).catch(() => {});
  await kvm.create(STREAM, { ...file, history: 1 });
}

/** Answers the requests of workload kafka. */
export async function jetStreamLog(connection: NatsConnection): Promise<Answer> {
  const js = jetstream(connection);
  const jsm = await jetstreamManager(connection);
  const bucket = await new Kvm(connection).open(STREAM, { allow_direct: true });
  const messagesFrom = async (key: string, offset: number) => {
    const messages: [offset: number, message: unknown][] = [];
    for (let seq = Math.max(1, offset);;) {
      const found = await jsm.direct.getMessage(STREAM, { seq, next_by_subj: `${STREAM}.${key}` });
      if (found === null) return messages;
      messages.push([found.seq, found.json()]);
      seq = found.seq + 1;
    }
  };
  return async (body) => {
    switch (body.type) {
      case "send":
        return { offset: (await js.publish(`${STREAM}.${body.key}`, JSON.stringify(body.msg))).seq };
      case "poll": {
        const asked = Object.entries(body.offsets as Record<string, number>);
        const read = async ([key, from]: [string, number]) => [key, await messagesFrom(key, from)] as const;
        const found = await Promise.all(asked.map(read));
        return { msgs: Object.fromEntries(found.filter(([, messages]) => messages.length > 0)) };
      }
      case "commit_offsets": {
        const offsets = Object.entries(body.offsets as Record<string, number>);
        await Promise.all(offsets.map(([key, offset]) => bucket.put(key, String(offset))));
        return {};
      }
      default:
        return { offsets: await committed(bucket, body.keys as string[]) };
    }
  };
}

async function committed(bucket: KV, keys: string[]): Promise<Record<string, number>> {
  const entries = await Promise.all(keys.map(async (key) => [key, await bucket.get(key)] as const));
  return Object.fromEntries(entries.flatMap(([key, entry]) => entry === null ? [] : [[key, Number(entry.string())]]));
}
