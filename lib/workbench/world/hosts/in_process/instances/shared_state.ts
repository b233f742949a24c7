/**
 * State of a module: what is declared at its top level and changed by its functions. All nodes that share the module
 * share that state.
 *
 * {@linkcode findSharedState} finds state for sure, but not all. {@linkcode hasNoState} is true only if there is none.
 *
 * @module
 */

import { declaredNames, type Scanned } from "./scan.ts";

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
 * Finds the first name at the top level, declared or imported, whose value functions change: a variable that they
 * assign, or an object or collection that they change. A change through another name is not found.
 */
export function findSharedState(scanned: Scanned): SharedState | undefined {
  const { text, code, words, depths } = scanned;
  for (const [at, word] of words) {
    if (word === "export") continue;
    const names = word === "import" ? importedNames(code, at) : declaredNames(scanned, at);
    const name = names.find((name) => name !== "" && isChanged(name, code, depths));
    if (name !== undefined) return { name, line: text.slice(0, at).split("\n").length };
  }
  return undefined;
}

/** Returns the names that the import at a position declares, without types. */
function importedNames(code: string, at: number): string[] {
  const [, clause = ""] = /^import\s+(?!type\b)([^'"=;]*?)\bfrom\b/.exec(code.slice(at)) ?? [];
  const parts = clause.split(/[{},]/).map((part) => part.trim()).filter((part) => !part.startsWith("type "));
  return parts.map((part) => part.split(/\s+/).at(-1)!);
}

/** Returns true if a value is cast to another type, as in `(f as any).x`: that may be for a property which it gets. */
function isCast(name: string, code: string): boolean {
  const itself = `(?<![\\w$.])${name.replaceAll("$", "\\$")}`;
  return new RegExp(`${itself}\\s+as\\b|<\\s*[\\w.]+\\s*>\\s*${itself}`).test(code);
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

/** Words of code that may have state, or may give a function or class a property. */
const SUSPICIOUS = /\b(?:static|prototype|namespace|module|enum|assign|defineProperty|defineProperties|Reflect)\b/;

/**
 * Returns true if a module certainly has no state: at its top level there are only imports, types, functions, classes
 * without static members, and constants that are functions, primitive values or regular expressions without a position.
 */
export function hasNoState(scanned: Scanned): boolean {
  const { code, words, dynamicImports } = scanned;
  if (dynamicImports.length > 0 || SUSPICIOUS.test(code)) return false;
  if (hasCalls(scanned) || hasAssignments(scanned)) return false;
  for (const [at, word] of words) {
    if (word === "let" || word === "var") return false;
    if (word === "const" && !isImmutable(scanned, at)) return false;
    if (declaredNames(scanned, at).some((name) => isCast(name, code))) return false;
  }
  return findSharedState(scanned) === undefined;
}

/** Returns true if a statement at the top level calls something, or is a loop. */
function hasCalls({ code, depths }: Scanned): boolean {
  const calls = code.matchAll(/(?<=(?:^|[;}])\s*)(?:await\s+|new\s+)?([\w$.?]+)\s*\(/g);
  return calls.some(({ index, 1: name }) => depths[index] === 0 && name !== "if" && name !== "function");
}

/** Returns true if a statement at the top level sets a property: `f.seen = []`. */
function hasAssignments({ code, depths }: Scanned): boolean {
  return code.matchAll(/[.\]]\s*[\w$]*\s*=(?![=>])/g).some(({ index }) => depths[index] === 0);
}

/** Matches what may stand before the arrow of a function, on as many lines as its parameters have. */
const ARROW_HEAD = /^\s*(?:async\s*)?(?:[\w$]+|(?:<[^=()]*>\s*)?\([^]*\)(?:\s*:[^=;]*)?)\s*$/;

/** Returns true if a constant, declared at a position, is a function, a primitive value or a regular expression. */
function isImmutable({ text, code, depths }: Scanned, at: number): boolean {
  const start = findAtTop(code, depths, /=(?![=>])/g, at) + 1;
  if (start === 0) return false;
  const end = findAtTop(code, depths, /;/g, start);
  if (end < 0) return false;
  const value = text.slice(start, end).trim();
  const arrow = findAtTop(code, depths, /=>/g, start);
  if (arrow >= 0 && arrow < end) {
    // The arrow must be that of the value, not in a branch of it, and no other declaration may follow after a comma.
    const comma = findAtTop(code, depths, /,/g, arrow);
    const isOfValue = ARROW_HEAD.test(code.slice(start, arrow)) && findAtTop(code, depths, /=|\?/g, start) === arrow;
    return isOfValue && (comma < 0 || comma > end);
  }
  return /^(?:-?[\d_.]+(?:n|e\d+)?|"[^"\n]*"|'[^'\n]*'|true|false|null|undefined|\/(?:\\.|[^\\\n])+\/[dimsuv]*)$/.test(
    value,
  );
}

/** Finds the first match at the top level from a position on; -1 if there is none. */
function findAtTop(code: string, depths: Uint16Array, pattern: RegExp, from: number): number {
  pattern.lastIndex = from;
  for (let found = pattern.exec(code); found !== null; found = pattern.exec(code)) {
    if (depths[found.index] === 0) return found.index;
  }
  return -1;
}
