import { assertEquals } from "@std/assert";
import { createProgressLine, formatProgress } from "../../../lib/workbench/report/progress.ts";
import type { ProgressPhase } from "../../../lib/workbench/run/progress.ts";
import { sampleProgress } from "../run/sample_progress.ts";

Deno.test("formatProgress() shows the phase of the test", () => {
  const counted = { ok: 5, fail: 1, info: 2, messages: 30 };
  const progress = (phase: ProgressPhase, elapsed = 3_700, faults: string[] = []) =>
    formatProgress("3e broadcast", 20, sampleProgress({ phase, elapsed, ...counted, faults }));
  const counts = "5 ok  1 fail  2 info  30 messages";
  assertEquals(progress("starting"), "3e broadcast  starting the nodes");
  assertEquals(progress("running"), `3e broadcast  3 of 20 s  ${counts}`);
  assertEquals(progress("running", 3_700, ["partition"]), `3e broadcast  3 of 20 s  ${counts}  partition`);
  assertEquals(progress("running", 20_300), `3e broadcast  20 of 20 s  ${counts}`);
  assertEquals(progress("recovering"), `3e broadcast  waiting for recovery  ${counts}`);
  const now = sampleProgress({ phase: "recovering", elapsed: 24_000, ...counted });
  assertEquals(
    formatProgress("3e broadcast", 20, { ...now, recoveryLeft: 6200 }),
    `3e broadcast  waiting for recovery, 7 s left  ${counts}`,
  );
  assertEquals(progress("checking"), `3e broadcast  checking  ${counts}`);
});

Deno.test("createProgressLine() escapes control characters in the output of nodes", () => {
  let shown = "";
  const screen = {
    stderr: (text: string) => void (shown += text),
    isTerminal: { stderr: false },
    width: () => 80,
    every: () => () => {},
  };
  createProgressLine(screen, "echo", 10).log("n0: \x1b[31mred\rand\nmore");
  assertEquals(shown, "n0: \\x1b[31mred\\x0dand\n");
});
