/**
 * Rewrites a module as a function that creates an instance of it, with state of its own.
 *
 * ```ts ignore
 * import { delay } from "@std/async/delay";   // stays outside of the function
 * import { peersOf } from "./peers.ts";       // const { peersOf } = $own["file:///…/peers.ts"];
 *
 * const seen = new Set<number>();             // is created anew by each call
 * export default function broadcast(node) {}  // the function returns it
 * ```
 *
 * Lines stay where they are, so that errors name the right place. Types stay too: Deno removes them.
 *
 * @module
 */

import { declaredNames, scanModule, type Scanned } from "./scan.ts";

/** Module that imports or is imported. */
export interface OwnImport {
  url: string;
  /** Names that are imported one by one. */
  names: readonly string[];
}

/** Module rewritten as a function. */
export interface Rewritten {
  /** The function, whose parameters are {@linkcode FactoryParameters}, as the code of a module. */
  code(names: readonly string[]): string;
  /** Imports of other modules that are rewritten. */
  imports: readonly OwnImport[];
  /** Exported names whose values can change after the instance was created. */
  variables: ReadonlySet<string>;
}

/** State of a rewrite. */
interface Rewrite {
  readonly scanned: Scanned;
  readonly url: string;
  readonly isOwn: (url: string) => boolean;
  readonly resolve: (name: string) => string;
  /** Replacements of parts of the text; each is as long as the part, or stays on its line. */
  readonly edits: { start: number; end: number; by: string }[];
  /** Statements before the function. */
  readonly outside: string[];
  /** Statements at the beginning of the function. */
  readonly inside: string[];
  readonly imports: OwnImport[];
  /** Expressions for exported names, unless it is the name itself. */
  readonly exports: Map<string, string>;
  /** Expressions for modules all of whose names are exported. */
  readonly stars: string[];
}

/**
 * Rewrites a module.
 *
 * @param isOwn Returns true for the URL of a module that is rewritten too.
 * @param resolve Returns what a specifier that is no path stands for.
 * @throws {SyntaxError} It contains something that cannot be inside of a function. The message names it and its line.
 */
export function rewriteModule(
  text: string,
  url: string,
  isOwn: (url: string) => boolean,
  resolve: (name: string) => string = (name) => name,
): Rewritten {
  const rewrite: Rewrite = {
    scanned: scanModule(text),
    url,
    isOwn,
    resolve,
    edits: [],
    outside: [],
    inside: [],
    imports: [],
    exports: new Map(),
    stars: [],
  };
  const { words, dynamicImports } = rewrite.scanned;
  for (const [at, word] of words) {
    if (word === "import") rewriteImport(rewrite, at);
    if (word === "export") rewriteExport(rewrite, at);
  }
  for (const at of dynamicImports) resolveDynamicImport(rewrite, at);
  return { code: (names) => assemble(rewrite, names), imports: rewrite.imports, variables: exportedVariables(rewrite) };
}

/** Specifier of a module. In code, a string is blank inside. */
const FROM = /(?<quote>["'])(?<specifier> *)\k<quote>(?:\s*with\s*\{[^}]*\})?\s*;?/.source;
const IMPORT = new RegExp(`import\\b(?:(?<clause>[^'"=;]*?)\\bfrom\\b)?\\s*${FROM}`, "dy");
const EXPORT_LIST = new RegExp(
  `export\\s+(?<type>type\\s+)?\\{(?<list>[^}'"]*)\\}(?:\\s*from\\s*${FROM}|\\s*;)?`,
  "dy",
);
const EXPORT_STAR = new RegExp(
  `export\\s+(?<type>type\\s+)?\\*\\s*(?:as\\s+(?<name>[\\w$]+)\\s*)?from\\s*${FROM}`,
  "dy",
);
const EXPORT_DEFAULT = new RegExp(
  "export\\s+default\\b(?:\\s+(?<head>(?:async\\s+)?function\\b\\s*\\*?|(?:abstract\\s+)?class\\b)" +
    "(?:\\s*(?!extends\\b|implements\\b)(?<name>[\\w$]+))?|\\s+(?<type>interface)\\b)?",
  "dy",
);
const EXPORT_DECLARATION =
  /export\s+(?=(?:declare|type|interface|const|let|var|async|function|abstract|class|enum|namespace|module)\b)/y;

type Found = RegExpExecArray & { indices: RegExpIndicesArray };

function match(pattern: RegExp, { scanned: { code } }: Rewrite, at: number): Found | undefined {
  pattern.lastIndex = at;
  return pattern.exec(code) as Found | null ?? undefined;
}

function fail({ scanned: { text } }: Rewrite, at: number, what: string): never {
  throw new SyntaxError(`${what} in line ${text.slice(0, at).split("\n").length}`);
}

/** Removes a part of the text; its line feeds stay. */
function remove({ scanned, edits }: Rewrite, start: number, end: number): string {
  const text = scanned.text.slice(start, end);
  edits.push({ start, end, by: text.replaceAll(/[^\n]/g, " ") });
  return text;
}

/** Returns the specifier of a found statement as it is in the text, and independent of the place of the module. */
function specifierOf(
  { scanned: { text }, url, resolve }: Rewrite,
  found: Found,
): { written: string; resolved: string } {
  const [start, end] = found.indices.groups!.specifier!;
  const written = text.slice(start, end);
  return { written, resolved: /^\.{0,2}\//.test(written) ? new URL(written, url).href : resolve(written) };
}

function rewriteImport(rewrite: Rewrite, at: number): void {
  const found = match(IMPORT, rewrite, at);
  if (found === undefined) fail(rewrite, at, "an import of an unknown form");
  const { written, resolved } = specifierOf(rewrite, found);
  const statement = remove(rewrite, at, at + found[0].length);
  const clause = found.groups!.clause?.trim() ?? "";
  if (/^type\s+(?!from\b|,)/.test(clause)) return;
  if (!rewrite.isOwn(resolved)) {
    rewrite.outside.push(oneLine(statement.replace(/;?$/, ";")).replace(written, () => resolved));
    return;
  }
  const { patterns, names } = readClause(clause);
  rewrite.imports.push({ url: resolved, names });
  for (const pattern of patterns) rewrite.inside.push(`const ${pattern} = $own[${JSON.stringify(resolved)}];`);
}

/** Puts a statement on one line, without its comments. A string stays: `"https://…"` contains none. */
function oneLine(text: string): string {
  return text.replaceAll(
    /("[^"]*"|'[^']*')|(?:\s|\/\/.*|\/\*[^]*?\*\/)+/g,
    (_, string: string | undefined) => string ?? " ",
  );
}

/** Turns the clause of an import into patterns of a destructuring. */
function readClause(clause: string): { patterns: string[]; names: string[] } {
  const [, first = "", rest = ""] = /^([\w$]*)\s*,?\s*([^]*)$/.exec(clause)!;
  const entries = first === "" ? [] : [["default", first]];
  const [, all] = /^\*\s*as\s+([\w$]+)/.exec(rest) ?? [];
  if (all === undefined) entries.push(...readList(rest.replaceAll(/[{}]/g, "")));
  const pattern = entries.map(([name, local]) => `${name}: ${local}`).join(", ");
  return {
    patterns: [...entries.length === 0 ? [] : [`{ ${pattern} }`], ...all === undefined ? [] : [all]],
    names: entries.map(([name]) => name!),
  };
}

/** Reads `a, b as c, type D`: pairs of a name and what it becomes. Types are left out. */
function readList(list: string): [string, string][] {
  return list.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "" && !/^type\s+(?!as\b)/.test(entry))
    .map((entry) => {
      const [name, renamed = name] = entry.split(/\s+as\s+/);
      return [name!, renamed!];
    });
}

function rewriteExport(rewrite: Rewrite, at: number): void {
  const { exports } = rewrite;
  const list = match(EXPORT_LIST, rewrite, at) ?? match(EXPORT_STAR, rewrite, at);
  if (list !== undefined) return exportFrom(rewrite, at, list);
  const standard = match(EXPORT_DEFAULT, rewrite, at);
  if (standard === undefined) {
    const declaration = match(EXPORT_DECLARATION, rewrite, at);
    if (declaration === undefined) fail(rewrite, at, "an export of an unknown form");
    remove(rewrite, at, at + declaration[0].length);
    return;
  }
  const { head, name, type } = standard.groups!;
  const word = /^export\s+default\b/.exec(standard[0])![0].length;
  if (head === undefined && type === undefined) {
    const start = "const $default=";
    rewrite.edits.push({ start: at, end: at + word, by: start.padEnd(word) });
  } else remove(rewrite, at, at + word);
  if (type !== undefined) return;
  exports.set("default", name ?? "$default");
  if (head === undefined || name !== undefined) return;
  const [, end] = standard.indices.groups!.head!;
  rewrite.edits.push({ start: end, end, by: " $default " });
}

/** Handles `export { … }` and `export *`, with or without `from`. */
function exportFrom(rewrite: Rewrite, at: number, found: Found): void {
  const { exports, stars, imports, outside, isOwn } = rewrite;
  const { list, name, type } = found.groups!;
  const hasSource = found.groups!.specifier !== undefined;
  const { resolved = "" } = hasSource ? specifierOf(rewrite, found) : {};
  remove(rewrite, at, at + found[0].length);
  if (type !== undefined) return;
  const entries = list === undefined ? [] : readList(list);
  if (!hasSource) {
    for (const [local, exported] of entries) exports.set(exported, local);
    return;
  }
  let source = `$own[${JSON.stringify(resolved)}]`;
  if (isOwn(resolved)) imports.push({ url: resolved, names: [] });
  else {
    source = `$from${outside.length}`;
    outside.push(`import * as ${source} from ${JSON.stringify(resolved)};`);
  }
  if (name !== undefined) exports.set(name, source);
  else if (list === undefined) stars.push(source);
  for (const [local, exported] of entries) exports.set(exported, `${source}.${local}`);
}

/** Makes `import("./x.ts")` independent of the place of the code. */
function resolveDynamicImport(rewrite: Rewrite, at: number): void {
  const found = match(/import\s*\(\s*(?<quote>["'])(?<specifier> *)\k<quote>/dy, rewrite, at);
  if (found === undefined) return;
  const { resolved } = specifierOf(rewrite, found);
  const [start, end] = found.indices.groups!.specifier!;
  rewrite.edits.push({ start, end, by: resolved });
}

/** Returns the exported names that are variables: `let` or `var`. */
function exportedVariables({ scanned, exports }: Rewrite): Set<string> {
  const variables = new Set<string>();
  for (const [at, word] of scanned.words) {
    if (word !== "let" && word !== "var") continue;
    for (const name of declaredNames(scanned, at)) {
      const listed = [...exports].filter(([, local]) => local === name).map(([exported]) => exported);
      for (const exported of listed.length > 0 ? listed : [name]) variables.add(exported);
    }
  }
  return variables;
}

/** Puts the function together. `names` are the exported names that are values. */
function assemble(rewrite: Rewrite, names: readonly string[]): string {
  const { scanned: { text }, url, edits, outside, inside } = rewrite;
  let body = "";
  let at = 0;
  for (const { start, end, by } of edits.toSorted((a, b) => a.start - b.start)) {
    body += text.slice(at, start) + by;
    at = end;
  }
  body += text.slice(at);
  if (body.startsWith("#!")) body = `//${body.slice(2)}`;
  const getters = names.map((name) => `get ${JSON.stringify(name)}() { return ${expressionFor(rewrite, name)}; }`);
  const path = decodeURIComponent(new URL(url).pathname);
  const meta = { url, main: false, filename: path, dirname: path.slice(0, path.lastIndexOf("/")) };
  return `${outside.join(" ")} Object.assign(import.meta, ${JSON.stringify(meta)}); ` +
    `export default async ($own, $done, $fail) => { try { ${inside.join(" ")} ${body}\n` +
    `;$done({ ${getters.join(", ")} }); } catch ($error) { $fail($error); } };`;
}

/** Returns the expression for an exported name. */
function expressionFor({ exports, stars, scanned: { code } }: Rewrite, name: string): string {
  const listed = exports.get(name);
  if (listed !== undefined) return listed;
  if (stars.length === 0 || declares(code, name)) return name;
  return `[${stars.join(", ")}].find((each) => ${JSON.stringify(name)} in each).${name}`;
}

/** Returns true if code declares a name where it exports it. */
function declares(code: string, name: string): boolean {
  const word = `(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`;
  const words = "(?:async\\s+|abstract\\s+)?(?:const|let|var|function|class|enum)\\b";
  return new RegExp(`\\bexport\\s+${words}\\s*[*{[]?[^=;(){}]*${word}`).test(code);
}
