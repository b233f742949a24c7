import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { covers, join, Logs, OWN, type Vector } from "../../../challenges/replication/log.ts";

const vectors: fc.Arbitrary<Vector> = fc.array(fc.nat(5), { maxLength: 4 });

/** Logs of a node, whose own has no entries, and one of another node with 0, 1, 2, … */
function holding(count: number): Logs<number> {
  const logs = new Logs<number>();
  logs.numberOf("own");
  logs.accept({ a: [0, Array.from({ length: count }, (_, i) => i)] }, () => {});
  return logs;
}

function counts(logs: Logs<number>): Record<string, number> {
  return logs.countsOf(logs.vector);
}

Deno.test("join() is the least vector that covers both, whatever their lengths", () => {
  fc.assert(fc.property(vectors, vectors, vectors, (a, b, c) => {
    const joined = join(a, b);
    assert(covers(joined, a) && covers(joined, b));
    assert(!(covers(c, a) && covers(c, b)) || covers(c, joined));
    assert(!covers(a, b) || joined === a);
  }));
});

Deno.test("a vector survives being sent, whole and as what goes beyond another one", () => {
  fc.assert(fc.property(vectors, vectors, (vector, known) => {
    const logs = new Logs<number>();
    for (const name of ["a", "b", "c", "d"]) logs.numberOf(name);
    const same = logs.vectorOf(logs.countsOf(vector, known), known);
    assert(covers(same, join(vector, known)) && covers(join(vector, known), same));
  }));
});

Deno.test("what goes beyond a vector is what is sent", () => {
  const logs = new Logs<string>();
  logs.numberOf("own");
  const beyond = (have: Record<string, number>, ownOnly?: boolean) => logs.beyond(logs.vectorOf(have), ownOnly);
  assertEquals(beyond({}), undefined);
  logs.append(OWN, "x");
  logs.append(OWN, "y");
  logs.accept({ b: [0, ["z"]] }, () => {});
  assertEquals(beyond({}), { own: [0, ["x", "y"]], b: [0, ["z"]] });
  assertEquals(beyond({}, true), { own: [0, ["x", "y"]] });
  assertEquals(beyond({ own: 1, b: 1 }), { own: [1, ["y"]] });
  assertEquals(beyond({ own: 7, b: 7, c: 1 }), undefined);
});

Deno.test("of segments that overlap with what is there, only the new part is applied", () => {
  const logs = new Logs<number>();
  const applied: number[] = [];
  const take = (from: number, entries: number[]) => logs.accept({ a: [from, entries] }, (entry) => applied.push(entry));
  assert(take(0, [0, 1]));
  assert(take(0, [0, 1, 2]));
  const { vector } = logs;
  assert(!take(1, [1]));
  assertEquals(logs.vector, vector);
  assert(take(3, [3]));
  assertEquals(applied, [0, 1, 2, 3]);
});

Deno.test("segments fit if there is no gap, and nothing that the sender had applied is missing", () => {
  const logs = holding(2);
  const fits = (segments: Record<string, [number, number[]]>, have: Record<string, number>) =>
    logs.fits(segments, logs.vectorOf(have));
  assert(fits({}, {}));
  assert(fits({ a: [2, [2]] }, { a: 3 }));
  assert(fits({ a: [1, [1, 2]], b: [0, [0]] }, { a: 3, b: 1 }));
  assert(!fits({ a: [3, [3]] }, {}));
  assert(!fits({ c: [1, [1]] }, {}));
  assert(!fits({ a: [2, [2]] }, { a: 3, b: 1 }));
});

Deno.test("what is trimmed is gone, and what is skipped is never asked for", () => {
  const logs = holding(5);
  const below = (have: Record<string, number>) => logs.trim(logs.vectorOf(have));
  assertEquals(below({ a: 2 }), [0, 1]);
  assertEquals(below({ a: 1 }), []);
  assertEquals(logs.starts, [0, 2]);
  assertEquals(logs.beyond([]), { a: [2, [2, 3, 4]] });
  assertEquals(below({ a: 9 }), [2, 3, 4]);
  assertEquals(counts(logs), { a: 5 });

  logs.skipTo(logs.vectorOf({ a: 4, b: 3 }));
  assertEquals(counts(logs), { a: 5, b: 3 });
  assert(logs.accept({ b: [2, [2, 3]] }, () => {}));
  assertEquals(logs.beyond(logs.vectorOf({ a: 5 })), { b: [3, [3]] });
});

Deno.test("however segments are cut, repeated and ordered, entries are applied once and in order", () => {
  const cuts = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 40 });
  fc.assert(fc.property(cuts, (segments) => {
    const all = Array.from({ length: 20 }, (_, i) => i);
    const logs = new Logs<number>();
    const applied: number[] = [];
    for (const [from, length] of segments) {
      const segment = { a: [from, all.slice(from, from + length)] as [number, number[]] };
      if (logs.fits(segment, [])) logs.accept(segment, (entry) => applied.push(entry));
    }
    assertEquals(applied, all.slice(0, applied.length));
    assertEquals(counts(logs).a ?? 0, applied.length);
  }));
});
