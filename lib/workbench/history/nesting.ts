/**
 * Limit on the nesting of values in histories and messages. Values are read, compared and shown by recursion, so deep
 * ones would overflow the stack.
 *
 * @module
 */

/** Greatest depth of nested forms, such as lists and maps. */
export const MAX_NESTING = 1000;

/** Problem of a text with deeper forms. */
export const TOO_DEEP = `expected at most ${MAX_NESTING} nested forms, got more`;

/**
 * Finds the offset of the first bracket that is nested too deep; undefined if there is none. The text need not be valid
 * JSON.
 */
export function tooDeepAt(json: string): number | undefined {
  if (json.length <= MAX_NESTING) return undefined;
  let depth = 0;
  let isInString = false;
  for (const { 0: token, index } of json.matchAll(TOKENS)) {
    if (token === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth > MAX_NESTING) return index;
  }
  return undefined;
}

/** Brackets, quotes and escapes: an escaped quote does not end a string. */
const TOKENS = /["[\]{}]|\\./g;
