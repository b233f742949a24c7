import { assertEquals } from "@std/assert";
import { REALTIME } from "../../../../lib/workbench/checkers/graph/edge_kinds.ts";
import { createEdges } from "../../../../lib/workbench/checkers/graph/graph.ts";
import { linkProcesses, linkRealtime, type Span } from "../../../../lib/workbench/checkers/graph/order_edges.ts";

/** Reads spans from a picture: each digit begins at its first and ends at its last position. */
function spansOf(picture: string): Span[] {
  const places = [...new Set(picture)].filter((digit) => digit !== " ").sort();
  return places.map((digit) => ({
    vertex: Number(digit),
    process: Number(digit) % 2,
    begin: picture.indexOf(digit),
    end: picture.lastIndexOf(digit),
  }));
}

Deno.test("linkRealtime links completed operations to those that begin next, and omits links that others imply", () => {
  const linksOf = (spans: Span[]) => {
    const edges = createEdges();
    linkRealtime(edges, spans);
    assertEquals(new Set(edges.kinds).difference(new Set([REALTIME])).size, 0);
    return edges.from.map((from, at) => `${from}${edges.to[at]}`).sort();
  };
  assertEquals(linksOf(spansOf("00 11 22")), ["01", "12"]);
  assertEquals(linksOf(spansOf("0 1 0 1")), []);
  // 3 began before 1 ended, so 1 before 4 needs a link of its own.
  assertEquals(linksOf(spansOf("00 1 3 1 22 3 44")), ["01", "03", "12", "24", "34"]);
  const open = spansOf("00 11 22").map((span) => span.vertex === 1 ? { ...span, end: Infinity } : span);
  assertEquals(linksOf(open), ["01", "02"]);
});

Deno.test("linkProcesses links each operation of a process to its next one", () => {
  const edges = createEdges();
  linkProcesses(edges, [...spansOf("00 11 22 33 44"), { vertex: 5, process: 0, begin: 99, end: Infinity }]);
  assertEquals(edges.from.map((from, at) => `${from}${edges.to[at]}`).sort(), ["02", "13", "24"]);
});
