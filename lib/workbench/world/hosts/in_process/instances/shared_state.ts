/**
 * Finds state of a module: what is declared at its top level and changed by its functions. All nodes that share the
 * module share that state.
 *
 * @module
 */

import type { Scanned } from "./scan.ts";

/** State at the top level of a module. */
export interface SharedState {
  name: string;
  /** Line of its declaration, from 1. */
  line: number;
}

/** Methods that change a collection. */
const CHANGES = "add|set|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin|append";
const ASSIGNMENT = String.raw`(?:\+\+|--|(?:[-+*/%&|^]|\*\*|<<|>>>?|\?\?|\|\||&&)?=(?![=>]))`;

/**
 * Finds the first name at the top level whose value functions change: a variable that they assign, or an object or
 * collection that they change. A change through another name is not found.
 */
export function findSharedState({ text, code, words, depths }: Scanned): SharedState | undefined {
  for (const [at, word] of words) {
    if (word === "import" || word === "export") continue;
    const [, name] = /^\w+\s+([\w$]+)/.exec(code.slice(at, at + 200)) ?? [];
    if (name === undefined || !isChanged(name, code, depths)) continue;
    return { name, line: text.slice(0, at).split("\n").length };
  }
  return undefined;
}

function isChanged(name: string, code: string, depths: Uint16Array): boolean {
  const itself = `(?<![\\w$.])${name.replaceAll("$", "\\$")}`;
  const change = new RegExp(
    `(?:\\+\\+|--|\\bdelete\\s+)\\s*${itself}(?![\\w$])|` +
      `${itself}(?:\\s*\\??\\.\\s*[\\w$]+|\\s*\\[[^\\]]*\\])*\\s*(?:${ASSIGNMENT}|\\??\\.\\s*(?:${CHANGES})\\s*\\()`,
    "g",
  );
  return code.matchAll(change).some(({ index }) =>
    (depths[index]! > 0 || isInArrow(code, index)) && !declares(code, index)
  );
}

/** Returns true if there is an arrow before a position of the same line. */
function isInArrow(code: string, at: number): boolean {
  return code.slice(code.lastIndexOf("\n", at) + 1, at).includes("=>");
}

/** Returns true if the name at a position is declared there: another one of the same name. */
function declares(code: string, at: number): boolean {
  return /\b(?:let|var|const)\s+$/.test(code.slice(Math.max(0, at - 20), at));
}
