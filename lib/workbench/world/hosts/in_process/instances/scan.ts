/**
 * Scanner of modules: tells code from comments, strings, templates and regular expressions, and finds the statements at
 * the top level. It is no parser: types and expressions are not understood.
 *
 * @module
 */

/** Code of a module. */
export interface Scanned {
  /** Text of the module. */
  text: string;
  /** The text with blanks for comments, and for what is inside of strings, templates and regular expressions. */
  code: string;
  /** Number of brackets around each character. At the top level it is 0. */
  depths: Uint16Array;
  /** Positions of the words `import`, `export`, `let`, `var`, `const`, `class` and `function` at the top level. */
  words: ReadonlyMap<number, string>;
  /** Positions of `import(…)`, at any depth. */
  dynamicImports: readonly number[];
}

const SPACE_OR_COMMENT = /(?:\s+|\/\/.*|\/\*[^]*?\*\/)+/y;
const STRING = /(["'])(?:\\[^]|(?!\1)[^\\\n])*\1/y;
const WORD = /[\w$\u0080-\uffff]+/y;
const REGULAR_EXPRESSION = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
/** A piece of a template: up to its end, or to the next `${`. */
const TEMPLATE = /(?:\\[^]|\$(?!\{)|[^\\`$])*(`|\$\{)/y;
/** Line that tells a system what runs the module. */
const FIRST_LINE = /#!.*/y;

const WORDS: ReadonlySet<string> = new Set(["import", "export", "let", "var", "const", "class", "function"]);
/** Tokens after which a slash begins a regular expression; after anything else it divides. */
const BEFORE_EXPRESSION: ReadonlySet<string> = new Set([
  ..."([{,;:=!?&|^~+-*%<>}",
  ..."return typeof case in of delete void throw new else do await yield instanceof".split(" "),
]);

/** State of a scan. */
interface Scan {
  readonly text: string;
  readonly code: string[];
  at: number;
  depth: number;
  /** The last token and the one before it, without spaces and comments. */
  last: string;
  secondLast: string;
  /** Depths of the `${` whose templates go on after their ends, outermost first. */
  readonly templates: number[];
  readonly depths: Uint16Array;
  readonly words: Map<number, string>;
  readonly dynamicImports: number[];
}

/**
 * Scans a module.
 *
 * @throws {SyntaxError} Its brackets do not match, or a template does not end.
 */
export function scanModule(text: string): Scanned {
  const scan: Scan = {
    text,
    code: [],
    at: 0,
    depth: 0,
    last: "",
    secondLast: "",
    templates: [],
    depths: new Uint16Array(text.length),
    words: new Map(),
    dynamicImports: [],
  };
  skip(scan, FIRST_LINE);
  while (scan.at < text.length) step(scan);
  if (scan.depth !== 0 || scan.templates.length > 0) throw new SyntaxError("brackets do not match");
  const { code, depths, words, dynamicImports } = scan;
  return { text, code: code.join(""), depths, words, dynamicImports };
}

function step(scan: Scan): void {
  const { text, at, templates, depth } = scan;
  const character = text[at]!;
  if (/\s/.test(character)) skip(scan, SPACE_OR_COMMENT);
  else if (character === "/") skipSlash(scan);
  else if (character === "`") skipTemplate(scan);
  else if (character === "}" && templates.at(-1) === depth) {
    templates.pop();
    scan.depth--;
    skipTemplate(scan);
  } else if (character === '"' || character === "'") skipString(scan, character);
  else copy(scan, match(WORD, scan) ?? character);
}

function match(pattern: RegExp, { text, at }: Scan): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipSlash(scan: Scan): void {
  const { last, secondLast } = scan;
  if (skip(scan, SPACE_OR_COMMENT)) return;
  // A value: a++ / b, a! / b.
  const isValue = (/[+-]/.test(last) && last === secondLast) || (last === "!" && /[\w$)\]]$/.test(secondLast));
  const isExpression = last === "" || (BEFORE_EXPRESSION.has(last) && !isValue);
  if (isExpression && skip(scan, REGULAR_EXPRESSION)) remember(scan, "0");
  else copy(scan, "/");
}

/** Replaces what a pattern matches by blanks; returns false if it matches nothing. */
function skip(scan: Scan, pattern: RegExp): boolean {
  const found = match(pattern, scan);
  if (found === undefined) return false;
  scan.code.push(blank(found));
  scan.at += found.length;
  return true;
}

function skipString(scan: Scan, quote: string): void {
  const found = match(STRING, scan);
  if (found === undefined) return copy(scan, quote);
  scan.code.push(quote, blank(found.slice(1, -1)), quote);
  scan.at += found.length;
  remember(scan, "0");
}

/** Skips a template from its beginning or from the end of a `${`: up to its end, or to the next `${`. */
function skipTemplate(scan: Scan): void {
  scan.at++;
  const found = match(TEMPLATE, scan);
  if (found === undefined) throw new SyntaxError("a template does not end");
  scan.code.push(" ", blank(found));
  scan.at += found.length;
  const goesOn = found.endsWith("{");
  if (goesOn) scan.templates.push(++scan.depth);
  remember(scan, goesOn ? "{" : "0");
}

function copy(scan: Scan, token: string): void {
  if (WORDS.has(token)) note(scan, token);
  if (token === ")" || token === "]" || token === "}") scan.depth--;
  if (scan.depth < 0) throw new SyntaxError("brackets do not match");
  if (scan.depth > 0) scan.depths.fill(scan.depth, scan.at, scan.at + token.length);
  if (token === "(" || token === "[" || token === "{") scan.depth++;
  scan.code.push(token);
  scan.at += token.length;
  remember(scan, token);
}

function remember(scan: Scan, token: string): void {
  scan.secondLast = scan.last;
  scan.last = token;
}

/** Notes a word at the top level, and `import(…)`. */
function note(scan: Scan, token: string): void {
  const { text, at, last, secondLast, depth } = scan;
  if (last === "." && secondLast !== ".") return;
  const next = token === "import" ? /^\s*([.(])/.exec(text.slice(at + 6, at + 26))?.[1] : undefined;
  if (next === "(") scan.dynamicImports.push(at);
  if (next === undefined && depth === 0) scan.words.set(at, token);
}

function blank(text: string): string {
  return text.includes("\n") ? text.replaceAll(/[^\n]+/g, (line) => " ".repeat(line.length)) : " ".repeat(text.length);
}

/** Returns the names that the statement at one of the `words` declares, and perhaps some that its types contain. */
export function declaredNames({ code, depths, words }: Scanned, at: number): string[] {
  const next = words.keys().find((word) => word > at) ?? code.length;
  const rest = code.slice(at, next);
  const end = rest.matchAll(/;/g).find(({ index }) => depths[at + index] === 0)?.index;
  const statement = rest.slice(0, end);
  const pattern = /^(?:const|let|var)\s*[{[][^=]*/.exec(statement)?.[0].match(/[\w$]+/g)?.slice(1) ?? [];
  const names = statement.matchAll(/(?:^\w+\s+|,\s*)([\w$]+)/g).filter(({ index }) => depths[at + index] === 0);
  return [...pattern, ...Array.from(names, ([, name]) => name!)];
}
