import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createModuleURL, framesOf } from "../../../../../../lib/workbench/base/stack_frames.ts";
import { rewriteModule } from "../../../../../../lib/workbench/world/hosts/in_process/instances/rewrite.ts";

type Namespace = Record<string, unknown>;

const OTHER = "file:///home/me/other.ts";
let count = 0;

/** Rewrites a module, and returns a function that creates an instance. `other` are the exports of `./other.ts`. */
async function rewrite(text: string, names: string[], other: Namespace = {}): Promise<() => Namespace> {
  const url = `file:///home/me/${count++}.ts`;
  const { code } = rewriteModule(text, url, (url) => url === OTHER);
  const { default: factory } = await import(createModuleURL(code(names), url));
  return () => {
    let created: Namespace | undefined;
    void factory({ [OTHER]: other }, (exports: Namespace) => created = exports, (error: unknown) => {
      throw error;
    });
    if (created === undefined) throw new Error("It waits");
    return created;
  };
}

/** Modules: their text, and their exports. */
const MODULES: Record<string, [text: string, exports: Namespace]> = {
  "declarations": [
    "export const a = 1, b = 2;\nexport let c = 3;\nexport function d() { return 4; }\n" +
    "export class E {}\nexport enum F { G }",
    { a: 1, b: 2, c: 3 },
  ],
  "a destructuring": ["const x = { a: 1, b: [2] };\nexport const { a, b: [b] } = x;", { a: 1, b: 2 }],
  "a list": ["const a = 1; const b: number = 2;\nexport { a, b as c, b as default, type T };\ntype T = 1;", {
    a: 1,
    c: 2,
    default: 2,
  }],
  "a default expression": ["export default [1, 2]\n  .map((x) => x * 2);", { default: [2, 4] }],
  "types": [
    "export type A = { b: `${string}` };\nexport interface C { d(): void }\nexport default interface E {}\n" +
    "import type { F } from './f.ts';\nimport { type G } from './other.ts';\nexport type { H } from './h.ts';\n" +
    "export type * from './i.ts';\nexport declare const j: number;\nexport abstract class K<T extends F | G> {}\n" +
    "export const a = <const T,>(x: T): T => x as T, b = a(1)!;\nexport const c = b satisfies number;",
    { b: 1, c: 1 },
  ],
  "imports": [
    "import all, { one as uno, two } from './other.ts';\nimport * as star from \"./other.ts\"\nimport './other.ts';\n" +
    "import { join, /* of a path */ basename } from 'node:path'; // both\n" +
    "export const a = [all, uno, two, star.one, join('x', 'y'), basename('/z')];",
    { a: [0, 1, 2, 1, "x/y", "z"] },
  ],
  "exports of other modules": [
    "export * from './other.ts';\nexport { one as uno, default } from './other.ts';\n" +
    "export * as all from 'node:path';\n" +
    "export { basename } from 'node:path';\nexport const two = 'mine';",
    { one: 1, uno: 1, default: 0, two: "mine" },
  ],
  "words that are no statements": [
    "const a = { import: 1, export: 2 }; const b = a.import + a\n  .export; // import './x.ts';\n" +
    'const c = `import "./x.ts" ${`${b} export default`} `; /* export { c } */\n' +
    "const d = /[/'\"`]import '/.test('x') || b / 2 / 3 < 1; const e = 'export \\' default';\n" +
    "let f = 7; f++ / 2; const g = a! / 2 / 3;\nexport { b, c, d, e };",
    { b: 3, c: 'import "./x.ts" 3 export default ', d: true, e: "export ' default" },
  ],
  "its own meta": [
    "export const { url, main, filename, dirname } = import.meta;\nif (import.meta.main) await Promise.resolve();",
    { main: false, dirname: "/home/me" },
  ],
  "a line that says what runs it": ["#!/usr/bin/env -S deno run\nexport const a = 1;", { a: 1 }],
};

for (const [what, [text, expected]] of Object.entries(MODULES)) {
  Deno.test(`an instance has the exports of its module: ${what}`, async () => {
    const create = await rewrite(text, Object.keys(expected), { default: 0, one: 1, two: 2 });
    const exports = create();
    assertEquals(Object.fromEntries(Object.keys(exports).map((name) => [name, exports[name]])), expected);
  });
}

/** Default exports that declare something. */
const DECLARED: Record<string, string> = {
  "function named(): string { return 'hi'; }\nnamed.x = 1;": "named",
  "function (): string { return 'hi'; }\n[1].length;": "$default",
  "async function* (): AsyncGenerator<string> {}": "$default",
  "class Named { static { Named; } }": "Named",
  "class extends Map<string, string> {}": "$default",
  "abstract class A implements Iterable<1> { abstract [Symbol.iterator](): Iterator<1>; }": "A",
};

for (const [declaration, name] of Object.entries(DECLARED)) {
  Deno.test(`an instance has a default export: ${declaration.split("{")[0]}`, async () => {
    const create = await rewrite(`export default ${declaration}`, ["default"]);
    assertEquals((create().default as { name: string }).name, name);
  });
}

Deno.test("each instance has state of its own, and its exports follow it", async () => {
  const create = await rewrite(
    "let n = 0;\nconst list: number[] = [];\nexport class Counted { static total = 0; }\n" +
      "export function count() { list.push(++n); Counted.total += n; return [...list]; }\nexport { n };",
    ["n", "count", "Counted"],
  );
  const [first, second] = [create(), create()] as { n: number; count(): number[]; Counted: { total: number } }[];
  first!.count();
  assertEquals(first!.count(), [1, 2]);
  assertEquals(second!.count(), [1]);
  assertEquals([first!.n, second!.n, first!.Counted.total, second!.Counted.total], [2, 1, 3, 1]);
});

Deno.test("an error names the file and the line of the module", async () => {
  const create = await rewrite(
    'import { join } from "node:path";\n\ntype A = typeof join;\nexport default function fail(a?: A) {\n' +
      '  throw new Error("here");\n}\n',
    ["default"],
  );
  const { default: fail } = create() as { default(): void };
  const error = assertThrows(fail, Error, "here");
  const [frame] = framesOf(error);
  assertEquals(frame, { url: `file:///home/me/${count - 1}.ts`, position: "5:9" });
});

Deno.test("an instance waits for nothing", async () => {
  const create = await rewrite("await Promise.resolve();\nexport const a = 1;", ["a"]);
  assertThrows(create, Error, "It waits");
});

Deno.test("a module that cannot be inside of a function is refused, with the line", () => {
  const refuse = (text: string, message: string) =>
    assertThrows(() => rewriteModule(text, "file:///a.ts", () => false), SyntaxError, message);
  refuse("\nimport fs = require('fs');", "an import of an unknown form in line 2");
  refuse("const a = 1;\n\nexport = a;", "an export of an unknown form in line 3");
  refuse("const a = {", "brackets do not match");
  refuse("const a = 1; }", "brackets do not match");
  refuse("const a = `x", "a template does not end");
});

Deno.test("exported variables are known, as importers would see their changes", () => {
  const { variables } = rewriteModule(
    "export let a = 1;\nlet b = 2;\nexport { b as c };\nexport const d = 3;\nexport let e = f(g, h), i;\n" +
      "export var { j, k: l } = m;\nexport function n() {}",
    OTHER,
    () => false,
  );
  const names = [..."abcdefghijlmn"];
  assertEquals(names.filter((name) => variables.has(name)), ["a", "c", "e", "i", "j", "l"]);
});

Deno.test("an import of an address stays whole, and loses its comments", () => {
  const { code } = rewriteModule(
    "import { a, // it's the first\n  b /* \"c\" */ } from 'https://example.org/a  b.ts'; // d\n",
    OTHER,
    () => false,
  );
  assertStringIncludes(code([]), "import { a, b } from 'https://example.org/a  b.ts';");
});
