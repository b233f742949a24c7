/**
 * Seeded randomness: one seed for a test, and from it as many independent streams as there are parts that draw (network, generator,
 * nemesis, each node), so that one more draw in one place changes nothing in the others.
 *
 * @module
 */

import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random draws. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  float(): number;
  /**
   * A whole number from 0 (included) to `below` (excluded).
   *
   * @throws {RangeError} There is none.
   */
  integer(below: number): number;
  /** A draw from the exponential distribution with this mean. */
  exponential(mean: number): number;
  /**
   * One of the elements.
   *
   * @throws {RangeError} There are none.
   */
  pick<T>(elements: readonly T[]): T;
  /** The elements in a random order, in a new array. */
  shuffle<T>(elements: readonly T[]): T[];
  /** Fills an array with random bits. */
  fill<T extends Uint8Array | Uint32Array>(array: T): T;
  /** The stream of that name: the same for the same seed and name, whatever has been drawn here. */
  stream(name: string): Random;
}

/**
 * The stream of a seed. The generator is xoroshiro128+ of Blackman and Vigna, <https://prng.di.unimi.it>.
 *
 * @param seed Any text.
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
  return randomAt(pathElement(seed));
}

/** The length keeps the elements of a path apart: "a" and then "bc" is not "ab" and then "c". */
function pathElement(name: string): string {
  return `${name.length}:${name}`;
}

/** The stream at the end of a path, which is a seed and then the names of streams. */
function randomAt(path: string): Random {
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
    stream: (name) => randomAt(path + pathElement(name)),
  };
}

/** A seed that nobody had before: eight letters and digits, easy to read out. */
export function newSeed(): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** 128 well-mixed bits of a text: FNV-1a over its characters, four times, each finished by MurmurHash3's mixer. */
function hash(text: string): [number, number, number, number] {
  const state = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((basis) => {
    let h = basis;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  }) as [number, number, number, number];
  // The one state that the generator cannot leave.
  if (state.every((word) => word === 0)) state[0] = 1;
  return state;
}
