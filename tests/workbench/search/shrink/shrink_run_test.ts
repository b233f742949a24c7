import { assert, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../../../lib/workbench/cli/main.ts";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { createMachine } from "../../../../lib/workbench/engines/real_machine.ts";
import type { Results } from "../../../../lib/workbench/run/results.ts";
import { testWithStore } from "../../run/store/test_with_store.ts";

/** Runs a command line on this machine; returns its exit status and output. */
async function carryOut(line: string): Promise<{ status: number; out: string }> {
  let out = "";
  const machine = {
    ...createMachine(ROOT),
    stdout: (text: string) => void (out += text),
    stderr() {},
    onInterrupt: () => () => {},
  };
  return { status: await main(line.split(" "), machine), out };
}

/** Finds the command that repeats the smallest run: the last one printed. Leaves out the name of the script. */
function smallestOf(out: string): string {
  return out.matchAll(/^ {2}run again {4}\.\/maelstrom\.sh (.*)$/gm).toArray().at(-1)![1]!;
}

/** For each wrong program, a command that finds its mistake, and the anomaly. */
const WRONG: Record<string, [line: string, anomaly: string]> = {
  "broadcast_without_retry": ["broadcast --nemesis partition --seeds 3 --seed 1", "lost"],
  "broadcast_without_acks": ["3c --nemesis partition,duplicate --seed 1", "lost"],
  "counter_without_cas": ["4 --latency 50 --latency-dist exponential --seed 1", "wrong-sum"],
  "log_last_writer_wins": ["5b --rate 50 --latency 50 --seed 1", "inconsistent-offsets"],
  "txn_without_timestamp": ["6c --rate 40 --latency 50 --seed 1", "divergent-replicas"],
};

for (const [file, [line, anomaly]] of Object.entries(WRONG)) {
  testWithStore(
    `${file}: the command of the smallest run repeats ${anomaly}`,
    async (store) => {
      const [command, ...flags] = line.split(" ");
      const program = `--bin ${ROOT}/tests/wrong/${file}.ts --store ${store}`;
      const { status, out } = await carryOut(`${command} --sim ${program} ${flags.join(" ")}`);
      assertEquals(status, 1, out);
      assertMatch(out, /\nThe smallest run that fails for the same reason: \d+ were tried\n/);
      const smallest = smallestOf(out.slice(0, out.indexOf("\n  failed with")).concat("\n"));
      const again = await carryOut(`${smallest} --no-shrink --json`);
      assertEquals(again.status, 1, smallest);
      const { anomalies } = JSON.parse(again.out) as Results;
      assert(anomalies.some(({ type, allowed }) => type === anomaly && !allowed), again.out);
    },
  );
}

testWithStore(
  "the failed run and the smallest one are stored, and none of the others that were tried",
  async (store) => {
    const line = "3c --sim --nemesis partition --seed 1 --json";
    const program = `--bin ${ROOT}/tests/wrong/broadcast_without_retry.ts`;
    const one = await carryOut(`${line} ${program} --store ${store}/one`);
    const entries = await Array.fromAsync(Deno.readDir(`${store}/one/broadcast`));
    const folders = entries.map(({ name }) => name).sort();
    assertEquals(folders.length, 2);
    const stored = folders.map((folder) =>
      JSON.parse(Deno.readTextFileSync(`${store}/one/broadcast/${folder}/results.json`))
    );
    const { shrunk, ...results } = JSON.parse(one.out);
    const { command, changes } = shrunk;
    const [original, smaller] = folders.map((name) => `../${name}`);
    assertEquals(stored, [
      { ...results, related: { role: "smaller", folder: smaller, command, changes } },
      { ...shrunk.results, related: { role: "original", folder: original, command: results.command, changes } },
    ]);
    assertEquals(shrunk.results.command, command);
    assert(shrunk.tried > 2 && shrunk.changes.length > 0);
    assert(shrunk.results.operations.count < results.operations.count);
    // The same bytes again, except for the folder in the command.
    const two = await carryOut(`${line} ${program} --store ${store}/two`);
    assertEquals(two.out.replaceAll("/two", "/one"), one.out);
  },
);
