import { assertEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { filesBelow } from "./imports.ts";

const readable = (await Deno.permissions.query({ name: "read" })).state === "granted";

Deno.test({
  name: "no two modules declare exports with one name",
  ignore: !readable,
  fn() {
    const files = ["lib", "challenges"].flatMap((folder) => filesBelow(folder));
    assertEquals(namedTwice(files.map((file) => [file, Deno.readTextFileSync(`${ROOT}/${file}`)])), []);
  },
});

Deno.test("namedTwice() finds declarations of all kinds, and new names of others", () => {
  const declarations = [
    "export const a = 1;",
    "export let a: number;",
    "export const { a } = b;",
    "export const { b: [c = 1, ...a] } = d;",
    "export function a() {}",
    "export async function* a() {}",
    "export abstract class a {}",
    "export interface a {}",
    "export type a = string;",
    "export enum a {}",
    "const a = 1;\nexport { a };",
    "const b = 1;\nexport { b as a };",
    'export { b as a } from "./b.ts";',
    'export * as a from "./b.ts";',
    'import { b } from "./b.ts";\nexport { b as a };',
  ];
  for (const code of declarations) {
    assertEquals(namedTwice([["x.ts", code], ["y.ts", "export type a = 1;"]]), ["a: x.ts, y.ts"], code);
  }
});

Deno.test("namedTwice() leaves out re-exports, what is not exported, and overloads", () => {
  const others = [
    'export { a } from "./b.ts";',
    'export * from "./b.ts";',
    'import { b as a } from "./b.ts";\nexport { a };',
    "const a = 1;\nexport { a as b };",
    "function a() {}\n// export function a() {}",
    "export default function a() {}",
  ];
  for (const code of others) assertEquals(namedTwice([["x.ts", code], ["y.ts", "export type a = 1;"]]), [], code);
  assertEquals(namedTwice([["x.ts", "export function a(): void;\nexport function a() {}\nexport type a = 1;"]]), []);
});

/** Lists the names that several of these files declare and export, each with the files. */
function namedTwice(files: readonly [file: string, code: string][]): string[] {
  const owners = new Map<string, string[]>();
  for (const [file, code] of files) {
    for (const name of new Set(namesIn(code, file))) owners.set(name, [...owners.get(name) ?? [], file]);
  }
  return [...owners].filter(([, { length }]) => length > 1).map(([name, files]) => `${name}: ${files.join(", ")}`);
}

function namesIn(code: string, file: string): string[] {
  return Deno.lint.runPlugin(reader, file, code).map(({ message }) => message);
}

/** Plugin of `deno lint` that reports the name of each export that is not a re-export under the same name. */
const reader: Deno.lint.Plugin = {
  name: "reader",
  rules: {
    names: {
      create(context) {
        const imported = new Set<string>();
        const report = (node: Deno.lint.Node, name: string) => context.report({ node, message: name });
        return {
          ImportDeclaration({ specifiers }) {
            for (const { local } of specifiers) imported.add(local.name);
          },
          ExportAllDeclaration(node) {
            if (node.exported !== null) report(node, nameOf(node.exported));
          },
          ExportNamedDeclaration(node) {
            for (const name of declaredNames(node.declaration)) report(node, name);
            for (const { local, exported } of node.specifiers) {
              const isRenamed = nameOf(local) !== nameOf(exported);
              if (isRenamed || (node.source === null && !imported.has(nameOf(local)))) report(node, nameOf(exported));
            }
          },
        };
      },
    },
  },
};

function declaredNames(declaration: Deno.lint.ExportNamedDeclaration["declaration"]): string[] {
  if (declaration === null) return [];
  if (declaration.type === "VariableDeclaration") return declaration.declarations.flatMap(({ id }) => boundNames(id));
  return "id" in declaration && declaration.id !== null ? [nameOf(declaration.id as Deno.lint.Identifier)] : [];
}

/** The names that a pattern binds: `a` and `b` for `{ a, c: [b] }`. */
function boundNames(pattern: Deno.lint.Node | null): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((each) => boundNames(each.type === "Property" ? each.value : each));
    case "ArrayPattern":
      return pattern.elements.flatMap(boundNames);
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}

function nameOf(name: Deno.lint.Identifier | Deno.lint.StringLiteral): string {
  return name.type === "Identifier" ? name.name : name.value;
}
