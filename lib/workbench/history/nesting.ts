/**
 * How deep the values of a history may be nested. Whoever reads, compares or shows one goes down into it by recursion.
 *
 * @module
 */

/** How many forms, such as lists and maps, may stand in one another. */
export const MAX_DEPTH = 1000;

/** What is wrong where there are more. */
export const TOO_DEEP = `expected at most ${MAX_DEPTH} nested forms, got more`;

/**
 * Where a text of JSON is nested too deep; undefined where it is not. The text need not be right otherwise.
 *
 * @returns The offset of the first bracket that goes too deep.
 */
export function tooDeepAt(json: string): number | undefined {
  if (json.length <= MAX_DEPTH) return undefined;
  let depth = 0;
  let isInString = false;
  for (const { 0: token, index } of json.matchAll(TOKENS)) {
    if (token === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth > MAX_DEPTH) return index;
  }
  return undefined;
}

/** Brackets and quotes, and what is escaped, which may be a quote. */
const TOKENS = /["[\]{}]|\\./g;
