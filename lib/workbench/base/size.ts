/**
 * Sizes in bytes, as people write them: `2 GB`, `500M`, `1.5GiB`, `100000`.
 *
 * @module
 */

/** Bytes of each unit, by its first letter. With an i, as in `KiB`, the factor is 1024. */
const PREFIXES = ["", "k", "m", "g", "t"];

/**
 * Parses a size. A unit is `k`, `M`, `G` or `T`, in any case, and may be followed by `B` or `iB`. A number alone is
 * bytes.
 *
 * @returns Whole number of bytes; undefined if the text is not a size.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseSize } from "./size.ts";
 *
 * assertEquals(["2 GB", "1.5g", "64KiB", "100 B", "0"].map(parseSize), [2e9, 1.5e9, 65536, 100, 0]);
 * assertEquals(["", "GB", "-1", "2 XB", "1 000"].map(parseSize), Array(5).fill(undefined));
 * ```
 */
export function parseSize(text: string): number | undefined {
  const [, number, prefix, binary] = /^\s*(\d+\.?\d*|\.\d+)\s*([kmgt]?)(?:(i?)b)?\s*$/i.exec(text) ?? [];
  if (number === undefined || (binary && prefix === "")) return undefined;
  const bytes = Math.round(Number(number) * (binary ? 1024 : 1000) ** PREFIXES.indexOf(prefix!.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Formats a size with at most three digits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatSize } from "./size.ts";
 *
 * assertEquals([0, 999, 1500, 2e9, 67_108_864].map(formatSize), ["0 B", "999 B", "1.5 kB", "2 GB", "67.1 MB"]);
 * ```
 */
export function formatSize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), PREFIXES.length - 1);
  const unit = ["B", "kB", "MB", "GB", "TB"][power]!;
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${unit}`;
}
