import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import type { AnyNode } from "../../../../../lib/node.ts";
import { ROOT } from "../../../../../lib/workbench/cli/root.ts";
import { findModule, PROGRAMS } from "../../../../../lib/workbench/request/challenges.ts";
import { FailedError, UsageError } from "../../../../../lib/workbench/base/errors.ts";
import { loadProgram } from "../../../../../lib/workbench/world/hosts/in_process/program_module.ts";
import { simulate } from "../../../../../lib/workbench/engines/simulate.ts";

const ignore = Deno.permissions.querySync({ name: "read" }).state !== "granted";
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore, fn });
const pathOf = (name: string) => `${ROOT}/tests/workbench/programs/${name}.ts`;

const load = (name: string, ...args: string[]) => loadProgram({ path: pathOf(name), args }, 5000);

/** Returns the reason why a module cannot be simulated, without its path. */
async function complaint(name: string, ...args: string[]): Promise<string> {
  // A mistake in the command is in its arguments.
  const { message } = await assertRejects(() => load(name, ...args), args.length > 0 ? UsageError : FailedError);
  assertEquals(message.split("\n").length, 1);
  return message.replaceAll(pathOf(name), "FILE").replace("Cannot simulate FILE: ", "");
}

async function echoOf(program: (node: AnyNode) => void): Promise<unknown> {
  const world = simulate({ program, nodes: 1 });
  return (await world.client().rpc("n0", { type: "echo", echo: "hi" })).echo;
}

test("loadProgram() accepts a default export, a function of a node or of a node and arguments", async () => {
  assertEquals(await echoOf(await load("as_default")), "hi");
  assertEquals(await echoOf(await load("with_arguments", "oh ")), "oh hi");
  assertEquals(await echoOf(await load("uses_library")), "hi");
});

test("all of our own programs can be loaded", async () => {
  for (const name of Object.keys(PROGRAMS)) {
    const program = await loadProgram(findModule(`${ROOT}/challenges/bin/${name}`, [], ROOT));
    await simulate({ program }).run(1000);
  }
});

test("each start of a program has an instance of its modules", async () => {
  const world = simulate({ program: await load("keeps_state"), nodes: 2 });
  const client = world.client();
  const read = (node: string) => client.rpc(node, { type: "read" });
  await client.rpc("n0", { type: "broadcast", message: 7 });
  assertEquals([(await read("n0")).messages, (await read("n1")).messages], [[7], []]);
  world.crash("n0");
  await world.restart("n0");
  const { starts } = await client.rpc("n0", { type: "count" });
  assertEquals([(await read("n0")).messages, starts], [[], 1]);
});

test("an error in an instance names the file and line of its module", async () => {
  const world = simulate({ program: await load("keeps_state"), nodes: 1 });
  await world.client().rpc("n0", { type: "fail" });
  const path = pathOf("keeps_state");
  const { message } = await assertRejects(() => world.run(10), Error, `\n  Error: at file://${path}\n`);
  assertStringIncludes(message, `file://${path}:19:13`);
});

test("loadProgram() says what is wrong with arguments", async () => {
  await assertRejects(() => load("with_arguments"), UsageError, "Cannot use 0 more words: expected one");
  assertEquals(
    await complaint("as_default", "--fast"),
    "Cannot use arguments after -- with FILE: its program takes none, " +
      "expected a function of a node and its arguments, (node, args), without a default value for args",
  );
  const broadcast = findModule(`${ROOT}/challenges/bin/broadcast-fast`, ["--profile", "fats"], ROOT);
  const { message } = await assertRejects(() => loadProgram(broadcast), UsageError);
  assertStringIncludes(message, "Cannot use --profile fats: expected efficient or fast");
});

test("loadProgram() says what a module exports, and what was expected", async () => {
  const expected =
    "expected its program as its default export, which is a function of a node and, if it takes arguments, " +
    "of those: (node, args)";
  assertEquals(await complaint("without_program"), `it exports helper, name, ${expected}`);
  assertEquals(await complaint("without_exports"), `it exports nothing, ${expected}`);
  const instead = "expected its program, which is a function of a node";
  assertEquals(await complaint("exports_object"), `its default export is an object, ${instead}`);
  assertEquals(await complaint("exports_create_program"), `it exports createProgram, ${expected}`);
});

test("a program that returns a program crashes at its start", async () => {
  const world = simulate({ program: await load("returns_program"), nodes: 1 });
  await assertRejects(() => world.run(0), Error, "it returned a function, expected a program");
});

test("an async program crashes at its start, as a module and as a function", async () => {
  for (const program of [await load("is_async"), (await import("../../../programs/is_async.ts")).default]) {
    const world = simulate({ program, nodes: 1 });
    const { message } = await assertRejects(() => world.run(0), Error);
    assertMatch(message, /^Node n0 crashed at its start.*it is async.* goes into node\.onInit\(\)/s);
  }
});

test("loadProgram() says why a module cannot be imported, and where", async () => {
  assertEquals(await complaint("throws"), "it cannot be imported: no such luck at FILE:3:7");
  assertMatch(await complaint("none"), /^it cannot be imported: Module not found/);
  assertMatch(
    await complaint("draws_at_import"),
    /^it cannot be imported: Cannot call Math\.random\(\) at FILE:5:19 in a simulation, .*: expected node\.random\(\)$/,
  );
  const { message } = await assertRejects(() => loadProgram({ path: `${ROOT}/LICENSE`, args: [] }), FailedError);
  assertStringIncludes(message, "LICENSE: it cannot be imported: ");
});

test("loadProgram() reports what a module does besides exporting its program", async () => {
  const exits = "would end the process, expected a module that only exports its program";
  const prints = "prints on stdout, where a node's messages go, expected console.error()";
  assertEquals(await complaint("exits_at_import"), `it cannot be imported: Deno.exit() at FILE:6:6 ${exits}`);
  assertEquals(await complaint("prints_at_import"), `it cannot be imported: console.log() at FILE:6:9 ${prints}`);
  assertEquals(await complaint("misbehaves_when_started", "exit"), `Deno.exit() at FILE:7:29 ${exits}`);
  assertEquals(await complaint("misbehaves_when_started", "print"), `console.log() at FILE:9:38 ${prints}`);
  assertMatch(
    await complaint("misbehaves_when_started", "draw"),
    /^Cannot call Math\.random\(\) at FILE:10:47 in a sim/,
  );
  assertEquals(await echoOf(await load("misbehaves_when_started", "not")), "hi");
});

test("loadProgram() has a timeout", async () => {
  const { message } = await assertRejects(() => loadProgram({ path: pathOf("never_ends"), args: [] }, 50), FailedError);
  assertStringIncludes(message, "it did not finish in 0.05 s; does it serve its program only if (import.meta.main)?");
  // The import must not outlive the test.
  globalThis.dispatchEvent(new Event("let go"));
  await load("never_ends");
});
