import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  accept,
  append,
  countsOf,
  createStreams,
  fits,
  limit,
  OWN,
  segmentsBeyond,
  skipTo,
  starts,
  type Streams,
  trim,
  vectorAt,
  vectorOf,
} from "../../lib/replication/streams.ts";

/** The entries 0, 1, … of stream `a`, at a node that has none of its own. */
function holding(count: number): Streams<number> {
  const streams = createStreams<number>("own");
  const entries = Array.from({ length: count }, (_, i) => i);
  accept(streams, { a: [0, entries] }, () => {});
  return streams;
}

const counts = (streams: Streams<unknown>) => countsOf(streams, streams.vector);

Deno.test("what is appended goes to whoever lacks it", () => {
  const streams = createStreams<string>("a");
  const beyond = (have: Record<string, number>) => segmentsBeyond(streams, vectorOf(streams, have));
  assertEquals(beyond({}), undefined);
  append(streams, "x");
  append(streams, "y");
  accept(streams, { b: [0, ["z"]] }, () => {});
  assertEquals(counts(streams), { a: 2, b: 1 });
  assertEquals(beyond({}), { a: [0, ["x", "y"]], b: [0, ["z"]] });
  assertEquals(beyond({ a: 1, b: 1 }), { a: [1, ["y"]] });
  assertEquals(beyond({ a: 7, b: 7, c: 1 }), undefined);
});

Deno.test("of segments that overlap with what is there, only the new part is taken in", () => {
  const streams = createStreams<number>("own");
  const taken: number[] = [];
  const take = (from: number, entries: number[]) =>
    accept(streams, { a: [from, entries] }, (entry) => taken.push(entry));
  assertEquals(take(0, [0, 1]), 2);
  assertEquals(take(0, [0, 1, 2]), 1);
  const { version } = streams;
  assertEquals(take(1, [1]), 0);
  assertEquals(streams.version, version);
  assertEquals(take(3, [3]), 1);
  assertEquals(taken, [0, 1, 2, 3]);
});

Deno.test("segments fit if there is no gap, and nothing that the sender had seen is missing", () => {
  const streams = holding(2);
  const fit = (segments: Record<string, [number, number[]]>, have: Record<string, number>) =>
    fits(streams, segments, vectorOf(streams, have));
  assert(fit({}, {}));
  assert(fit({ a: [2, [2]] }, { a: 3 }));
  assert(fit({ a: [1, [1, 2]], b: [0, [0]] }, { a: 3, b: 1 }));
  assert(!fit({ a: [3, [3]] }, {}));
  assert(!fit({ c: [1, [1]] }, {}));
  assert(!fit({ a: [2, [2]] }, { a: 3, b: 1 }));
});

Deno.test("what is trimmed is gone, and what is skipped is never asked for", () => {
  const streams = holding(5);
  const a = streams.numbers.get("a")!;
  assertEquals(trim(streams, a, 2), [0, 1]);
  assertEquals(trim(streams, a, 1), []);
  assertEquals(trim(streams, 99, 1), []);
  assertEquals(starts(streams), [0, 2]);
  assertEquals(segmentsBeyond(streams, []), { a: [2, [2, 3, 4]] });
  assertEquals(trim(streams, a, 9), [2, 3, 4]);
  assertEquals(counts(streams), { a: 5 });

  skipTo(streams, vectorOf(streams, { a: 4, b: 3 }));
  assertEquals(counts(streams), { a: 5, b: 3 });
  assertEquals(accept(streams, { b: [2, [2, 3]] }, () => {}), 1);
  assertEquals(segmentsBeyond(streams, vectorOf(streams, { a: 5 })), { b: [3, [3]] });
});

Deno.test("of a stream that is too long, the older half is forgotten", () => {
  const streams = createStreams<number>("a");
  for (let i = 0; i < 11; i++) append(streams, i);
  limit(streams, 11);
  assertEquals(starts(streams), [0]);
  limit(streams, 10);
  assertEquals(segmentsBeyond(streams, []), { a: [6, [6, 7, 8, 9, 10]] });
});

Deno.test("what a node had at an earlier version is known, unless that is long ago", () => {
  const streams = holding(2);
  const vectors = [[], [0, 2]];
  for (let i = 0; i < 50_000; i++) {
    if (i % 3 === 0) skipTo(streams, [0, 3 + i]);
    else append(streams, i);
    vectors.push([...streams.vector]);
  }
  const filled = (version: number) => [vectors[version]![0] ?? 0, vectors[version]![1] ?? 0];
  for (let version = 50_001; version > 30_001; version--) assertEquals(vectorAt(streams, version), filled(version));
  assertEquals(vectorAt(streams, 500), undefined);
  assertEquals(vectorAt(streams, 50_002), undefined);
});

Deno.test("however segments are cut, repeated and ordered, entries come once and in order", () => {
  const cuts = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 40 });
  fc.assert(fc.property(cuts, (segments) => {
    const all = Array.from({ length: 20 }, (_, i) => i);
    const streams = createStreams<number>("own");
    const taken: number[] = [];
    for (const [from, length] of segments) {
      const segment = { a: [from, all.slice(from, from + length)] as [number, number[]] };
      if (fits(streams, segment, [])) accept(streams, segment, (entry) => taken.push(entry));
    }
    assertEquals(taken, all.slice(0, taken.length));
    assertEquals(counts(streams).a ?? 0, taken.length);
  }));
});

Deno.test("a node's own stream is the first of all", () => {
  assertEquals(createStreams("own").names[OWN], "own");
});
