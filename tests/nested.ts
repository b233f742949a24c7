/**
 * Nested values for tests.
 *
 * @module
 */

/** Writes a nested list as JSON: `depth` lists around some content. */
export function nestedText(depth: number, content = ""): string {
  return "[".repeat(depth) + content + "]".repeat(depth);
}

/** Creates a list that is `depth` levels deep. */
export function nested(depth: number): unknown {
  return JSON.parse(nestedText(depth));
}
