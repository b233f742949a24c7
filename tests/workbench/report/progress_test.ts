import { assert, assertEquals } from "@std/assert";
import measure from "fast-string-truncated-width";
import fc from "fast-check";
import { fitLine } from "../../../lib/workbench/base/fit_line.ts";
import { createStyle } from "../../../lib/workbench/base/text.ts";
import { progressParts, progressSentence, type View } from "../../../lib/workbench/report/progress.ts";
import type { ProgressPhase } from "../../../lib/workbench/run/progress.ts";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { sampleProgress } from "../run/sample_progress.ts";
import { testOptions } from "../run/stand_in.ts";

/** A run of 3e with partitions. */
const RUN: View = {
  request: {
    challenge: CHALLENGES.find(({ id }) => id === "3e")!,
    workload: "broadcast",
    options: testOptions({ rate: 100, nemesis: ["partition"] }),
    simulation: null,
  },
};
const SIMULATED: View = { request: { ...RUN.request, simulation: { checkDeterminism: false, keep: "none" } } };

/** The line of a view on a terminal with so many columns. */
function line(view: View, width: number): string {
  return fitLine(progressParts(view, createStyle(false)), width - 1);
}

/** RUN after 12.3 s, with some changes of its progress. */
function running(changes: Parameters<typeof sampleProgress>[0] = {}): View {
  return { ...RUN, progress: sampleProgress({ fail: 0, faults: ["partition"], ...changes }) };
}

Deno.test("the line of a run is whole at 60 columns: time, rate, p99, messages and faults", () => {
  assertEquals(line(running(), 60), "3e  12 / 20 s   98/s  p99  412 ms  2350 msg/s  ▒ partition");
  assertEquals(line(running({ faults: [] }), 60), "3e  12 / 20 s   98/s  p99  412 ms  2350 msg/s  no faults");
});

Deno.test("the line of a run has fewer parts on a narrow terminal, and more on a wide one", () => {
  const view = running({ ok: 1180, fail: 12, info: 3 });
  const wide = "3e broadcast  12 / 20 s   98 ops/s  p99  412 ms  2350 messages/s";
  const lines: [width: number, expected: string][] = [
    [10, "12 / 20 s"],
    [6, "12/20"],
    [40, "12 / 20 s   98 ops/s  ▒ partition"],
    [50, "12 / 20 s   98 ops/s  p99  412 ms  ▒ partition"],
    [70, "3e  12 / 20 s   98 ops/s  p99  412 ms  2350 msg/s  ✕12▲3  ▒ partition"],
    [100, `${wide}  ●  1180 ✕  12 ▲   3  ▒ partition`],
    [120, `${wide}  ●  1180 ok  ✕  12 fail  ▲   3 info  ▒ partition`],
  ];
  for (const [width, expected] of lines) assertEquals(line(view, width), expected);
});

Deno.test("the line of a run shows the step that the test is in", () => {
  const at = (phase: ProgressPhase, changes = {}) => line(running({ phase, ok: 5, ...changes }), 80);
  const counts = "●     5 ✕   0 ▲   0";
  assertEquals(line(RUN, 80), "3e broadcast");
  assertEquals(at("starting"), "3e broadcast  starting the nodes");
  const recovering = { recoveryLeft: 6200, messagesPerSecond: 7 };
  assertEquals(at("recovering", recovering), `3e broadcast  waiting for recovery,  7 s left   7.0 msg/s  ${counts}`);
  assertEquals(at("final"), `3e broadcast  final operations   98 ops/s  p99  412 ms  2350 messages/s`);
  assertEquals(at("checking"), "3e broadcast  checking  ●     5 ok  ✕   0 fail  ▲   0 info");
  const late = at("running", { elapsed: 20_600, operationsPerSecond: 0, p99: null });
  assertEquals(late, "3e broadcast  last replies  0.0 ops/s  p99    – ms  2350 msg/s  ▒ partition");
  assertEquals(at("running", { elapsed: 20_300 }).includes("20 / 20 s"), true);
});

Deno.test("the line of a long run has minutes", () => {
  const view = running({ elapsed: 65_000, total: 600_000 });
  assertEquals(line(view, 40), " 1:05 / 10:00   98 ops/s  ▒ partition");
});

Deno.test("the line of a run shows problems as soon as they are known", () => {
  const exceptions = [{ type: "bad-line", node: "n1", message: "", count: 3 }];
  const view = running({ exceptions });
  assertEquals(line(view, 40), "12/20 s   98/s  ▒ partition  ✕ bad-line");
  const two = running({ exceptions: [...exceptions, { type: "malformed-reply", message: "", count: 1 }] });
  assertEquals(line(two, 70), "12 / 20 s   98/s  p99  412 ms  2350 msg/s  ▒ partition  ✕ bad-line +1");
});

Deno.test("the line names the active faults, as many as there is room for", () => {
  const many = (faults: string[]): View => {
    const view = running({ faults });
    return {
      ...view,
      request: { ...view.request, options: testOptions({ rate: 100, nemesis: ["partition", "kill"] }) },
    };
  };
  assertEquals(
    line(many(["partition", "kill"]), 66),
    "3e  12 / 20 s   98 ops/s  p99  412 ms  2350 msg/s  ▒ partition +1",
  );
  assertEquals(line(many(["partition", "kill"]), 80).endsWith("  ▒ partition kill"), true);
  assertEquals(line(many(["partition", "kill"]), 20), "12/20 s   98/s  ▒ 2");
});

Deno.test("the line of a series shows the run under way, those that failed, and the time left", () => {
  const series = { run: 3, runs: 14, failed: 0, left: 80_000 };
  const view = { ...running(), series };
  assertEquals(line(view, 60), "3 of 14   12 / 20 s   98 ops/s  ▒ partition  2 min left");
  assertEquals(line(view, 70), "3 of 14   12 / 20 s   98 ops/s  p99  412 ms  ▒ partition  2 min left");
  assertEquals(
    line(view, 110),
    "3 of 14   3e broadcast  12 / 20 s   98 ops/s  p99  412 ms  2350 messages/s  ▒ partition  1 min 20 s left",
  );
  const failed = { ...view, series: { ...series, failed: 2 } };
  assertEquals(line(failed, 50), "3/14   12 / 20 s  ▒ partition  ✕ 2  2 min left");
});

Deno.test("the line of many simulations shows runs a second, and not what would flicker", () => {
  const series = { run: 37, runs: 100, failed: 2, left: 15_000, runsPerSecond: 4.2 };
  const { progress } = running();
  const fast = { ...SIMULATED, progress, series };
  assertEquals(line(fast, 80), "37 of 100   3e broadcast   4.2 runs/s  ✕ 2 failed  15 s left");
  const slow = { ...SIMULATED, progress, series: { ...series, runsPerSecond: 0.2 } };
  assertEquals(line(slow, 100), "37 of 100   3e broadcast  12 / 20 s   0.2 runs/s  ▒ partition  ✕ 2 failed  15 s left");
});

Deno.test("a run that has not begun or has ended shows what it waits for", () => {
  const waiting = "waiting for the nodes to end";
  assertEquals(line({ ...RUN, waiting }, 80), `3e broadcast  ${waiting}`);
  assertEquals(line({ ...RUN, waiting }, 22), "3e broadcast  waiting");
  assertEquals(progressSentence({ ...RUN, waiting }), `3e broadcast: ${waiting}`);
  const { progress } = running({ phase: "checking" });
  assertEquals(line({ ...RUN, progress, waiting }, 50), `3e broadcast  ${waiting}`);
});

Deno.test("the line of a run never exceeds its width, and stands still while numbers change", () => {
  const figures = fc.record({
    elapsed: fc.integer({ min: 0, max: 20_000 }),
    ok: fc.nat(99_999),
    operationsPerSecond: fc.double({ min: 0, max: 999, noNaN: true }),
    messagesPerSecond: fc.double({ min: 0, max: 9999, noNaN: true }),
    p99: fc.option(fc.double({ min: 0, max: 9999, noNaN: true })),
    faults: fc.constantFrom([], ["partition"]),
  });
  fc.assert(fc.property(figures, figures, fc.integer({ min: 40, max: 120 }), (one, other, width) => {
    const [a, b] = [line(running(one), width), line(running(other), width)];
    assert(measure(a).width < width, a);
    // Only digits differ, and the name of a fault at the end.
    const shape = (text: string) =>
      text.replace(/(▒ partition|no faults) *$/, "").trimEnd().replaceAll(/[ .–\d]/g, "_");
    assertEquals(shape(a), shape(b));
  }));
});

Deno.test("outcomes are blue, pink and orange with a symbol each; a zero is dim", () => {
  const coloured = (changes: Parameters<typeof sampleProgress>[0]) =>
    fitLine(progressParts(running(changes), createStyle(true)), 99);
  const some = coloured({ ok: 10, fail: 2, info: 3 });
  const [blue, pink, orange] = ["33", "168", "172"].map((code) => (text: string) =>
    `\x1b[38;5;${code}m${text}\x1b[39m`
  );
  for (const text of [blue!("●    10"), pink!("✕   2"), orange!("▲   3"), orange!("▒ partition")]) {
    assert(some.includes(text), some);
  }
  const none = coloured({ ok: 10, fail: 0, info: 0 });
  for (const text of ["✕   0", "▲   0"]) assert(none.includes(`\x1b[2m${text}\x1b[22m`), none);
});

Deno.test("progressSentence() says the same in words, for a log", () => {
  assertEquals(
    progressSentence(running({ ok: 7, fail: 1 })),
    "3e broadcast: 12 of 20 s, 98 operations/s, p99 412 ms, 2350 messages/s; 7 ok, 1 fail, 0 info; faults: partition",
  );
  assertEquals(progressSentence(running({ phase: "starting", faults: [] })), "3e broadcast: starting the nodes");
  const recovering = running({ phase: "recovering", recoveryLeft: 6200, ok: 7, faults: [] });
  assertEquals(
    progressSentence(recovering),
    "3e broadcast: waiting for recovery, 7 s left, 2350 messages/s; 7 ok, 0 fail, 0 info",
  );
  const series = { run: 3, runs: 14, failed: 1, left: 80_000 };
  const exceptions = [{ type: "bad-line", node: "n1", message: "", count: 3 }];
  assertEquals(
    progressSentence({ ...SIMULATED, progress: sampleProgress({ exceptions }), series }),
    "3e broadcast, run 3 of 14: 12 of 20 s; 1 problem; 1 run failed; about 1 min 20 s left",
  );
  assertEquals(progressSentence(RUN), "3e broadcast: ");
});
