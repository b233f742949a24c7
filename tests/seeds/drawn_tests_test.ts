import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { parseArguments } from "../../lib/workbench/request/arguments.ts";
import { CHALLENGES, findChallenge, findModule } from "../../lib/workbench/request/challenges.ts";
import { createMachine } from "../../lib/workbench/engines/real_machine.ts";
import { runInSimulation } from "../../lib/workbench/engines/simulation_engine.ts";
import { loadProgram } from "../../lib/workbench/world/hosts/in_process/program_module.ts";
import type { Operation } from "../../lib/workbench/history/operation.ts";
import { createRequest } from "../../lib/workbench/request/request.ts";
import type { Results } from "../../lib/workbench/run/results.ts";
import { SURVIVES } from "../../lib/workbench/run/survives.ts";
import { IGNORED, testWithStore } from "../workbench/run/store/test_with_store.ts";
import { isRepeated } from "./survive.ts";
import { drawTest, runDrawnTest } from "./drawn_tests.ts";

Deno.test("drawn tests have from a quarter of the official nodes up to all, and all faults", () => {
  for (const challenge of CHALLENGES) {
    const drawn = Array.from({ length: 100 }, (_, seed) => drawTest(challenge, String(seed)).request.options);
    const official = Number(challenge.flags.match(/--node-count (\d+)/)![1]);
    for (const { nodes, nemesis, timeLimitSeconds, nemesisIntervalSeconds } of drawn) {
      assert(nodes.length <= official && nodes.length >= Math.min(2, official) && nodes.length >= official / 4);
      assertEquals(nemesis, SURVIVES[challenge.id]);
      // Enough time for each fault to come and go twice.
      assert(timeLimitSeconds >= 4 * nemesisIntervalSeconds);
    }
    const sizes = new Set(drawn.map(({ nodes }) => nodes.length));
    assert(sizes.size >= Math.min(10, official - Math.ceil(official / 4)), challenge.id);
    assert(new Set(drawn.map(({ rate }) => rate)).size > 3);
  }
});

Deno.test({
  name: "every challenge that claims to survive faults has one test of seeds",
  ignore: IGNORED,
  fn() {
    const folder = new URL(".", import.meta.url);
    const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
      name !== "drawn_tests_test.ts"
    );
    const texts = files.filter((name) => name.endsWith("_test.ts")).map((name) =>
      Deno.readTextFileSync(new URL(name, folder))
    );
    const ids = texts.flatMap((text) => Array.from(text.matchAll(/"(\d[a-e]?)"/g), ([, id]) => id!));
    assert(texts.every((text) => text.includes("testSeeds(")));
    assertEquals(ids.sort(), Object.keys(SURVIVES).sort());
  },
});

Deno.test("a fault counts as repeated only if it has begun, ended and begun again", () => {
  const history = (steps: string) =>
    Array.from(steps, (step, index): Operation => {
      const f = { b: "start-loss", e: "stop-loss", o: "start-delay" }[step]!;
      return { index, time: index, type: "info", process: "nemesis", f, value: null };
    });
  // The history has each operation of the nemesis twice.
  const cases: [string, boolean][] = [
    ["bbeebb", true],
    ["bboeeobb", true],
    ["eebbeeb", true],
    ["", false],
    ["bb", false],
    ["ee", false],
    ["bbbb", false],
    ["bbee", false],
    ["eebb", false],
    ["eebbbb", false],
  ];
  for (const [steps, expected] of cases) assertEquals(isRepeated("loss", history(steps)), expected, steps);
});

for (const challenge of CHALLENGES) {
  testWithStore(`the command of a drawn test of ${challenge.id} repeats it`, async (store) => {
    const { files } = createMachine(ROOT);
    const bin = `${ROOT}/challenges/bin/${challenge.program}`;
    const program = await loadProgram(findModule(bin, [], ROOT));
    const results: Results[] = [];
    for (const seed of ["1", "2"]) {
      const drawn = drawTest(challenge, seed);
      const [, id, ...words] = drawn.command.split(" ");
      const request = createRequest(findChallenge(id!)!, parseArguments(words), { root: ROOT, files });
      const hooks = { signal: new AbortController().signal, log() {}, output() {}, progress() {} };
      const { command: _, ...repeated } = await runInSimulation(ROOT, { ...request, limits: [], store }, hooks);
      assertEquals({ ...repeated, store: null }, await runDrawnTest(drawn, program));
      results.push(repeated);
    }
    assertNotEquals(results[0]!.net, results[1]!.net);
  });
}
