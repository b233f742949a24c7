import { assertEquals } from "@std/assert";
import { estimateTimeLeft, formatMinutesLeft, formatTimeLeft } from "../../../lib/workbench/report/time_left.ts";

Deno.test("the time left of real tests is their length at first, and then as they were so far", () => {
  let now = 1000;
  const left = estimateTimeLeft([20_000, 30_000, 10_000], true, () => now);
  left.begin(0);
  assertEquals(left.read(0), 60_000);
  assertEquals(left.read(0.5), 50_000);
  now += 24_000;
  left.begin(1);
  assertEquals(left.read(0), 48_000);
  now += 60_000;
  left.begin(2);
  assertEquals(left.read(1), 0);
});

Deno.test("the time left of simulations is not known until one shows progress", () => {
  let now = 0;
  const left = estimateTimeLeft([20_000, 20_000], false, () => now);
  left.begin(0);
  // The program is compiled.
  now = 3000;
  assertEquals([left.read(0), left.read(0.04)], [undefined, undefined]);
  now = 3100;
  assertEquals([left.read(0.05), Math.round(left.read(0.14)!)], [undefined, 1860]);
});

Deno.test("the first simulation, which compiles the program, does not count once it has ended", () => {
  let now = 0;
  const left = estimateTimeLeft(Array(101).fill(20_000), false, () => now);
  left.begin(0);
  now = 3000;
  left.begin(1);
  assertEquals(left.read(0), undefined);
  now = 3010;
  assertEquals(left.read(0.5), 1990);
  now = 3020;
  left.begin(2);
  assertEquals(left.read(0), 1980);
  now = 3220;
  left.begin(12);
  assertEquals(left.read(0), 1780);
});

Deno.test("formatTimeLeft() and formatMinutesLeft() round up", () => {
  const cases: [ms: number, long: string, short: string][] = [
    [0, "0 s", "0 s"],
    [44_100, "45 s", "45 s"],
    [60_000, "1 min", "1 min"],
    [61_000, "1 min 5 s", "2 min"],
    [80_000, "1 min 20 s", "2 min"],
    [119_500, "2 min", "2 min"],
    [3_600_000, "60 min", "60 min"],
    [7_500_000, "2 h 5 min", "2 h 5 min"],
    [7_200_000, "2 h", "2 h"],
  ];
  for (const [ms, long, short] of cases) assertEquals([formatTimeLeft(ms), formatMinutesLeft(ms)], [long, short]);
});
