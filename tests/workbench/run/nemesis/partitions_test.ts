import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertNotEquals,
} from "@std/assert";
import fc from "fast-check";
import {
  type Grudge,
  ONE_WAY_PARTITIONS,
  type PartitionKind,
  PARTITIONS,
} from "../../../../lib/workbench/run/nemesis/partitions.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { testRecorded } from "../../recorded.ts";

const KINDS = Object.keys(PARTITIONS) as PartitionKind[];
const COUNT = fc.integer({ min: 1, max: 25 });
const SEED = fc.string({ minLength: 1 });

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${index}`);
}

function draw(kind: PartitionKind, count: number, seed: string): Grudge {
  return PARTITIONS[kind](names(count), seededRandom(seed));
}

/** Returns the nodes that a node hears, itself included. */
function heard(grudge: Grudge, node: string): string[] {
  return Object.keys(grudge).filter((source) => !grudge[node]!.includes(source));
}

/** Returns the groups into which a clean partition splits the nodes, the smaller one first. */
function groups(grudge: Grudge): string[][] {
  const found = new Map(Object.keys(grudge).map((node) => [heard(grudge, node).join(), heard(grudge, node)]));
  return [...found.values()].sort((a, b) => a.length - b.length);
}

/**
 * Asserts that each node is in exactly one of two groups, and returns the size of the smaller one; 0 if there is one
 * group.
 */
function sizeOfSmallerGroup(grudge: Grudge): number {
  const found = groups(grudge);
  assertEquals(found.flat().sort(), Object.keys(grudge).sort(), "the groups are not disjoint, or not complete");
  assert(found.length <= 2, `there are ${found.length} groups`);
  return found.length === 2 ? found[0]!.length : 0;
}

function isSymmetric(grudge: Grudge): boolean {
  return Object.entries(grudge).every(([node, sources]) => sources.every((source) => grudge[source]!.includes(node)));
}

for (const kind of KINDS) {
  Deno.test(`${kind} names each node once, and only other nodes as cut off from it`, () => {
    fc.assert(fc.property(COUNT, SEED, (count, seed) => {
      const grudge = draw(kind, count, seed);
      assertEquals(Object.keys(grudge), names(count));
      for (const [node, sources] of Object.entries(grudge)) {
        assertEquals(new Set(sources).size, sources.length);
        assert(sources.every((source) => source !== node && source in grudge));
      }
    }));
  });

  Deno.test(`${kind} is the same for the same seed, and does not change the array of nodes`, () => {
    fc.assert(fc.property(COUNT, SEED, (count, seed) => {
      const nodes = names(count);
      assertEquals(PARTITIONS[kind](nodes, seededRandom(seed)), draw(kind, count, seed));
      assertEquals(nodes, names(count));
    }));
  });

  Deno.test(`${kind} differs from draw to draw`, () => {
    const random = seededRandom("dune");
    const drawn = Array.from({ length: 10 }, () => JSON.stringify(PARTITIONS[kind](names(7), random)));
    assertGreater(new Set(drawn).size, 1);
  });
}

Deno.test("one isolates exactly one node, any of them", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 25 }), SEED, (count, seed) => {
    const grudge = draw("one", count, seed);
    assertEquals(sizeOfSmallerGroup(grudge), 1);
  }));
  assertEquals(draw("one", 1, "dune"), { n0: [] });
  const loners = Array.from({ length: 100 }, (_, seed) => groups(draw("one", 5, `${seed}`))[0]!.join());
  assertEquals([...new Set(loners)].sort(), names(5));
});

Deno.test("majority splits the nodes into halves, the smaller of which is not a majority", () => {
  fc.assert(fc.property(COUNT, SEED, (count, seed) => {
    assertEquals(sizeOfSmallerGroup(draw("majority", count, seed)), Math.floor(count / 2));
  }));
});

Deno.test("minority-third isolates as many nodes as are less than a third", () => {
  fc.assert(fc.property(COUNT, SEED, (count, seed) => {
    const size = sizeOfSmallerGroup(draw("minority-third", count, seed));
    assertLess(size, count / 3);
    assertGreaterOrEqual(size + 1, count / 3);
  }));
  assertEquals(draw("minority-third", 3, "dune"), { n0: [], n1: [], n2: [] });
});

Deno.test("majorities-ring lets each node hear a majority", () => {
  fc.assert(fc.property(COUNT, SEED, (count, seed) => {
    const grudge = draw("majorities-ring", count, seed);
    for (const node of names(count)) assertGreater(heard(grudge, node).length, count / 2);
    if (count >= 3) assertNotEquals(grudge, Object.fromEntries(names(count).map((node) => [node, []])));
  }));
});

Deno.test("majorities-ring cuts links both ways, except with three nodes", () => {
  fc.assert(fc.property(COUNT.filter((count) => count !== 3), SEED, (count, seed) => {
    assert(isSymmetric(draw("majorities-ring", count, seed)));
  }));
  assert(!isSymmetric(draw("majorities-ring", 3, "dune")));
});

Deno.test("majorities-ring of up to five nodes: each hears a bare majority, no two the same one", () => {
  fc.assert(fc.property(fc.integer({ min: 3, max: 5 }), SEED, (count, seed) => {
    const grudge = draw("majorities-ring", count, seed);
    const majorities = names(count).map((node) => heard(grudge, node));
    assert(majorities.every(({ length }) => length === Math.floor(count / 2) + 1));
    assertEquals(new Set(majorities.map(String)).size, count);
  }));
});

Deno.test("majorities-ring of more than five nodes: no node hears more than one beyond a bare majority", () => {
  for (let count = 6; count <= 25; count++) {
    for (let seed = 0; seed < 20; seed++) {
      const grudge = draw("majorities-ring", count, `${seed}`);
      for (const node of names(count)) assertLessOrEqual(heard(grudge, node).length, Math.floor(count / 2) + 2);
    }
  }
});

/** Returns the shape of a partition: for each node, the number of nodes that it does not hear, sorted. */
function shape(grudge: Grudge): string {
  return Object.values(grudge).map(({ length }) => length).sort((a, b) => a - b).join();
}

testRecorded("each partition that Jepsen drew can be drawn here", undefined, ({ history }) => {
  let kind: PartitionKind | undefined;
  for (const { f, value } of history) {
    if (f !== "start-partition") continue;
    if (typeof value === "string") {
      assert(KINDS.includes(value as PartitionKind), `there is no kind ${value}`);
      kind = value as PartitionKind;
      continue;
    }
    const [word, isolated] = value as [string, Record<string, Iterable<string>>];
    assertEquals(word, "isolated");
    const recorded = Object.fromEntries(Object.entries(isolated).map(([node, sources]) => [node, [...sources]]));
    const count = Object.keys(recorded).length;
    const drawn = Array.from({ length: 20 }, (_, seed) => shape(draw(kind!, count, `${seed}`)));
    assert(drawn.includes(shape(recorded)), `${kind} of ${count} nodes: ${shape(recorded)}`);
  }
});

Deno.test("the rings of three and of five nodes that Jepsen drew can be drawn here", () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => `${seed}`);
  const three = { n0: ["n1"], n1: ["n2"], n2: ["n0"] };
  assert(seeds.some((seed) => JSON.stringify(draw("majorities-ring", 3, seed)) === JSON.stringify(three)));
  const five = { n0: ["n1", "n4"], n1: ["n0", "n3"], n2: ["n3", "n4"], n3: ["n1", "n2"], n4: ["n0", "n2"] };
  assert(seeds.some((seed) => JSON.stringify(draw("majorities-ring", 5, seed)) === JSON.stringify(five)));
});

const ONE_WAY = Object.keys(ONE_WAY_PARTITIONS) as (keyof typeof ONE_WAY_PARTITIONS)[];

for (const kind of ONE_WAY) {
  Deno.test(`${kind} cuts links one way only, from one group to the others`, () => {
    fc.assert(fc.property(COUNT, SEED, (count, seed) => {
      const grudge = ONE_WAY_PARTITIONS[kind](names(count), seededRandom(seed));
      assertEquals(Object.keys(grudge), names(count));
      const cut = Object.entries(grudge).flatMap(([node, sources]) => sources.map((source) => [source, node] as const));
      const [speakers, listeners] = [0, 1].map((end) => new Set(cut.map((link) => link[end]!)));
      assertEquals(cut.length, speakers!.size * listeners!.size);
      assertEquals(speakers!.intersection(listeners!).size, 0);
      if (count > 1) assertEquals(speakers!.size + listeners!.size, count);
      else assertEquals(cut, []);
      const expected = { "deaf": count - 1, "mute": 1, "half-mute": Math.floor(count / 2) }[kind];
      if (count > 1) assertEquals(speakers!.size, expected);
    }));
  });
}

Deno.test("Maelstrom has four kinds of partition, none of them named as a one-way one", () => {
  assertEquals(KINDS, ["one", "minority-third", "majority", "majorities-ring"]);
  assert(ONE_WAY.every((kind) => !(kind in PARTITIONS)));
});
