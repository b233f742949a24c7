import { assert, assertAlmostEquals, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { type Chart, drawChart, type Series } from "../../bench/chart.ts";

const LINE: Series = { name: "mesh", tone: "blue", line: "solid", points: [{ x: 1, y: 1 }, { x: 10, y: 10 }] };

function draw(changes: Partial<Chart> = {}): string {
  return drawChart({
    title: "Messages & nodes < 1000",
    x: { label: "nodes", domain: [1, 100], ticks: [1, 10, 100] },
    y: { label: "messages", domain: [1, 100], ticks: [1, 10, 100] },
    series: [LINE],
    ...changes,
  });
}

/** Reads the positions of the dots; the last one is in the legend. */
function dots(svg: string): { x: number; y: number }[] {
  const found = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)];
  return found.map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}

Deno.test("drawChart() places points by the axes: greater values are further right and further up", () => {
  const points = [{ x: 1, y: 1 }, { x: 10, y: 10 }, { x: 100, y: 100 }, { x: 10, y: 1 }];
  const svg = draw({ series: [{ ...LINE, points }] });
  const [low, middle, high, below] = dots(svg);
  // Each position is rounded to a tenth of a pixel.
  assertAlmostEquals(low!.x + high!.x, 2 * middle!.x, 0.25);
  assertAlmostEquals(low!.y + high!.y, 2 * middle!.y, 0.25);
  assert(low!.x < high!.x && low!.y > high!.y);
  assertEquals(below, { x: middle!.x, y: low!.y });
});

Deno.test("drawChart() draws the line, mark and labels of a series, and corners", () => {
  const plain = draw();
  assertFalse(plain.includes("stroke-dasharray"));
  assertStringIncludes(draw({ series: [{ ...LINE, line: "dashed" }] }), 'stroke-dasharray="6 4"');
  assertEquals(dots(draw({ series: [{ ...LINE, mark: "none" }] })), []);
  assertEquals(dots(plain).length, 3);
  const labelled = draw({ series: [{ ...LINE, points: [{ x: 2, y: 2, label: "780 ms", side: "below" }] }] });
  assertStringIncludes(labelled, ">780 ms</text>");
  assertStringIncludes(draw({ corners: [{ x: 10, y: 10, label: "limits" }] }), ">limits</text>");
});

Deno.test("drawChart() escapes text, and writes the title and all names", () => {
  const svg = draw();
  assertStringIncludes(svg, "<title>Messages &amp; nodes &lt; 1000</title>");
  for (const text of ["nodes", "messages", "mesh", "100"]) assertStringIncludes(svg, `>${text}</text>`);
});

Deno.test("drawChart() breaks the legend of many series into lines", () => {
  const series = ["one", "two", "three"].map((name) => ({ ...LINE, name: `${name} ${"long ".repeat(5)}` }));
  const heights = [...draw({ series }).matchAll(/y="([\d.]+)">(one|two|three)/g)].map(([, y]) => Number(y));
  assertEquals(heights, [20, 20, 40]);
});
