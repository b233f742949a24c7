import { assertEquals } from "@std/assert";
import { cyclesIn, timeScale } from "../../../../lib/workbench/report/page/evidence.js";

Deno.test("cycles are read from the explanation, each with its transactions and the reasons of their order", () => {
  const explanation = [
    "T1 is process 2's transaction",
    "T2 is process 0's transaction",
    "T1 < T2, because T1 read key 9 in its initial state",
    "But T2 < T1, because T1 observed T2's append",
    "T1 is another",
    "… and 3 more",
  ].join("\n");
  assertEquals(cyclesIn(explanation), [{
    transactions: [
      { name: "T1", text: "process 2's transaction" },
      { name: "T2", text: "process 0's transaction" },
    ],
    edges: [
      { from: "T1", to: "T2", reason: "T1 read key 9 in its initial state" },
      { from: "T2", to: "T1", reason: "T1 observed T2's append" },
    ],
  }]);
  assertEquals(cyclesIn("Element 4 is missing"), []);
});

Deno.test("a long pause is drawn short, and times stay in order", () => {
  const { xOf, breaks } = timeScale([0, 1e6, 2e6, 15e6, 16e6]);
  assertEquals(breaks, [[2e6, 15e6]]);
  const places = [0, 2e6, 8e6, 15e6, 16e6].map(xOf);
  assertEquals(places, places.toSorted((a, b) => a - b));
  assertEquals(places[3]! - places[1]! < places[1]! - places[0]!, true);
  assertEquals(timeScale([0, 1e6, 2e6, 3e6, 4e6, 5e6]).breaks, []);
});

Deno.test("points with a long pause between them fill the width", () => {
  const { xOf } = timeScale([1e6, 1e6, 12e6]);
  const [first, last] = [xOf(1e6), xOf(12e6)];
  assertEquals([first, last].map(Math.round), [252, 738]);
  assertEquals(timeScale([1e6]).xOf(1e6), 495);
});
