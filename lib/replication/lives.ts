/**
 * Lives: telling what a node says now from what it said before it was killed and started again.
 *
 * A message of an earlier life may come late, with entries that nobody knows of. Where they are only to be kept, that does no harm. But
 * where something follows from all nodes having an entry, as with `onStable`, the word of a node that it has nothing to add below must
 * hold for its earlier lives, too. So where lives are told apart,
 *
 * - whoever knows of a later life takes no more messages of the earlier ones;
 * - the word of a node that started again counts only when all others know that it did. Whatever they had taken from its earlier lives by
 *   then, they have passed on with that knowledge; and they will take no more.
 *
 * @module
 */

import type { Replica } from "./replica.ts";
import { numberOf } from "./streams.ts";

/** Which life of a node is its present one, as far as is known: 1 is the first; nodes that are not named have had no other. */
export type Lives = Record<string, number>;

/** How a program tells the lives of its nodes apart. */
export interface LivesOptions<E> {
  /**
   * Called once, at the start: counts this node's life, and says which is the present one of every node, this one included. No node may
   * ever get the same number twice, and each life a higher one than the one before. Until it is fulfilled, the node does not take part.
   */
  begin(): Promise<Lives>;
  /** What a node appends first when it starts again, so that all take note; it means nothing else. */
  announcement: E;
}

/** The name of the stream that a node appends to in one of its lives. */
export function nameOfLife(node: string, life: number): string {
  return `${node}.${life}`;
}

function parseName(stream: string): [node: string, life: number] {
  const dot = stream.lastIndexOf(".");
  return [stream.slice(0, dot), Number(stream.slice(dot + 1))];
}

/** Takes note of the lives that streams belong to, which are the keys of an object. */
export function noteLives({ lives }: Pick<Replica<unknown, unknown>, "lives">, streams: object): void {
  if (lives === undefined) return;
  for (const stream in streams) {
    const [node, life] = parseName(stream);
    if (life > (lives[node] ?? 1)) lives[node] = life;
  }
}

/** Whether a stream belongs to a life that is known to be over. */
export function isOver({ lives }: Pick<Replica<unknown, unknown>, "lives">, stream: string): boolean {
  if (lives === undefined) return false;
  const [node, life] = parseName(stream);
  return life < (lives[node] ?? 1);
}

/** Whether all nodes are known to know of the lives that speak here: of those that are not the first ones. */
export function allKnowOfLives({ lives, own, peers, streams }: Replica<unknown, unknown>): boolean {
  if (lives === undefined) return true;
  const speaking = [own, ...Array.from(peers.values(), ({ stream }) => stream)];
  const later = speaking.filter((stream) => stream !== undefined && parseName(stream)[1] > 1);
  for (const stream of later) {
    const number = numberOf(streams, stream!);
    for (const { shared } of peers.values()) if (!((shared[number] ?? 0) > 0)) return false;
  }
  return true;
}
