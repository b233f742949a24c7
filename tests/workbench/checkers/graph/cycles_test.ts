import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { impliedAnomalies, impossibleModels } from "../../../../lib/workbench/checkers/consistency_model.ts";
import { findComponents } from "../../../../lib/workbench/checkers/graph/components.ts";
import {
  type Cycle,
  findCycles,
  findShortCycles,
  type Graph,
  JOINT,
  PROCESS,
  REALTIME,
  RW,
  WR,
  WW,
} from "../../../../lib/workbench/checkers/graph/mod.ts";
import { type Edge, graphOf } from "./graphs.ts";

/** One cycle with edges of these kinds. */
function ring(...kinds: number[]): Graph {
  return graphOf(kinds.length, kinds.map((kind, at): Edge => [at, (at + 1) % kinds.length, kind]));
}

for (
  const [kinds, type] of [
    [[WW, WW], "G0"],
    [[WW, PROCESS], "G0-process"],
    [[WW, WW, REALTIME], "G0-realtime"],
    [[WW, WR], "G1c"],
    [[WR, WW, PROCESS], "G1c-process"],
    [[WR, REALTIME], "G1c-realtime"],
    [[RW, WW], "G-single-item"],
    [[RW, PROCESS], "G-single-item-process"],
    [[RW, WR, REALTIME], "G-single-item-realtime"],
    [[RW, WW, RW, WR], "G-nonadjacent-item"],
    [[RW, WW, RW, PROCESS], "G-nonadjacent-item-process"],
    [[RW, WW, RW, REALTIME], "G-nonadjacent-item-realtime"],
    [[RW, RW], "G2-item"],
    [[RW, WW, RW, WW, RW], "G2-item"],
    [[RW, RW, PROCESS], "G2-item-process"],
    [[RW, RW, WW, REALTIME], "G2-item-realtime"],
  ] as const
) {
  Deno.test(`a cycle of ${kinds.join(", ")} is a ${type}, and not an anomaly without any one of its edges`, () => {
    assertEquals(findCycles(ring(...kinds)).map(({ type, vertices }) => [type, vertices.length]), [[
      type,
      kinds.length,
    ]]);
    for (const missing of kinds.keys()) {
      const edges = kinds.map((kind, at): Edge => [at, (at + 1) % kinds.length, kind]).toSpliced(missing, 1);
      assertEquals(findCycles(graphOf(kinds.length, edges)), []);
    }
  });
}

Deno.test("an edge of both kinds counts as ww or as wr, whichever has precedence", () => {
  const graph = graphOf(2, [[0, 1, WW | WR], [1, 0, WW]]);
  assertEquals(findCycles(graph).map(({ type }) => type), ["G0"]);
  assertEquals(findCycles(graph, [WR, WW]).map(({ type }) => type), ["G1c", "PL-1-cycle-exists"]);
});

Deno.test("each component has its own anomalies, and none that another one of it implies", () => {
  const graph = graphOf(6, [[0, 1, WR], [1, 0, WR], [1, 2, RW], [2, 1, RW], [3, 4, RW], [4, 3, RW], [0, 3, WW]]);
  const cycles = findCycles(graph);
  assertEquals(cycles.map(({ type, vertices }) => [type, vertices]), [["G1c", [0, 1]], ["G2-item", [1, 2]], [
    "G2-item",
    [3, 4],
  ]]);
});

Deno.test("an edge into an auxiliary vertex and a JOINT edge count as one edge", () => {
  // 0 and 1 read what 2 and 3 wrote the next version of; 4 is auxiliary.
  const graph = graphOf(5, [[0, 4, RW], [1, 4, RW], [4, 2, JOINT], [4, 3, JOINT], [3, 0, WR]]);
  assertEquals(findCycles(graph), [{ type: "G-single-item", vertices: [0, 3], kinds: [RW, WR] }]);
  const skew = graphOf(5, [[0, 4, RW], [4, 3, JOINT], [3, 0, RW]]);
  assertEquals(findCycles(skew), [{ type: "G2-item", vertices: [0, 3], kinds: [RW, RW] }]);
  const fork = graphOf(5, [[0, 4, RW], [4, 3, JOINT], [3, 1, WR], [1, 2, RW], [2, 0, WW]]);
  assertEquals(findCycles(fork).map(({ type, vertices }) => [type, vertices]), [["G-nonadjacent-item", [0, 3, 1, 2]]]);
});

Deno.test("the only one of many anti-dependencies that is on a G-single cycle is found", () => {
  const size = 400;
  const edges = Array.from({ length: size }, (_, at): Edge => [at, (at + 1) % size, at % 2 === 0 ? RW : WW]);
  const types = (more: Edge[]) =>
    findCycles(graphOf(size, [...edges, ...more])).map(({ type, vertices }) => [type, vertices.length]);
  assertEquals(types([]), [["G-nonadjacent-item", size]]);
  assertEquals(types([[size - 1, size - 2, WR]]), [["G-single-item", 2]]);
  assertEquals(types([[1, 4, WR], [5, 0, REALTIME]]), [["G-nonadjacent-item", size - 2]]);
});

Deno.test("a component of 20,000 vertices and a path through all of them do not overflow the stack", () => {
  const size = 20_000;
  const edges = Array.from({ length: size }, (_, at): Edge => [at, (at + 1) % size, at === 0 ? RW : WW]);
  const [cycle, ...others] = findCycles(graphOf(size, edges));
  assertEquals([cycle!.type, cycle!.vertices.length, others], ["G-single-item", size, []]);
  assertEquals(findComponents(graphOf(size, edges.slice(1))).count, size);
});

Deno.test("findShortCycles finds a cycle in each component", () => {
  const graph = graphOf(7, [[0, 1, 1], [1, 2, 1], [2, 0, 1], [2, 1, 1], [2, 3, 1], [4, 5, 1], [5, 4, 1]]);
  assertEquals(findShortCycles(graph).map(({ vertices }) => vertices), [[1, 2], [4, 5]]);
});

/** Finds all cycles by brute force. */
function allCycles(size: number, edges: readonly Edge[]): Edge[][] {
  const cycles: Edge[][] = [];
  const extend = (path: Edge[]) => {
    const [start, end] = [path[0]![0], path.at(-1)![1]];
    if (end === start) cycles.push(path);
    for (const edge of end === start ? [] : edges) {
      if (edge[0] === end && edge[1] >= start && !path.some(([from]) => from === edge[1] && from !== start)) {
        extend([...path, edge]);
      }
    }
  };
  for (let vertex = 0; vertex < size; vertex++) {
    edges.filter(([from]) => from === vertex).forEach((edge) => extend([edge]));
  }
  return cycles;
}

/** Names the anomaly of a cycle with edges of these kinds. */
function typeOf(kinds: readonly number[]): string {
  const antiDependencies = kinds.filter((kind) => kind === RW).length;
  const order = kinds.includes(REALTIME) ? "-realtime" : kinds.includes(PROCESS) ? "-process" : "";
  if (antiDependencies === 0) return (kinds.includes(WR) ? "G1c" : "G0") + order;
  if (antiDependencies === 1) return "G-single-item" + order;
  const adjacent = kinds.some((kind, at) => kind === RW && kinds[(at + 1) % kinds.length] === RW);
  return (adjacent ? "G2-item" : "G-nonadjacent-item") + order;
}

const KINDS = [WW, WR, RW, PROCESS, REALTIME];

/** The kinds of a cycle's edges: of each edge the first one. */
function firstKinds(cycle: readonly Edge[]): number[] {
  return cycle.map(([, , kinds]) => KINDS.find((kind) => kinds & kind)!);
}

/** All choices of kinds for a cycle's edges. */
function allKinds(cycle: readonly Edge[]): number[][] {
  return cycle.reduce<number[][]>(
    (before, [, , kinds]) =>
      KINDS.filter((kind) => kinds & kind).flatMap((kind) => before.map((others) => [...others, kind])),
    [[]],
  );
}

/** Graphs of 6 vertices. Order edges lead from lower to higher numbers, so that they form no cycle. */
const GRAPHS = fc.record({
  data: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }), fc.constantFrom(WW, WR, RW, RW, WW | RW)), {
    minLength: 2,
    maxLength: 10,
  }),
  order: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { maxLength: 4 }),
  kind: fc.constantFrom(PROCESS, REALTIME),
}).map(({ data, order, kind }) => {
  const kinds = new Map<string, Edge>();
  const ordered = order.filter(([from, to]) => from < to).map(([from, to]): Edge => [from, to, kind]);
  for (const [from, to, kind] of [...data, ...ordered]) {
    if (from === to) continue;
    const before = kinds.get(`${from} ${to}`)?.[2] ?? 0;
    kinds.set(`${from} ${to}`, [from, to, before | kind]);
  }
  return [...kinds.values()];
});

function assertReal({ vertices, kinds }: Cycle, edges: readonly Edge[]): void {
  for (const [at, from] of vertices.entries()) {
    const to = vertices[(at + 1) % vertices.length];
    assert(edges.some((edge) => edge[0] === from && edge[1] === to && (edge[2] & kinds[at]!) !== 0));
  }
}

Deno.test("in small graphs, findCycles agrees with brute force, and finds the shortest cycle of each type", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(GRAPHS, (edges) => {
      const cycles = allCycles(6, edges);
      const { componentOf } = findComponents(graphOf(6, edges));
      const ours = findCycles(graphOf(6, edges));
      ours.forEach((cycle) => assertReal(cycle, edges));
      for (const component of new Set(componentOf)) {
        const here = Map.groupBy(
          cycles.filter((cycle) => componentOf[cycle[0]![0]] === component),
          (cycle) => typeOf(firstKinds(cycle)),
        );
        const implied = [...here.keys()].flatMap((type) => [...impliedAnomalies([type])].filter((by) => by !== type));
        const expected = [...here].filter(([type]) => !implied.includes(type)).map(([type, ofType]) =>
          `${type} ${Math.min(...ofType.map(({ length }) => length))}`
        );
        const found = ours.filter(({ vertices, type }) =>
          componentOf[vertices[0]!] === component && !type.includes("exists")
        );
        assertEquals(found.map(({ type, vertices }) => `${type} ${vertices.length}`).sort(), expected.sort());
        for (const { type } of found) seen.set(type, (seen.get(type) ?? 0) + 1);
      }
    }),
    { numRuns: 5000, seed: 5 },
  );
  assertGreater(seen.size, 14);
});

Deno.test("in small graphs, a model is ruled out exactly if some choice of kinds for some cycle does", () => {
  let existing = 0;
  fc.assert(
    fc.property(GRAPHS, (edges) => {
      const types = allCycles(6, edges).flatMap(allKinds).map(typeOf);
      const ours = findCycles(graphOf(6, edges)).map(({ type }) => type);
      if (ours.some((type) => type.endsWith("exists"))) existing++;
      assertEquals([...impossibleModels(ours)].sort(), [...impossibleModels(types)].sort());
    }),
    { numRuns: 5000, seed: 6 },
  );
  assertGreater(existing, 50);
});
