import { assertEquals } from "@std/assert";
import { scanModule } from "../../../../../../lib/workbench/world/hosts/in_process/instances/scan.ts";
import {
  findSharedState,
  hasNoState,
} from "../../../../../../lib/workbench/world/hosts/in_process/instances/shared_state.ts";

/** Modules, and the name and line of their state. */
const STATES: [text: string, found?: [name: string, line: number]][] = [
  ["\nlet count = 0;\nexport default () => count++;", ["count", 2]],
  ["let count = 0;\nfunction next() { return --count; }", ["count", 1]],
  ["let last: number | undefined;\nconst see = (x: number) => { last = x; };", ["last", 1]],
  ["// state\nconst seen = new Set<number>();\nfunction add(x: number) { seen.add(x); }", ["seen", 2]],
  ["const list: number[] = [];\nconst add = (x: number) => { list[0] = x; };", ["list", 1]],
  ["const state = { of: { it: 0 } };\nfunction f() { state.of.it += 1; }", ["state", 1]],
  ["const cache = new Map();\nfunction f() { cache?.set(1, 2); }", ["cache", 1]],
  ["const all: Record<string, 1> = {};\nfunction f(x: string) { delete all[x]; }", ["all", 1]],
  ["class Counted { static total = 0; }\nfunction f() { Counted.total++; }", ["Counted", 1]],
  ["import { type T, all } from './all.ts';\nexport const f = (x: T) => all.push(x);", ["all", 1]],
  ["\nimport {\n  all as list,\n} from './all.ts';\nfunction f() { list.length = 0; }", ["list", 2]],
  ["import * as state from './state.ts';\nfunction f() { state.all.add(1); }", ["state", 1]],
  ["import counts from './counts.ts';\nfunction f() { counts.of++; }", ["counts", 1]],
  ["let a = 1, count = 0;\nfunction f() { count++; }", ["count", 1]],
  ["const { seen, other } = create();\nfunction f(x: number) { other.add(x); }", ["other", 1]],
  // Not state.
  ["import type { all } from './all.ts';\nimport { f } from './f.ts';\nconst g = () => f(1);"],
  ["const kinds = ['a', 'b'];\nfunction f(x: string) { return kinds.includes(x) && kinds[0] === x; }"],
  ["const seen = new Set();\nseen.add(1);\nfunction f() { return seen.has(1); }"],
  ["const text = 'seen.add(1)';\nfunction f() { /* text = 1 */ return text == '' || text >= 'a'; }"],
  ["const seen = 1;\nfunction f() { const seen = new Set(); return seen; }"],
  ["const set = 1;\nfunction f(x: { set: number }) { x.set = set; }"],
  ["export default class {\n  count = 0;\n  add() { this.count++; }\n}"],
];

for (const [text, found] of STATES) {
  Deno.test(`findSharedState() finds ${found?.[0] ?? "nothing"} in ${JSON.stringify(text)}`, () => {
    const state = findSharedState(scanModule(text));
    assertEquals(state && [state.name, state.line], found);
  });
}

/** Modules, and whether they certainly have no state. */
const MODULES: [text: string, expected: boolean][] = [
  ['import { a } from "./a.ts";\nexport type T = { let: 1 };\nexport function f(x: number) { return a(x); }', true],
  ["const LIMIT = 1_000;\nconst NAME = 'a';\nexport class A { x = LIMIT; f() { return NAME; } }", true],
  ["const WORD = /[a-z]+/u;\nexport const f = (x: string): boolean => WORD.test(x);", true],
  ["export const f = async (x: number) => {\n  let y = x;\n  y++;\n  return y;\n};", true],
  ["export default function main() {}\nif (import.meta.main) await main();", true],
  ["let x = 1;\nexport const f = () => x;", false],
  ["const seen = new Set();\nexport const f = () => seen;", false],
  ["const list: number[] = [];\nexport const f = () => list;", false],
  ["const next = (() => { let x = 0; return () => x++; })();", false],
  ["const next = counter();\nexport const f = () => next();", false],
  ["const WORD = /a/g;\nexport const f = (x: string) => WORD.test(x);", false],
  ["export class A { static all = new Set(); }", false],
  ["export function f() { f.count = 1; }", false],
  ["import { all } from './all.ts';\nall.push(1);", false],
  ["export const f = () => import('./a.ts');", false],
  ["const A = 1, seen = new Set();\nexport const f = () => seen;", false],
  ["export const seen = new Set()\nexport const f = (x: number) => 2 * x;", false],
  ["export const f = (x: number) => 2 * x, seen = new Set();", false],
  ["export const seen = A ? () => 1 : new Set();", false],
  ["export const seen = (A) ? () => 1 : new Set();", false],
  ["export function f() {}\nf.seen = new Set();", false],
  ["export function f() {}\n(f as any).seen = new Set();", false],
  ["const a = <T, U>(x: T, y: U): [T, U] => [x, y];\nconst b = async (x = 1): Promise<void> => {};", true],
  ["const a = (x: unknown): x is string => x === '';\nconst b = async x => x, c = 1;", false],
  ["const a = (x: unknown): x is string => x === '';\nconst b = async x => x;", true],
  ["const { seen } = globalThis;\nexport const f = () => seen;", false],
  ["const put = (set: Set<1>) => set.add(1), seen = new Set<1>();\nexport const f = () => put(seen);", false],
  ["const seen = new Set<1>()\nconst put = (set: Set<1>) => set.add(1);\nexport const f = () => put(seen);", false],
  ["const seen = (new Set<1>())\nconst put = (set: Set<1>) => set.add(1);\nexport const f = () => put(seen);", false],
  ["export namespace All { export const seen = []; }", false],
  ["function f() {}\nf.seen = [];\nexport const g = () => put(f.seen);", false],
  ["function f() {}\nexport const g = () => (f as any).seen.push(1);", false],
  ["function f() {}\nexport const g = () => (<any> f).seen.push(1);", false],
  ["const LIMIT = 1;\nexport const g = (x: number) => h(x > LIMIT);", true],
  ["function f() {}\nexport const g = () => Object.assign(f, { seen: 1 });", false],
  ["class A {}\nA.prototype.seen = [];\nexport const f = () => put(new A().seen);", false],
  ["export const f = <T>(x: T, y: (z: T) => T): T => y(x);", true],
  ["export const f = async (x: unknown) => g(x as string);", true],
];

for (const [text, expected] of MODULES) {
  Deno.test(`hasNoState() is ${expected} for ${JSON.stringify(text)}`, () => {
    assertEquals(hasNoState(scanModule(text)), expected);
  });
}
