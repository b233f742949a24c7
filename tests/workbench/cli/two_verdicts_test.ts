/** Programs that Maelstrom accepts although they are wrong, as real processes: both verdicts on each. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { command } from "../engines/fake_command.ts";

/** True if permissions or Python are missing: the nodes are Python programs. */
const ignore = (["read", "write", "run", "env"] as const)
  .some((name) => Deno.permissions.querySync({ name }).state !== "granted") || !isFile("/usr/bin/python3");

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A command line on the real files and engines. */
type Run = (line: string) => Promise<{ status: number | undefined; out: string }>;

function testNode(name: string, fn: (run: Run, store: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      const store = await Deno.makeTempDir();
      const { files, openFile, engines } = createMachine(ROOT);
      try {
        await fn((line) => command(line, { root: ROOT, files, openFile, engines }), store);
      } finally {
        await Deno.remove(store, { recursive: true });
      }
    },
  });
}

const nodes = new URL("../../testdata/nodes/", import.meta.url).pathname;

testNode("a node that reads 0 instead of null passes 6a, and fails it strictly", async (run, store) => {
  const flags = `--time-limit 1 --quiet --store ${store} --bin ${nodes}garbage_zero.py`;
  const { status, out } = await run(`6a ${flags}`);
  assertEquals(status, 0);
  assertStringIncludes(out, "✓ 6a txn-rw-register: valid for Maelstrom; 1 finding that it does not look for\n");
  assertMatch(out, /\n {2}garbage-read( × \d+)? \(Maelstrom does not look for it\)\n/);
  assertStringIncludes(out.replaceAll(/\s+/g, " "), "null was expected: the key has never been written");
  const again = await run(`check ${store}/latest`);
  assertEquals([again.status, again.out.split("\n")[0]], [0, out.split("\n")[0]]);
  const strict = await run(`check ${store}/latest --strict`);
  assertEquals(strict.status, 1);
  assertStringIncludes(strict.out, "✗ 6a txn-rw-register: INVALID (garbage-read); valid for Maelstrom\n");
});

testNode("a node that answers half a transaction passes as Maelstrom, and fails strictly", async (run, store) => {
  const flags = "--node-count 1 --concurrency 2n --rate 50 --time-limit 1 --consistency-models read-committed";
  const test = `test -w txn-rw-register ${flags} --quiet --store ${store} --bin ${nodes}short_txn_reply.py`;
  const { status, out } = await run(`${test} --as-maelstrom`);
  assertEquals(status, 0);
  assertStringIncludes(out, "✓ txn-rw-register: valid for Maelstrom; 1 finding that it does not look for\n");
  assertMatch(out, /\n {2}malformed-reply.* \(Maelstrom does not look for it\)\n/);
  for (const strictly of ["", " --strict"]) {
    const { status, out } = await run(test + strictly);
    assertEquals(status, 1);
    assertStringIncludes(out, "✗ txn-rw-register: INVALID (malformed-reply); valid for Maelstrom\n");
  }
  // For Maelstrom, such operations succeed: they do not lessen the availability.
  const challenge = await run(`6a --time-limit 1 --quiet --store ${store} --bin ${nodes}short_txn_reply.py`);
  assertEquals(challenge.status, 0);
  assertStringIncludes(challenge.out, "\n  100 % of operations ok");
});
