import { assert, assertEquals, assertFalse } from "@std/assert";
import { cyclesIn } from "../../../../lib/workbench/report/page/cycles.js";
import { axisWidth } from "../../../../lib/workbench/report/page/format.js";
import { createPlaces } from "../../../../lib/workbench/report/page/label_places.js";
import { timeScale, timeTicks } from "../../../../lib/workbench/report/page/time_scale.js";

/** Places times in a picture that is 900 wide, with labels of 90. */
const scale = (...times: number[]) => timeScale(times.map((time) => [time, time]), 90, 900);

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
  const { xOf, breaks } = scale(0, 1e6, 2e6, 15e6, 16e6);
  assertEquals(breaks, [[2e6, 15e6]]);
  const places = [0, 2e6, 8e6, 15e6, 16e6].map(xOf);
  assertEquals(places, places.toSorted((a, b) => a - b));
  assertEquals(places[3]! - places[1]! < places[1]! - places[0]!, true);
  assertEquals(scale(0, 1e6, 2e6, 3e6, 4e6, 5e6).breaks, []);
});

Deno.test("a period in which something happens is no pause", () => {
  assertEquals(timeScale([[0, 1e6], [5e6, 6e6]], 90, 900).breaks, [[1e6, 5e6]]);
  assertEquals(timeScale([[0, 5e6], [1e6, 2e6], [5e6, 6e6]], 90, 900).breaks, []);
});

Deno.test("points with a long pause between them fill the width", () => {
  const { xOf } = scale(1e6, 1e6, 12e6);
  const [first, last] = [xOf(1e6), xOf(12e6)];
  assertEquals([first, last].map(Math.round), [252, 738]);
  assertEquals(scale(1e6).xOf(1e6), 495);
});

Deno.test("ticks are round times outside of pauses, and no two have the same label", () => {
  const labels = (...times: number[]) => timeTicks(scale(...times), 8).map(({ label }) => label);
  assertEquals(labels(0, 1e6, 2e6, 15e6, 16e6), [
    "0.0 s",
    "0.5 s",
    "1.0 s",
    "1.5 s",
    "2.0 s",
    "15.0 s",
    "15.5 s",
    "16.0 s",
  ]);
  assertEquals(new Set(labels(0, 100, 200)).size, labels(0, 100, 200).length);
});

Deno.test("no tick is before the test began", () => {
  const { from } = scale(0, 300, 900);
  assert(from < 0);
  for (const { label } of timeTicks(scale(0, 300, 900), 8)) assertFalse(label.startsWith("-"), label);
});

Deno.test("a vertical axis is as wide as its longest label", () => {
  assertEquals([axisWidth(null), axisWidth(["1 ms", "10 ms"])], [72, 72]);
  assert(axisWidth(["", "10000 ms"]) >= "10000 ms".length * 7 + 20);
});

Deno.test("a label takes the first place that is free; without one it has none", () => {
  const box = (x: number) => ({ x0: x, x1: x + 10, y0: 0, y1: 10 });
  const take = createPlaces([box(0)]);
  assertEquals([take([box(5), box(10)]), take([box(5), box(10)]), take([box(5), box(20)])], [1, -1, 1]);
});
