import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { checkLinearizable, type Model } from "../../../lib/workbench/checkers/linearizable/mod.ts";
import { checkLock } from "../../../lib/workbench/checkers/lock.ts";
import type { Operation, OperationType } from "../../../lib/workbench/history/operation.ts";

/** Creates a history from lines such as `0 invoke lock`, and optionally the name of an error. */
function historyOf(...lines: string[]): Operation[] {
  return lines.map((line, index) => {
    const [process, type, f, error] = line.split(" ") as [string, OperationType, string, string?];
    const operation: Operation = { index, time: index * 1e9, process: Number(process), type, f, value: null };
    return error === undefined ? operation : { ...operation, error: [error, "no"] };
  });
}

Deno.test("a lock that is held twice is found, and named with both processes", () => {
  const { valid, anomalies, lock_count } = checkLock(
    historyOf("0 invoke lock", "0 ok lock", "1 invoke lock", "1 ok lock", "0 invoke unlock", "0 ok unlock"),
  );
  assertEquals([valid, lock_count], [false, 2]);
  assertEquals(
    anomalies![0]!.explanation,
    "Process 1 got the lock at 3.000 s, but process 0 had held it since 1.000 s",
  );
});

Deno.test("a lock is free from the moment that its holder sends unlock, unless that fails", () => {
  const start = ["0 invoke lock", "0 ok lock", "1 invoke lock", "0 invoke unlock"];
  assertEquals(checkLock(historyOf(...start, "1 ok lock", "0 ok unlock")).valid, true);
  assertEquals(checkLock(historyOf(...start, "1 ok lock", "0 info unlock")).valid, true);
  assertEquals(checkLock(historyOf(...start, "1 ok lock")).valid, true);
  assertEquals(checkLock(historyOf(...start, "0 fail unlock temporarily-unavailable", "1 ok lock")).valid, false);
  assertEquals(checkLock(historyOf(...start, "1 ok lock", "0 fail unlock precondition-failed")).valid, false);
  assertEquals(checkLock(historyOf(...start, "0 fail unlock precondition-failed", "1 ok lock")).valid, true);
});

Deno.test("a lock whose outcome is unknown proves nothing", () => {
  const lines = ["0 invoke lock", "0 info lock", "1 invoke lock", "1 ok lock"];
  assertEquals(checkLock(historyOf(...lines)).valid, true);
});

/** A lock with an owner. */
const LOCK: Model<number> = {
  name: "lock",
  init: () => -1,
  step: (owner, { f, value }) => {
    if (f === "lock") return owner === -1 ? value as number : undefined;
    return owner === value ? -1 : undefined;
  },
  equal: (a, b) => a === b,
};

/** Histories of processes that lock and unlock in turn; each step completes the open operation or begins one. */
const HISTORY = fc.array(fc.tuple(fc.nat(3), fc.constantFrom<OperationType>("ok", "ok", "ok", "info")), {
  maxLength: 24,
}).map((steps) => {
  const history: Operation[] = [];
  const states = [0, 1, 2, 3].map((process) => ({ process, f: "lock", isOpen: false, isOver: false }));
  for (const [index, type] of steps) {
    const state = states[index]!;
    if (state.isOver) continue;
    const { process, f, isOpen } = state;
    const entry = { index: history.length, time: history.length, process, f, value: process };
    history.push({ ...entry, type: isOpen ? type : "invoke" });
    if (isOpen && type === "info") state.isOver = true;
    if (isOpen) state.f = f === "lock" ? "unlock" : "lock";
    state.isOpen = !isOpen;
  }
  return history;
});

Deno.test("the verdict is that of a search for a linearization", () => {
  fc.assert(
    fc.property(HISTORY, (history) => {
      const { valid, lock_count } = checkLock(history);
      assertEquals(valid, lock_count === 0 ? "unknown" : checkLinearizable(history, LOCK).valid);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the explanation is bounded", () => {
  const lines = Array.from({ length: 50 }, (_, process) => [`${process} invoke lock`, `${process} ok lock`]).flat();
  const { anomalies: [anomaly] } = checkLock(historyOf(...lines)) as {
    anomalies: { count: number; explanation: string }[];
  };
  assertEquals(anomaly!.count, 49);
  assertStringIncludes(anomaly!.explanation, "… and 41 more");
});
