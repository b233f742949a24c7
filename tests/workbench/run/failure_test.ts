import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Failure, failureOf, isSameFailure, worstOf } from "../../../lib/workbench/run/failure.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { INCONCLUSIVE, isSurvived } from "../../../lib/workbench/run/survives.ts";

type Run = Parameters<typeof failureOf>[0];

const PASSED: Run = { valid: true, passed: true, anomalies: [], exceptions: [], targets: [] };
const failed = (run: Partial<Run>): Run => ({ ...PASSED, valid: false, passed: false, ...run });
const anomaly = (type: string, allowed?: true) => ({ type, count: 1, explanation: "…", allowed });
const exception = (type: string, fatal?: true) => ({ type, count: 1, message: "…", fatal });
const target = (name: string, met: boolean): Results["targets"][number] => ({ name, limit: 1, value: 1, met });

Deno.test("failureOf() returns the worst failure", () => {
  const failure = (run: Partial<Run>) => failureOf(failed(run));
  const anomalies = [anomaly("G0", true), anomaly("lost"), anomaly("never-succeeded"), anomaly("lost")];
  const targets = [target("msgs_per_op", true), target("max_latency_ms", false)];
  assertEquals(failureOf(PASSED), undefined);
  assertEquals(failure({ anomalies, targets, exceptions: [exception("node-crashed", true), exception("bad-line")] }), {
    kind: "ended",
    causes: ["node-crashed"],
  });
  assertEquals(failure({ anomalies, targets, exceptions: [exception("bad-line")] }), {
    kind: "invalid",
    causes: ["lost"],
  });
  const silent = [anomaly("never-succeeded"), anomaly("empty-transaction-graph")];
  assertEquals(failure({ anomalies: [...silent, anomaly("unavailable")] }), {
    kind: "invalid",
    causes: ["unavailable"],
  });
  assertEquals(failure({ anomalies: silent, exceptions: [exception("malformed-reply")] })!.causes, ["malformed-reply"]);
  assertEquals(failure({ anomalies: silent })!.causes, ["never-succeeded", "empty-transaction-graph"]);
  assertEquals(failure({ exceptions: [exception("nondeterminism")] }), { kind: "invalid", causes: ["nondeterminism"] });
  assertEquals(failure({ valid: "unknown", targets }), { kind: "unknown", causes: [] });
  assertEquals(failure({ valid: true, targets }), { kind: "missed", causes: ["max_latency_ms"] });
});

Deno.test("failureOf() counts only what the deciding verdict counts", () => {
  const overlooked = { maelstrom: "overlooks" } as const;
  const anomalies = [{ ...anomaly("not-converged"), ...overlooked }, anomaly("lost")];
  const exceptions = [{ ...exception("malformed-reply"), ...overlooked }];
  const wrong = failed({ anomalies, exceptions });
  const forMaelstrom = { maelstrom: { valid: false, passed: false }, decided_by: "maelstrom" } as const;
  assertEquals(failureOf(wrong)!.causes, ["not-converged", "lost"]);
  assertEquals(failureOf({ ...wrong, ...forMaelstrom })!.causes, ["lost"]);
  const passed = { ...wrong, ...forMaelstrom, maelstrom: { valid: true, passed: true } };
  assertEquals(failureOf(passed), undefined);
  assertEquals(failureOf({ ...passed, decided_by: "strict" })!.causes, ["not-converged", "lost"]);
});

Deno.test("failureOf() does not count a store that could not be written as a cause", () => {
  const exceptions = [exception("not-stored"), exception("nondeterminism")];
  assertEquals(failureOf(failed({ exceptions })), { kind: "invalid", causes: ["nondeterminism"] });
});

Deno.test("isSameFailure() requires the first cause and no new one", () => {
  const original: Failure = { kind: "invalid", causes: ["lost-write", "unseen", "poll-skip"] };
  const same = (...causes: string[]) => isSameFailure({ kind: "invalid", causes }, original);
  assert(same("lost-write"));
  assert(same("unseen", "lost-write"));
  assert(!same("unseen"), "not what stands first");
  assert(!same("lost-write", "inconsistent-offsets"), "something new");
  assert(!same());
  assert(!isSameFailure(undefined, original));
  assert(!isSameFailure({ kind: "ended", causes: ["lost-write"] }, original), "another kind");
  const unknown: Failure = { kind: "unknown", causes: [] };
  assert(isSameFailure(unknown, unknown));
  assert(!isSameFailure({ kind: "unknown", causes: ["checker-crashed"] }, unknown));
});

Deno.test("a survived run never has the same failure as one that is not", () => {
  const types = fc.uniqueArray(fc.constantFrom(...INCONCLUSIVE, "unavailable", "lost"), { maxLength: 3 });
  const runs = fc.record({
    valid: fc.constantFrom<Run["valid"]>(false, "unknown"),
    anomalies: types.map((types) => types.map((type) => anomaly(type))),
    exceptions: fc.constantFrom<Run["exceptions"]>([], [exception("malformed-reply")]),
  }).map(failed);
  fc.assert(fc.property(runs, runs, (run, original) => {
    fc.pre(isSurvived(run) && !isSurvived(original));
    assert(!isSameFailure(failureOf(run), failureOf(original)!));
  }));
});

Deno.test("worstOf() returns the first of the worst runs", () => {
  const missed = failed({ valid: true, targets: [target("msgs_per_op", false)] });
  const lost = failed({ anomalies: [anomaly("lost")] });
  const crashed = failed({ exceptions: [exception("node-crashed", true)] });
  assertEquals(worstOf([PASSED, PASSED]), undefined);
  assertEquals(worstOf([PASSED, missed, lost, { ...lost }]), lost);
  assert(worstOf([PASSED, missed, lost, { ...lost }]) === lost);
  assert(worstOf([missed, lost, crashed]) === crashed);
  assert(worstOf([PASSED, missed]) === missed);
  const unknown = failed({ valid: "unknown" });
  assertEquals(worstOf([unknown]), undefined);
  assert(worstOf([unknown, missed]) === missed);
  const unchecked = failed({ valid: "unknown", exceptions: [exception("checker-crashed")] });
  assert(worstOf([missed, unknown, unchecked]) === unchecked);
});
