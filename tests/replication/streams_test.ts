// @ts-types="../../types/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  accept,
  append,
  covers,
  createStreams,
  fits,
  least,
  limit,
  raise,
  segmentsBeyond,
  skipTo,
  starts,
  trim,
  type Vector,
} from "../../lib/replication/streams.ts";

const vectors: fc.Arbitrary<Vector> = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.nat(5));

Deno.test("what is appended goes to whoever lacks it", () => {
  const streams = createStreams<string>();
  assertEquals(segmentsBeyond(streams, {}), undefined);
  append(streams, "a", "x");
  append(streams, "a", "y");
  append(streams, "b", "z");
  assertEquals(streams.vector, { a: 2, b: 1 });
  assertEquals(segmentsBeyond(streams, {}), { a: [0, ["x", "y"]], b: [0, ["z"]] });
  assertEquals(segmentsBeyond(streams, { a: 1, b: 1 }), { a: [1, ["y"]] });
  assertEquals(segmentsBeyond(streams, { a: 7, b: 7 }), undefined);
});

Deno.test("of segments that overlap with what is there, only the new part is taken in", () => {
  const streams = createStreams<number>();
  const taken: number[] = [];
  const take = (from: number, entries: number[]) =>
    accept(streams, { a: [from, entries] }, (entry) => taken.push(entry));
  assertEquals(take(0, [0, 1]), 2);
  assertEquals(take(0, [0, 1, 2]), 1);
  assertEquals(take(1, [1]), 0);
  assertEquals(take(3, [3]), 1);
  assertEquals(taken, [0, 1, 2, 3]);
});

Deno.test("segments fit if there is no gap, and nothing that the sender had seen is missing", () => {
  const streams = createStreams<number>();
  accept(streams, { a: [0, [0, 1]] }, () => {});
  assert(fits(streams, {}, {}));
  assert(fits(streams, { a: [2, [2]] }, { a: 3 }));
  assert(fits(streams, { a: [1, [1, 2]], b: [0, [0]] }, { a: 3, b: 1 }));
  assert(!fits(streams, { a: [3, [3]] }, {}));
  assert(!fits(streams, { b: [1, [1]] }, {}));
  assert(!fits(streams, { a: [2, [2]] }, { a: 3, b: 1 }));
});

Deno.test("what is trimmed is gone, and what is skipped is never asked for", () => {
  const streams = createStreams<number>();
  for (let i = 0; i < 5; i++) append(streams, "a", i);
  assertEquals(trim(streams, "a", 2), [0, 1]);
  assertEquals(trim(streams, "a", 1), []);
  assertEquals(trim(streams, "none", 1), []);
  assertEquals(starts(streams), { a: 2 });
  assertEquals(segmentsBeyond(streams, {}), { a: [2, [2, 3, 4]] });
  assertEquals(trim(streams, "a", 9), [2, 3, 4]);
  assertEquals(streams.vector, { a: 5 });

  skipTo(streams, { a: 4, b: 3 });
  assertEquals(streams.vector, { a: 5, b: 3 });
  assertEquals(accept(streams, { b: [2, [2, 3]] }, () => {}), 1);
  assertEquals(segmentsBeyond(streams, { a: 5 }), { b: [3, [3]] });
});

Deno.test("of a stream that is too long, the older half is forgotten", () => {
  const streams = createStreams<number>();
  for (let i = 0; i < 11; i++) append(streams, "a", i);
  limit(streams, 11);
  assertEquals(starts(streams), {});
  limit(streams, 10);
  assertEquals(segmentsBeyond(streams, {}), { a: [6, [6, 7, 8, 9, 10]] });
});

Deno.test("vectors form a lattice", () => {
  fc.assert(fc.property(vectors, vectors, vectors, (a, b, c) => {
    const joined = { ...a };
    raise(joined, b);
    assert(covers(joined, a) && covers(joined, b));
    assert(!(covers(c, a) && covers(c, b)) || covers(c, joined));
    const met = least(a, [b]);
    assert(covers(a, met) && covers(b, met));
    assert(!(covers(a, c) && covers(b, c)) || covers(met, c));
  }));
});

Deno.test("however segments are cut, repeated and ordered, entries come once and in order", () => {
  const cuts = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 40 });
  fc.assert(fc.property(cuts, (segments) => {
    const all = Array.from({ length: 20 }, (_, i) => i);
    const streams = createStreams<number>();
    const taken: number[] = [];
    for (const [from, length] of segments) {
      const segment = { a: [from, all.slice(from, from + length)] as [number, number[]] };
      if (fits(streams, segment, {})) accept(streams, segment, (entry) => taken.push(entry));
    }
    assertEquals(taken, all.slice(0, taken.length));
    assertEquals(streams.vector.a ?? 0, taken.length);
  }));
});
