import { assertEquals, assertLess } from "@std/assert";
import { findComponents } from "../../../../lib/workbench/checkers/graph/components.ts";
import { buildGraph, type Edges } from "../../../../lib/workbench/checkers/graph/mod.ts";
import { checkTxnListAppend } from "../../../../lib/workbench/checkers/txn/mod.ts";
import { createDependencyEdges, linkReadersToWriters } from "../../../../lib/workbench/checkers/txn/dependencies.ts";
import type { Line } from "../sequential.ts";
import { timeline } from "../timeline.ts";
import { txn } from "./cases.ts";

const range = (from: number, to: number) => new Set(Array.from({ length: to - from }, (_, at) => from + at));

/** Finds the vertices below `size` that can be reached from one. */
function reached(size: number, edges: Edges, from: number): Set<number> {
  const vertices = new Set([from]);
  const all = new Set<number>();
  for (const vertex of vertices) {
    edges.from.forEach((start, at) => {
      if (start !== vertex) return;
      vertices.add(edges.to[at]!);
      all.add(edges.to[at]!);
    });
  }
  return new Set([...all].filter((vertex) => vertex < size));
}

Deno.test("linkReadersToWriters links readers to all writers except themselves, with few edges", () => {
  for (const [readers, writers] of [[range(0, 9), range(5, 20)], [range(0, 300), range(300, 600)]] as const) {
    const collected = createDependencyEdges(600);
    const { edges } = collected;
    linkReadersToWriters(collected, readers, writers);
    assertLess(edges.to.length, 1000);
    assertEquals(reached(600, edges, 0), writers);
    assertEquals(reached(600, edges, Math.max(...writers)).size, 0);
  }
  const collected = createDependencyEdges(600);
  const { edges } = collected;
  // 300 is a writer as well: it comes after all other readers, but not after itself.
  linkReadersToWriters(collected, range(0, 301), range(300, 600));
  assertEquals(reached(600, edges, 0), range(300, 600));
  assertEquals(reached(600, edges, 300), range(301, 600));
  const { count } = findComponents(buildGraph(610, edges));
  assertEquals(count, 610);
});

Deno.test("transactions that both read and write depend on each other, with few edges if there are very many", () => {
  const collected = createDependencyEdges(600);
  const { edges } = collected;
  linkReadersToWriters(collected, range(0, 300), range(0, 400));
  assertLess(edges.to.length, 3000);
  const { componentOf } = findComponents(buildGraph(610, edges));
  assertEquals(new Set(componentOf.subarray(0, 300)).size, 1);
  assertEquals(new Set(componentOf.subarray(300, 400)).size, 100);
});

Deno.test("a cycle with a single rw edge is found among very many transactions that depend on each other", () => {
  // All of them read an empty list and append to it. The third one also sees what the first one did.
  const lines = Array.from({ length: 120 }, (_, at) => txn(at, "ok", ["r", 1, []], ["append", 1, at]));
  lines[0] = txn(0, "ok", ["r", 1, []], ["append", 1, 0], ["append", 2, 7]);
  lines[2] = txn(2, "ok", ["r", 1, []], ["append", 1, 2], ["r", 2, [7]]);
  const { anomalies } = checkTxnListAppend(timeline(lines), ["serializable"]);
  assertEquals(anomalies!.map(({ type }) => type), ["lost-update", "G-single-item"]);
});

Deno.test("a stale read is found among very many reads that rightly missed very many appends", () => {
  const many = 300;
  const lines: Line[] = [
    ...Array.from({ length: many }, (_, at) => txn(at, "ok", ["append", 1, at])),
    ...Array.from({ length: many }, (_, at) => txn(many + at, "ok", ["r", 1, []])),
  ];
  const last = lines.length - 1;
  assertEquals(checkTxnListAppend(timeline(lines)).anomalies, []);
  const others = [...lines.keys()].filter((place) => place !== 7 && place !== last);
  const { anomaly_types, anomalies } = checkTxnListAppend(timeline(lines, [...others, 7, 7, last, last, ...others]));
  assertEquals(anomaly_types, ["G-single-item-realtime"]);
  assertEquals(anomalies![0]!.explanation.split("\n"), [
    'T1 is process 599\'s transaction [["r",1,[]]] (acknowledged at 601.000 s)',
    'T2 is process 7\'s transaction [["append",1,7]] (acknowledged at 599.000 s)',
    "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 follows that version",
    "But T2 < T1, because T2 completed at 599.000 s, before T1 began at 600.000 s",
  ]);
});
