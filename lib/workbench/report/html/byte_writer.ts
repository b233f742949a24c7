/**
 * Bytes that grow: whole numbers, each as long as it must be.
 *
 * A number is written seven bits at a time, the lowest first; the highest bit of a byte says that another one follows.
 *
 * @module
 */

/** Writer of numbers. */
export interface ByteWriter {
  /** Appends a whole number from 0 to 2^53. */
  write(number: number): void;
  /** Returns everything that was written. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/** Most bytes of one number. */
const LONGEST = 8;

/** Creates an empty writer. */
export function createByteWriter(): ByteWriter {
  let bytes = new Uint8Array(1 << 10);
  let length = 0;
  return {
    write(number) {
      if (length + LONGEST > bytes.length) {
        const larger = new Uint8Array(bytes.length * 2);
        larger.set(bytes);
        bytes = larger;
      }
      let rest = number;
      for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[length++] = rest % 128 + 128;
      bytes[length++] = rest;
    },
    bytes: () => bytes.slice(0, length),
  };
}

/**
 * Converts a whole number to one from 0 on, so that those near 0 stay small: 0, -1, 1, -2, 2 … become 0, 1, 2, 3, 4 …
 */
export function unsigned(number: number): number {
  return number < 0 ? -2 * number - 1 : 2 * number;
}

/** Joins lists of bytes: each follows its length. */
export function joinStreams(streams: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const heads = streams.map((stream) => {
    const head = createByteWriter();
    head.write(stream.length);
    return head.bytes();
  });
  const joined = new Uint8Array([...heads, ...streams].reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const [index, stream] of streams.entries()) {
    for (const part of [heads[index]!, stream]) {
      joined.set(part, at);
      at += part.length;
    }
  }
  return joined;
}
