import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { validate, version } from "@std/uuid";
import { extractTimestamp } from "@std/uuid/v7";
import fc from "fast-check";
import uniqueIds, { createIds, type IdSource } from "../../challenges/unique_ids.ts";
import { startNode } from "../../lib/start_node.ts";
import { createFakeHost, init, request } from "../fake_host.ts";

const NOW = 1_700_000_000_000;

/** A source whose clock shows the given times one after another, and then stands still. */
function source(
  times: number[],
  random: (array: Uint32Array) => void = (array) => crypto.getRandomValues(array as Uint32Array<ArrayBuffer>),
): IdSource {
  let reads = 0;
  return {
    now: () => times[Math.min(reads++, times.length - 1)]!,
    getRandomValues: (array) => (random(array as Uint32Array), array),
  };
}

/** Fills arrays with the given words, over and over. */
function words(...list: number[]): (array: Uint32Array) => void {
  let next = 0;
  return (array) => array.forEach((_, i) => array[i] = list[next++ % list.length]!);
}

Deno.test("the program answers generate with a new id", () => {
  const host = createFakeHost();
  const handle = startNode(uniqueIds, host);
  handle.receive(init("n0", ["n0"]));
  return handle.idle().then(() => {
    for (const msg_id of [2, 3]) handle.receive(request({ type: "generate", msg_id }));
    const [first, second] = host.sent.slice(1).map(({ body }) => body);
    assertEquals([first?.type, first?.in_reply_to], ["generate_ok", 2]);
    assert(validate(first!.id as string));
    assertNotEquals(first!.id, second!.id);
  });
});

Deno.test("ids are UUIDs of version 7 that contain the time, at any time and with any random numbers", () => {
  const anyTime = fc.integer({ min: 1, max: 2 ** 48 - 1 });
  const anyWord = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(fc.property(anyTime, fc.array(anyWord, { minLength: 1 }), (time, list) => {
    const id = createIds(source([time + 0.7], words(...list)))();
    assert(validate(id), id);
    assertEquals([version(id), extractTimestamp(id)], [7, time]);
  }));
});

Deno.test("all 74 bits beside time, version and variant are random", () => {
  const bits = (id: string) => BigInt(`0x${id.replaceAll("-", "")}`);
  const [none, all] = [0, 2 ** 32 - 1].map((word) => bits(createIds(source([NOW], words(word)))()));
  assertEquals((none! ^ all!).toString(2).replaceAll("0", "").length, 74);
  let seen = 0n;
  const next = createIds(source(Array.from({ length: 200 }, (_, i) => NOW + i)));
  const first = bits(next());
  for (let i = 0; i < 199; i++) seen |= (bits(next()) ^ first) & (2n ** 80n - 1n);
  assertEquals(seen.toString(2).replaceAll("0", "").length, 74);
});

Deno.test("ids of one node ascend, even if the clock stands still or goes back", () => {
  const anyTimes = fc.array(fc.integer({ min: NOW, max: NOW + 3 }), { minLength: 2, maxLength: 50 });
  fc.assert(fc.property(anyTimes, (times) => {
    const next = createIds(source(times));
    const ids = times.map(() => next());
    assertEquals(ids, [...ids].sort());
    assertEquals(new Set(ids).size, ids.length);
    for (const id of ids) assertLessOrEqual(extractTimestamp(id), NOW + 3);
  }));
});

Deno.test("when a millisecond has no ids left, the next one is taken", () => {
  const next = createIds(source([NOW], words(2 ** 32 - 1)));
  const [last, overflown] = [next(), next()];
  assertEquals(last, "018bcfe5-6800-7fff-bfff-ffffffffffff");
  assertEquals(extractTimestamp(overflown), NOW + 1);
  assert(overflown > last);
});

Deno.test("a carry goes from the low bits to the high ones", () => {
  const next = createIds(source([NOW], words(0, 0, 2 ** 32 - 1, 1, 0)));
  const ids = [next(), next(), next()].map((id) => id.slice("018bcfe5-6800-7".length));
  assertEquals(ids, ["000-8000-0000ffffffff", "000-8000-000100000001", "000-8000-000100000002"]);
});

Deno.test("nodes with the same clock make different ids", () => {
  const ids = new Set<string>();
  const nodes = Array.from({ length: 10 }, () => createIds(source([NOW])));
  for (let i = 0; i < 2000; i++) for (const next of nodes) ids.add(next());
  assertEquals(ids.size, 20_000);
  for (const id of ids) assertGreaterOrEqual(extractTimestamp(id), NOW);
});
