/**
 * The work of a log and of transactions, done by Redis: a stream for each key, and MULTI.
 *
 * @module
 */

import type { Answer } from "./direct_world.ts";
import type { Redis, Reply } from "./redis.ts";

/** Micro-operation of a transaction on registers. */
type RegisterOperation = [f: "r" | "w", key: number, value: number | null];

/** Answers the requests of workload kafka. An offset is the second part of an entry's id, of which the first is 0. */
export function redisLog(redis: Redis): Answer {
  return async (body) => {
    switch (body.type) {
      case "send": {
        const { key, msg } = body as { key?: string; msg?: unknown };
        const id = await redis.command("XADD", `log:${key}`, "0-*", "m", JSON.stringify(msg));
        return { offset: offsetOf(id as string) };
      }
      case "poll":
        return { msgs: await poll(redis, body.offsets as Record<string, number>) };
      case "commit_offsets": {
        const offsets = Object.entries(body.offsets as Record<string, number>);
        await redis.command("HSET", "committed", ...offsets.flat());
        return {};
      }
      default: {
        const keys = body.keys as string[];
        const committed = keys.length === 0 ? [] : await redis.command("HMGET", "committed", ...keys) as Reply[];
        const known = keys.flatMap((key, i) => committed[i] === null ? [] : [[key, Number(committed[i])]]);
        return { offsets: Object.fromEntries(known) };
      }
    }
  };
}

function offsetOf(id: string): number {
  return Number(id.slice(id.indexOf("-") + 1));
}

async function poll(redis: Redis, offsets: Record<string, number>): Promise<Record<string, unknown>> {
  const keys = Object.keys(offsets);
  if (keys.length === 0) return {};
  // XREAD returns what is above an id.
  const ids = keys.map((key) => `0-${Math.max(0, offsets[key]! - 1)}`);
  const streams = await redis.command("XREAD", "STREAMS", ...keys.map((key) => `log:${key}`), ...ids);
  const found = (streams ?? []) as [stream: string, entries: [id: string, fields: string[]][]][];
  return Object.fromEntries(found.map(([stream, entries]) => [
    stream.slice("log:".length),
    entries.map(([id, [, text]]) => [offsetOf(id), JSON.parse(text!)]),
  ]));
}

/** Answers the requests of workload txn-rw-register, each by one MULTI. */
export function redisTransactions(redis: Redis): Answer {
  return async (body) => {
    const operations = body.txn as RegisterOperation[];
    void redis.command("MULTI");
    for (const [f, key, value] of operations) {
      void (f === "r" ? redis.command("GET", `r:${key}`) : redis.command("SET", `r:${key}`, value!));
    }
    const replies = await redis.command("EXEC") as Reply[];
    return { txn: operations.map(([f, key, value], i) => [f, key, f === "w" ? value : numberOrNull(replies[i]!)]) };
  };
}

function numberOrNull(reply: Reply): number | null {
  return reply === null ? null : Number(reply);
}
