/**
 * Seeded random streams. A test has one seed; each part that draws (network, generator, nemesis, each node) has a
 * stream of its own, so that one more draw in one part does not change the others.
 *
 * @module
 */

import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** Stream of random draws. */
export interface Random {
  /** Draws a number from 0 (included) to 1 (excluded). */
  float(): number;
  /**
   * Draws an integer from 0 (included) to `below` (excluded).
   *
   * @throws {RangeError} `below` is less than 1.
   */
  integer(below: number): number;
  /** Draws from the exponential distribution. */
  exponential(mean: number): number;
  /**
   * Draws one of the elements.
   *
   * @throws {RangeError} There are none.
   */
  pick<T>(elements: readonly T[]): T;
  /** Returns the elements in a random order, as a new array. */
  shuffle<T>(elements: readonly T[]): T[];
  /** Fills an array with random bits. */
  fill<T extends Uint8Array | Uint32Array>(array: T): T;
  /** Creates the substream of a name. It depends only on the seed and the names, not on draws. */
  stream(name: string): Random;
}

/**
 * Creates the stream of a seed, any text.
 *
 * Source: xoroshiro128+ by Blackman and Vigna, <https://prng.di.unimi.it>.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { seededRandom } from "./random.ts";
 *
 * const random = seededRandom("7");
 * random.float();
 * assertEquals(random.stream("network").float(), seededRandom("7").stream("network").float());
 * ```
 */
export function seededRandom(seed: string): Random {
  return createStream(pathElement(seed));
}

/** Encodes an element of a path. With its length, "a" followed by "bc" differs from "ab" followed by "c". */
function pathElement(name: string): string {
  return `${name.length}:${name}`;
}

/** Creates the stream of a path: a seed, followed by names of streams. */
function createStream(path: string): Random {
  const generator = xoroshiro128plusFromState(hash(path));
  const float = () => ((generator.next() >>> 5) * 2 ** 26 + (generator.next() >>> 6)) * 2 ** -53;
  const integer = (below: number) => {
    if (!(below >= 1)) throw new RangeError(`Cannot draw an integer from 0 to below ${below}: there is none`);
    return Math.floor(float() * below);
  };
  return {
    float,
    integer,
    exponential: (mean) => -mean * Math.log1p(-float()),
    pick(elements) {
      if (elements.length === 0) throw new RangeError("Cannot pick: there are no elements");
      return elements[integer(elements.length)]!;
    },
    shuffle(elements) {
      const shuffled = [...elements];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      return shuffled;
    },
    fill(array) {
      for (let i = 0; i < array.length; i++) array[i] = generator.next();
      return array;
    },
    stream: (name) => createStream(path + pathElement(name)),
  };
}

/** Draws a new seed: eight letters and digits that are easy to read out. */
export function newSeed(): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Hashes a text to 128 bits: four FNV-1a hashes with different bases, each finished by the mixer of MurmurHash3. */
function hash(text: string): [number, number, number, number] {
  const state = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((basis) => {
    let h = basis;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  }) as [number, number, number, number];
  // The generator never leaves the state 0.
  if (state.every((word) => word === 0)) state[0] = 1;
  return state;
}
