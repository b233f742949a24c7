import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { CHALLENGE_NAMES, CHALLENGES, findChallenge, PROGRAMS } from "../../../lib/workbench/request/challenges.ts";

Deno.test("CHALLENGES lists all fourteen challenges in order", () => {
  const ids = CHALLENGES.map(({ id }) => id);
  assertEquals(ids, ["1", "2", "3a", "3b", "3c", "3d", "3e", "4", "5a", "5b", "5c", "6a", "6b", "6c"]);
});

Deno.test("CHALLENGES have official flags that parse", () => {
  for (const { workload, flags } of CHALLENGES) {
    const { given, program } = parseArguments(["-w", workload, ...flags.split(" ")]);
    assertEquals(given.workload, workload);
    assert(given["node-count"]! >= 1 && given["time-limit"]! >= 10);
    assertEquals(program, []);
  }
});

Deno.test("CHALLENGES have the published limits", () => {
  const limits = Object.fromEntries(CHALLENGES.map(({ id, limits }) => [id, limits.map(({ limit }) => limit)]));
  assertEquals(limits["3d"], [30, 400, 600]);
  assertEquals(limits["3e"], [20, 1000, 2000]);
  assertEquals(Object.values(limits).filter((each) => each.length > 0).length, 2);
});

Deno.test("findChallenge() finds numbers in lower and upper case", () => {
  for (const { id } of CHALLENGES) {
    assertEquals(findChallenge(id)?.id, id);
    assertEquals(findChallenge(id.toUpperCase())?.id, id);
  }
});

Deno.test("findChallenge() finds the most demanding part by name", () => {
  const names = { echo: "1", "unique-ids": "2", broadcast: "3e", "g-counter": "4", kafka: "5c", txn: "6c" };
  for (const [name, id] of Object.entries(names)) assertEquals(findChallenge(name)?.id, id);
  assertEquals(CHALLENGE_NAMES.slice(CHALLENGES.length), Object.keys(names));
});

Deno.test("findChallenge() finds nothing else", () => {
  for (const word of ["", "3", "3f", "7", "test", "constructor"]) assertEquals(findChallenge(word), undefined);
});

Deno.test("each of the CHALLENGES has one of the PROGRAMS, and each program has a challenge", () => {
  assertEquals(new Set(CHALLENGES.map(({ program }) => program)), new Set(Object.keys(PROGRAMS)));
});

Deno.test({
  name: "PROGRAMS are what the scripts in challenges/bin start",
  ignore: (await Deno.permissions.query({ name: "read" })).state !== "granted",
  fn() {
    const folder = new URL("../../../challenges/", import.meta.url);
    for (const [name, words] of Object.entries(PROGRAMS)) {
      const script = new URL(`bin/${name}`, folder);
      assert((Deno.statSync(script).mode! & 0o111) !== 0, `${name} is executable`);
      assertStringIncludes(Deno.readTextFileSync(script), `deno-run" ${words.join(" ")} "$@"\n`);
      assert(Deno.statSync(new URL(words[0]!, folder)).isFile);
    }
  },
});
