import { assertEquals } from "@std/assert";
import { formatShrunk } from "../../../lib/workbench/report/shrunk.ts";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../../lib/workbench/request/challenges.ts";
import { createRequest } from "../../../lib/workbench/request/request.ts";
import type { ShrunkRun } from "../../../lib/workbench/run/results.ts";
import { fakeMachine, fakeResults } from "../engines/fake_machine.ts";

const PLAIN = { width: 80, colour: false };
const REQUEST = createRequest(
  findChallenge("3e")!,
  parseArguments(["--sim", "--seed", "s"]),
  fakeMachine(),
);

const SHRUNK: ShrunkRun = {
  command: "./maelstrom.sh 3e --sim --node-count 2 --seed s",
  changes: ["--node-count 2 (was 25)", "--rate 1 (was 100)"],
  tried: 12,
  results: {
    ...fakeResults(REQUEST, "simulation"),
    valid: false,
    passed: false,
    maelstrom: { valid: false, passed: false },
    anomalies: [
      { type: "lost", count: 2, explanation: "Element 7 was missing" },
      { type: "stale", count: 1, explanation: "Element 8 came late", allowed: true },
    ],
    targets: [{ name: "max_latency_ms", limit: 600, value: 900, met: false }],
    store: "store/small",
  },
};

Deno.test("formatShrunk() shows the anomalies, the smaller flags and the command", () => {
  assertEquals(
    formatShrunk(SHRUNK, true, PLAIN),
    `The smallest run that fails for the same reason: 12 were tried

✗ 3e broadcast: INVALID (lost)

  lost × 2
    Element 7 was missing

  smaller      --node-count 2 (was 25), --rate 1 (was 100)
  stored in    store/small
  run again    ./maelstrom.sh 3e --sim --node-count 2 --seed s`,
  );
});

Deno.test("formatShrunk() shows a missed limit if the run is valid", () => {
  const maelstrom = { valid: true as const, passed: false };
  const results = { ...SHRUNK.results, valid: true as const, maelstrom, anomalies: [] };
  const lines = formatShrunk({ ...SHRUNK, results }, true, PLAIN).split("\n");
  assertEquals(lines.slice(2, 5), [
    "✗ 3e broadcast: valid, but not within its limits",
    "",
    "  maximum latency  900 ms  limit 600 ms  ✗",
  ]);
});

Deno.test("formatShrunk() shows a run that cannot be shrunk only if it was not shown before", () => {
  const same = { ...SHRUNK, changes: [], tried: 1 };
  assertEquals(formatShrunk(same, true, PLAIN), "No smaller run fails for the same reason: 1 was tried");
  const lines = formatShrunk(same, false, PLAIN).split("\n");
  assertEquals([lines[0], lines[4], lines.length], [
    "No smaller run fails for the same reason: 1 was tried",
    "  lost × 2",
    9,
  ]);
});
