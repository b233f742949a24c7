import { assertEquals, assertLess } from "@std/assert";
import { REALTIME } from "../../../../lib/workbench/checkers/graph/cycles.ts";
import { components, createEdges } from "../../../../lib/workbench/checkers/graph/graph.ts";
import { linkProcesses, linkRealtime, type Span } from "../../../../lib/workbench/checkers/graph/order_edges.ts";
import { checkTxnListAppend } from "../../../../lib/workbench/checkers/txn/list_append.ts";
import { buildGraph } from "../../../../lib/workbench/checkers/graph/graph.ts";
import { createLinker } from "../../../../lib/workbench/checkers/txn/dependencies.ts";
import type { Line } from "../sequential.ts";
import { timeline } from "../timeline.ts";
import { txn } from "./cases.ts";

const range = (from: number, to: number) => new Set(Array.from({ length: to - from }, (_, at) => from + at));

/** Who can be reached from whom, vertices beyond `size` aside. */
function reached(size: number, edges: ReturnType<typeof createLinker>["edges"], from: number): Set<number> {
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

Deno.test("readers are linked to all later writers but themselves, with few edges where there are very many", () => {
  for (const [readers, writers] of [[range(0, 9), range(5, 20)], [range(0, 300), range(300, 600)]] as const) {
    const { edges, linkReaders } = createLinker(600);
    linkReaders(readers, writers);
    assertLess(edges.to.length, 1000);
    assertEquals(reached(600, edges, 0), writers);
    assertEquals(reached(600, edges, Math.max(...writers)).size, 0);
  }
  const { edges, linkReaders } = createLinker(600);
  // One of them is a writer as well: it comes after all others, but not after itself.
  linkReaders(range(0, 301), range(300, 600));
  assertEquals(reached(600, edges, 0), range(300, 600));
  assertEquals(reached(600, edges, 300), range(301, 600));
  const { count } = components(buildGraph(610, edges));
  assertEquals(count, 610);
});

Deno.test("those who read and write the same come each before the other, with few edges where there are very many", () => {
  const { edges, linkReaders } = createLinker(600);
  linkReaders(range(0, 300), range(0, 400));
  assertLess(edges.to.length, 3000);
  const { of } = components(buildGraph(610, edges));
  assertEquals(new Set(of.subarray(0, 300)).size, 1);
  assertEquals(new Set(of.subarray(300, 400)).size, 100);
});

Deno.test("among very many who missed very many appends, the one that should have seen them is found", () => {
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
    "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 came after that version",
    "But T2 < T1, because T2 was over at 599.000 s, before T1 began at 600.000 s",
  ]);
});

/** Spans from a picture: each digit begins and ends where it stands first and last. */
function spansOf(picture: string): Span[] {
  const places = [...new Set(picture)].filter((digit) => digit !== " ").sort();
  return places.map((digit) => ({
    vertex: Number(digit),
    process: Number(digit) % 2,
    begin: picture.indexOf(digit),
    end: picture.lastIndexOf(digit),
  }));
}

Deno.test("real time links what is completed to what begins next, and leaves out what follows from that", () => {
  const linksOf = (spans: Span[]) => {
    const edges = createEdges();
    linkRealtime(edges, spans);
    assertEquals(new Set(edges.kinds).difference(new Set([REALTIME])).size, 0);
    return edges.from.map((from, at) => `${from}${edges.to[at]}`).sort();
  };
  assertEquals(linksOf(spansOf("00 11 22")), ["01", "12"]);
  assertEquals(linksOf(spansOf("0 1 0 1")), []);
  // 3 began before 1 was over, so that 1 is before 4 by a link of its own.
  assertEquals(linksOf(spansOf("00 1 3 1 22 3 44")), ["01", "03", "12", "24", "34"]);
  const open = spansOf("00 11 22").map((span) => span.vertex === 1 ? { ...span, end: Infinity } : span);
  assertEquals(linksOf(open), ["01", "02"]);
});

Deno.test("a process is linked from what it did to what it did next", () => {
  const edges = createEdges();
  linkProcesses(edges, [...spansOf("00 11 22 33 44"), { vertex: 5, process: 0, begin: 99, end: Infinity }]);
  assertEquals(edges.from.map((from, at) => `${from}${edges.to[at]}`).sort(), ["02", "13", "24"]);
});
