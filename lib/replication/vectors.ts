/**
 * Version vectors: all that a node has, said by one number for each stream.
 *
 * Source: Parker et al., Detection of Mutual Inconsistency in Distributed Systems (1983).
 *
 * @module
 */

/**
 * How many entries of each stream, from the first on, by the numbers that this node gives to streams (see `streams.ts`): the same streams
 * have other numbers at other nodes. Where it ends, there are none.
 */
export type Vector = number[];

/** Whether `a` is at least `b`, in every stream. */
export function covers(a: Vector, b: Vector): boolean {
  for (let stream = 0; stream < b.length; stream++) if (b[stream]! > (a[stream] ?? 0)) return false;
  return true;
}

/** Raises `a` to at least `b`, in every stream. */
export function raise(a: Vector, b: Vector): void {
  for (let stream = 0; stream < b.length; stream++) if (b[stream]! > (a[stream] ?? 0)) put(a, stream, b[stream]!);
}

/** Says how many entries of one stream there are. */
export function put(vector: Vector, stream: number, count: number): void {
  while (vector.length < stream) vector.push(0);
  vector[stream] = count;
}

/** The greatest vector that all of these cover. */
export function least(first: Vector, others: Iterable<Vector>): Vector {
  const vector = [...first];
  for (const other of others) {
    for (let stream = 0; stream < vector.length; stream++) {
      vector[stream] = Math.min(vector[stream]!, other[stream] ?? 0);
    }
  }
  return vector;
}
