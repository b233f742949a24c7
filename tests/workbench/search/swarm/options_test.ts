import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CHALLENGES } from "../../../../lib/workbench/request/challenges.ts";
import { UsageError } from "../../../../lib/workbench/base/errors.ts";
import { parseSwarmOptions } from "../../../../lib/workbench/search/swarm/options.ts";

const parse = (line: string) => parseSwarmOptions(line.split(" ").filter((word) => word !== ""), 4);

Deno.test("parseSwarmOptions() defaults to ten minutes, all cores and all challenges", () => {
  assertEquals(parse(""), { minutes: 10, jobs: 4, seed: null, challenges: CHALLENGES, testFlags: [] });
});

Deno.test("parseSwarmOptions() reads every flag", () => {
  const options = parse("--minutes 0.5 --jobs=2 --seed 007 --challenge 3e,txn --store kept");
  assertEquals({ ...options, challenges: options.challenges.map(({ id }) => id) }, {
    minutes: 0.5,
    jobs: 2,
    seed: "007",
    challenges: ["3e", "6c"],
    testFlags: ["--store", "kept"],
  });
  assertEquals(parse("--challenge 3c --bin ./node.ts").testFlags, ["--bin", "./node.ts"]);
});

Deno.test("parseSwarmOptions() explains a bad argument in one line", () => {
  for (
    const [line, expected] of [
      ["--minutes 0", 'Cannot use --minutes "0": expected a number above 0'],
      ["--minutes", "Missing value for --minutes: expected a number above 0"],
      ["--jobs two", 'Cannot use --jobs "two": expected a whole number above 0'],
      ["--seed", "Missing value for --seed: expected a value"],
      ["--minuts=3", "Cannot use flag --minuts: expected one of --minutes, --jobs, "],
      ["--minuts=3", "; did you mean --minutes?"],
      ["3e", "Cannot use 3e with swarm: expected one of --minutes, "],
      ["--challenge 7", "Cannot use --challenge 7: expected one of 1, 2, 3a, "],
      ["--challenge brodcast", "; did you mean broadcast?"],
      ["--bin ./node.ts", "Cannot use --bin with several challenges: expected --challenge with one of them"],
      ["--bin ./node.ts --challenge 3c,3d", "Cannot use --bin with several challenges"],
    ] as const
  ) {
    const { message } = assertThrows(() => parse(line), UsageError);
    assertStringIncludes(message, expected);
    assertEquals(message.split("\n").length, 1);
  }
});
