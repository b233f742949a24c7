import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROGRAMS } from "../../../lib/workbench/request/challenges.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { assertRejected, command } from "../engines/fake_command.ts";

Deno.test("demo runs each of our programs once, for some seconds, and ends with the worst status", async () => {
  const { status, ran, out } = await command("demo");
  assertEquals(status, 0);
  assertEquals(ran.map(({ request: { challenge } }) => challenge!.program).sort(), Object.keys(PROGRAMS).sort());
  for (const { request: { options } } of ran) assertEquals(options.timeLimitSeconds, 5);
  assertStringIncludes(out, "5c kafka");
  const failing = await command("demo", {
    runs: ({ workload }) => workload === "kafka" ? { valid: false, passed: false } : {},
  });
  assertEquals([failing.status, failing.ran.length], [1, ran.length]);
});

Deno.test("demo is strict, unless it is to decide as Maelstrom", async () => {
  const wrong = { valid: false, passed: false, maelstrom: { valid: true, passed: true } };
  const status = async (line: string) => (await command(line, { runs: () => wrong })).status;
  assertEquals([await status("demo"), await status("demo --as-maelstrom"), await status("all")], [1, 0, 0]);
});

Deno.test("demo takes flags, and no program", async () => {
  const { ran } = await command("demo --time-limit 2 --sim");
  assert(ran.every(({ engine, request: { options } }) => engine === "simulation" && options.timeLimitSeconds === 2));
  await assertRejected("demo --bin ./node", "Cannot use --bin with several challenges: ");
  assertStringIncludes((await command("demo --help")).out, "--rate NUMBER");
});

Deno.test("doc shows the messages of all workloads, or of some", async () => {
  const { status, out } = await command("doc");
  assertEquals(status, 0);
  for (const name of Object.keys(WORKLOADS)) assertStringIncludes(out, `\n## ${name}\n`);
  const { out: one } = await command("doc lock");
  assertStringIncludes(one, "\n### unlock\n");
  assertEquals(one.includes("## echo"), false);
  await assertRejected("doc ecko", "Cannot describe ecko: expected one of echo, ");
  assertStringIncludes((await command("doc --help")).out, "Show the messages of all workloads");
});
