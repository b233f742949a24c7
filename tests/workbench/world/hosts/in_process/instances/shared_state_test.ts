import { assertEquals } from "@std/assert";
import { scanModule } from "../../../../../../lib/workbench/world/hosts/in_process/instances/scan.ts";
import { findSharedState } from "../../../../../../lib/workbench/world/hosts/in_process/instances/shared_state.ts";

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
  // Not state.
  ["const kinds = ['a', 'b'];\nfunction f(x: string) { return kinds.includes(x) && kinds[0] === x; }"],
  ["const seen = new Set();\nseen.add(1);\nfunction f() { return seen.has(1); }"],
  ["const text = 'seen.add(1)';\nfunction f() { /* text = 1 */ return text == '' || text >= 'a'; }"],
  ["const seen = 1;\nfunction f() { const seen = new Set(); return seen; }"],
  ["const set = 1;\nfunction f(x: { set: number }) { x.set = set; }"],
];

for (const [text, found] of STATES) {
  Deno.test(`findSharedState() finds ${found?.[0] ?? "nothing"} in ${JSON.stringify(text)}`, () => {
    const state = findSharedState(scanModule(text));
    assertEquals(state && [state.name, state.line], found);
  });
}
