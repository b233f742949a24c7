import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../../../../../lib/workbench/base/errors.ts";
import {
  isName,
  missingRanges,
  rangeAt,
  rangeCount,
  rangeSizeFor,
  refusalOf,
} from "../../../../../lib/workbench/search/swarm/machines/definition.ts";
import {
  conflictWith,
  coordinatorOptions,
  workerOptions,
} from "../../../../../lib/workbench/search/swarm/machines/options.ts";
import { parseMode } from "../../../../../lib/workbench/search/swarm/options.ts";

const parse = (line: string) => parseMode(line.split(" ")).given;

Deno.test("the ranges of a swarm have each test once", () => {
  for (const seeds of [1, 7, 199, 200, 4999, 5000, 5001, 100_000]) {
    const swarm = { seeds, rangeSize: rangeSizeFor(seeds) };
    const ranges = Array.from({ length: rangeCount(swarm) }, (_, index) => rangeAt(swarm, index));
    const numbers = ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
    assertEquals(numbers, Array.from({ length: seeds }, (_, i) => i + 1));
  }
  assertEquals([1, 199, 400, 5000, 1e8].map(rangeSizeFor), [1, 1, 2, 25, 25]);
});

Deno.test("missingRanges() covers what has no result, in ranges that are not too long", () => {
  const swarm = { seeds: 10, rangeSize: 3 };
  const done = new Set([1, 6, 10]);
  assertEquals(missingRanges(swarm, (number) => done.has(number)), [
    { first: 2, last: 4, isRepeat: true },
    { first: 5, last: 5, isRepeat: true },
    { first: 7, last: 9, isRepeat: true },
  ]);
  assertEquals(missingRanges(swarm, () => true), []);
});

Deno.test("refusalOf() accepts only the same version and program", () => {
  const here = { version: "0.1.0-a", program: "p" };
  assertEquals(refusalOf({ name: "x", ...here }, here), undefined);
  const refusal = (version: string, program: string | null) => refusalOf({ name: "x", version, program }, here) ?? "";
  assertMatch(
    refusal("0.1.0-b", "p"),
    /^Cannot take part in the swarm x: it was begun with version 0\.1\.0-b, this is /,
  );
  assertMatch(refusal("0.1.0-a", null), /: it tests our programs; expected no --bin$/);
  assertMatch(refusal("0.1.0-a", "q"), /: it tests another program than --bin; /);
  assertMatch(
    refusalOf({ name: "x", ...here }, { ...here, program: null })!,
    /: it tests a program of its own; expected --bin with the same one$/,
  );
});

Deno.test("the name of a swarm can be a part of names on the server", () => {
  assertEquals(["nightly-1", "a_B", "x".repeat(60)].map(isName), [true, true, true]);
  assertEquals(["", "a b", "a.b", "*", "ä", "x".repeat(61)].map(isName), [false, false, false, false, false, false]);
});

Deno.test("coordinatorOptions() and workerOptions() read the flags", () => {
  const line = "--coordinator nats://h --seeds 9 --seed s --challenge txn,1 --store t --json";
  assertEquals(coordinatorOptions(parse(line)), {
    url: "nats://h",
    name: "s",
    seeds: 9,
    seed: "s",
    challenges: ["6c", "1"],
    bin: undefined,
    store: "t",
    isJSON: true,
    removes: false,
  });
  assertEquals(coordinatorOptions(parse("--coordinator nats://h --name n --remove")).removes, true);
  assertEquals(workerOptions(parse("--worker nats://h"), 8), {
    url: "nats://h",
    name: undefined,
    jobs: 8,
    bin: undefined,
  });
  assertEquals(workerOptions(parse("--worker nats://h --jobs 2 --name n --bin x.ts"), 8).jobs, 2);
});

Deno.test("bad combinations of flags are explained", () => {
  const problem = (line: string) =>
    assertThrows(() => {
      const given = parse(line);
      if (given.coordinator !== undefined) coordinatorOptions(given);
      else workerOptions(given, 1);
    }, UsageError).message;
  assertEquals(problem("--seeds 5"), "Cannot use --seeds without --coordinator");
  assertEquals(problem("--name x"), "Cannot use --name without --coordinator or --worker");
  assertMatch(problem("--worker nats://h --seeds 5"), /^Cannot use --seeds with --worker: expected some of --jobs, /);
  assertMatch(problem("--coordinator nats://h --worker nats://h"), /^Cannot use --worker with --coordinator: /);
  assertMatch(problem("--coordinator nats://h --minutes 5"), /^Cannot use --minutes with --coordinator: /);
  assertMatch(problem("--coordinator nats://h"), /^Missing --seeds: expected the number of tests of a new swarm, /);
  assertMatch(problem("--coordinator nats://h --remove"), /^Missing --name: expected the swarm to remove/);
  assertMatch(problem("--coordinator nats://h --seeds 5 --bin x.ts"), /^Cannot use --bin with several challenges: /);
  assertMatch(problem("--coordinator nats://h --seeds 5 --seed a.b"), /^Cannot use --seed "a\.b": .* --name gives/);
  assertMatch(problem("--worker nats://h --name a.b"), /^Cannot use --name "a\.b": expected up to 60 letters, /);
  assertMatch(problem("--coordinator nats://h --seeds 0"), /^Cannot use --seeds "0": expected a whole number /);
});

Deno.test("conflictWith() names the option that a swarm does not have", () => {
  const stored = { name: "x", seeds: 5, seed: "s", challenges: ["1", "2"] };
  assertEquals(conflictWith(stored, { seeds: 5, seed: "s", challenges: ["1", "2"] }), undefined);
  assertEquals(conflictWith(stored, {}), undefined);
  assertMatch(
    conflictWith(stored, { seed: "t" })!,
    /^Cannot use --seed t with the swarm x, which has s: leave --seed /,
  );
  assertMatch(conflictWith(stored, { challenges: ["1"] })!, /^Cannot use --challenge 1 with .*, which has 1,2: /);
});
