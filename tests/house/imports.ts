/**
 * Reads which file imports which, for the tests of the layout.
 *
 * @module
 */

import { ROOT } from "../../lib/workbench/cli/root.ts";

/** An import: the importing file, and the file or the bare name that it imports. Paths are relative to the root. */
export interface Import {
  from: string;
  to: string;
}

/** Name of a module that only an expression gives, as in `import(url)`. */
export const COMPUTED = "(an expression)";

/** Lists the TypeScript files of a folder, ordered by name; `recursive: false` leaves out its subfolders. */
export function filesBelow(folder: string, { recursive = true } = {}): string[] {
  const entries = [...Deno.readDirSync(`${ROOT}/${folder}`)].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return recursive ? filesBelow(path) : [];
    return name.endsWith(".ts") ? [path] : [];
  });
}

/** Lists the imports and re-exports of a file, those of types and dynamic ones too. */
export function importsOf(file: string): Import[] {
  return importsIn(Deno.readTextFileSync(`${ROOT}/${file}`), file);
}

/** Lists the imports of some code as {@linkcode importsOf} does. An import of an expression is one of `COMPUTED`. */
export function importsIn(code: string, file: string): Import[] {
  return Deno.lint.runPlugin(reader, file, code).map(({ message }) => ({ from: file, to: resolve(file, message) }));
}

/** Plugin of `deno lint` that reports each imported name: the parser knows what is a comment, and what a string. */
const reader: Deno.lint.Plugin = {
  name: "reader",
  rules: {
    imports: {
      create(context) {
        const report = (node: Deno.lint.Node, source: Deno.lint.Node | null) => {
          if (source === null) return;
          const isLiteral = source.type === "Literal" && typeof source.value === "string";
          context.report({ node, message: isLiteral ? source.value as string : COMPUTED });
        };
        // The parser allows nothing but a string as the name in a type.
        return {
          ImportDeclaration: (node) => report(node, node.source),
          ExportNamedDeclaration: (node) => report(node, node.source),
          ExportAllDeclaration: (node) => report(node, node.source),
          ImportExpression: (node) => report(node, node.source),
          TSImportType: (node) => report(node, "literal" in node.argument ? node.argument.literal : node.argument),
        };
      },
    },
  },
};

function resolve(file: string, name: string): string {
  if (!name.startsWith(".")) return name;
  return decodeURIComponent(new URL(name, `file:///${file}`).pathname.slice(1));
}

/** Finds import cycles: each is the list of files of a strongly connected component with more than one file. */
export function findCircles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...next.get(from) ?? [], to]);
  const reached = new Map(Array.from(next.keys(), (file) => [file, reachableFrom(file, next)]));
  const circles = new Map<string, string[]>();
  for (const [file, others] of reached) {
    if (!others.has(file)) continue;
    const circle = [...others].filter((other) => reached.get(other)?.has(file)).sort();
    circles.set(circle[0]!, circle);
  }
  return [...circles.values()];
}

function reachableFrom(file: string, next: ReadonlyMap<string, string[]>): Set<string> {
  const reached = new Set<string>();
  const open = [...next.get(file) ?? []];
  for (let other = open.pop(); other !== undefined; other = open.pop()) {
    if (reached.has(other)) continue;
    reached.add(other);
    open.push(...next.get(other) ?? []);
  }
  return reached;
}
