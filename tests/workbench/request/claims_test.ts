import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { challengesNamed, claimTests } from "../../../lib/workbench/request/claims.ts";

Deno.test("claimTests() claims validity, each official fault and each limit of a challenge", () => {
  const ids = CHALLENGES.flatMap((challenge) => claimTests(challenge)).flatMap(({ claims }) =>
    claims.map(({ id }) => id)
  );
  assertEquals(ids, [
    ...["1/valid", "2/valid", "2/partition", "3a/valid", "3b/valid", "3c/valid", "3c/partition"],
    ...["3d/valid", "3d/msgs_per_op", "3d/median_latency_ms", "3d/max_latency_ms"],
    ...["3e/valid", "3e/msgs_per_op", "3e/median_latency_ms", "3e/max_latency_ms"],
    ...["4/valid", "4/partition", "5a/valid", "5b/valid", "5c/valid", "6a/valid"],
    ...["6b/valid", "6b/partition", "6c/valid", "6c/partition"],
  ]);
});

Deno.test("claimTests() adds a test for each further fault, once, and keeps the official flags", () => {
  const [c] = challengesNamed(["3c"]);
  assertEquals(claimTests(c!, ["partition", "kill", "kill"]).map(({ id, flags }) => [id, flags]), [
    ["3c/valid", ["--nemesis", "none"]],
    ["3c/partition", []],
    ["3c/kill", ["--nemesis", "kill"]],
  ]);
  const [d] = challengesNamed(["3d"]);
  assertEquals(claimTests(d!).map(({ flags }) => flags), [[]]);
});

Deno.test("challengesNamed() finds parts, all parts of a number, and names, in their order and once", () => {
  const named = (...words: string[]) => challengesNamed(words).map(({ id }) => id).join();
  assertEquals(named("3c"), "3c");
  assertEquals(named("6", "1", "1"), "1,6a,6b,6c");
  assertEquals(named("kafka", "5b"), "5a,5b,5c");
  assertThrows(() => named("3f"), UsageError, "Cannot use --challenge 3f: expected one of 1, 2, 3, 4, 5, 6, 3a");
});
