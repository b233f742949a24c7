import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { createMachine } from "../../../lib/workbench/engines/real_machine.ts";
import { maelstromResults } from "../../../lib/workbench/engines/maelstrom_results.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { fakeMachine } from "../engines/fake_machine.ts";
import { HISTORIES, testRecorded, TIMED_OUT } from "../recorded.ts";

/** Figures of each workload's checker that are compared with Maelstrom's. */
const FIGURES: Record<string, readonly string[]> = {
  "echo": [],
  "unique-ids": ["attempted_count", "acknowledged_count", "duplicated_count", "range"],
  "broadcast": ["attempt_count", "stable_count", "duplicated_count", "stable_latencies", "lost_latencies"] //
    .concat("lost_count", "lost", "stale_count", "stale", "never_read_count", "never_read"),
  "g-counter": ["acceptable", "final_reads"],
  "kafka": ["error_types", "bad_error_types", "worst_realtime_lag", "info_txn_causes"],
  "lin-kv": ["failures"],
  "txn-list-append": ["anomaly_types", "not", "also_not"],
};
FIGURES["g-set"] = FIGURES.broadcast!;
FIGURES["pn-counter"] = FIGURES["g-counter"]!;
FIGURES["txn-rw-register"] = FIGURES["txn-list-append"]!;

/** Checks a recorded history on the command line, with its flags. */
async function check(name: string): Promise<{ ours: Results; err: string; status: number }> {
  const { files, openFile } = createMachine("/project");
  const folder = new URL(name, HISTORIES).pathname;
  const flags = files.readTextFile(`${folder}/check-flags`).trim().split(/\s+/);
  const machine = fakeMachine({ files, openFile });
  const status = await main(["check", `${folder}/history.edn`, ...flags, "--json"], machine);
  return { ours: JSON.parse(machine.out), err: machine.err, status };
}

testRecorded(
  "check agrees with Maelstrom on every recorded history",
  undefined,
  async ({ name, workload, verdict }) => {
    const { ours, err, status } = await check(name);
    const { files } = createMachine("/project");
    const run = { challenge: null, workload, limits: [], store: null };
    const text = files.readTextFile(new URL(`${name}/results.edn`, HISTORIES).pathname);
    const theirs: Results = JSON.parse(JSON.stringify(maelstromResults(text, run)));
    const besides = TIMED_OUT[name]?.theirs ?? [];

    assertEquals([err, status, ours.workload, ours.valid], ["", verdict ? 0 : 1, workload, verdict]);
    assertEquals(ours.passed, verdict);
    assertEquals(ours.maelstrom, { valid: verdict, passed: verdict });
    assertEquals([ours.mode, ours.seed, ours.net, ours.store, ours.challenge], [null, null, null, null, null]);
    assertEquals(ours.operations, theirs.operations);
    assertEquals(ours.availability!.valid, theirs.availability!.valid);
    assertAlmostEquals(ours.availability!.ok_fraction, theirs.availability!.ok_fraction, 1e-6);
    for (const figure of FIGURES[workload]!) {
      // For a valid history, Elle reports no violated models.
      if (figure.endsWith("not") && !(figure in theirs.result)) continue;
      assertEquals(comparable(ours.result[figure]), comparable(theirs.result[figure], besides), figure);
    }
    assertEquals(forbidden(ours), forbidden(theirs).filter((type) => !besides.includes(type)));
  },
);

/** Sorts lists of names, so that their order does not matter. */
function comparable(value: unknown, besides: readonly string[] = []): unknown {
  if (!Array.isArray(value)) return value ?? [];
  const list = value.filter((item) => !besides.includes(item));
  return list.every((item) => typeof item === "string") ? list.sort() : list;
}

/** Lists the types of anomalies that are not allowed. */
function forbidden({ anomalies }: Results): string[] {
  return anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type).sort();
}

testRecorded("check reads histories of other tools: without times and indices, in one vector, tagged", [
  "lin-kv",
  "txn-list-append",
  "unique-ids",
], async ({ name, workload, results }) => {
  const { files } = createMachine("/project");
  const lines = files.readTextFile(new URL(`${name}/history.edn`, HISTORIES).pathname).trim().split("\n");
  const bare = lines.map((line) => line.replace(/^\{:index \d+, :time \d+, /, "#jepsen.history.Op{"));
  assert(bare.every((line) => line.startsWith("#jepsen.history.Op{:type ")));
  const stream = () => Promise.resolve(new Blob([`[${bare.join("\n ")}]`]).stream());
  const machine = fakeMachine({ openFile: stream, files: { ...files, inspect: (path) => ({ kind: "file", path }) } });
  await main(["check", "foreign.edn", "--json"], machine);
  const ours: Results = JSON.parse(machine.out);
  assertEquals([machine.err, ours.workload, ours.result.valid], ["", workload, results.workload["valid?"]]);
});

testRecorded(
  "docs/check.md names every figure that only one side has, and every history with different verdicts",
  undefined,
  async ({ name, results }) => {
    const { files } = createMachine("/project");
    const page = files.readTextFile(new URL("../../../docs/check.md", import.meta.url).pathname);
    const compared = page.slice(page.indexOf("## Compared with Maelstrom's results"));
    const { ours: { result, anomalies } } = await check(name);
    const theirs = Object.keys(results.workload).filter((figure) => figure !== "valid?");
    const inOurWords = theirs.map((figure) => figure.replaceAll("-", "_"));
    const onlyOurs = Object.keys(result).filter((figure) => figure !== "valid" && !inOurWords.includes(figure));
    const onlyTheirs = theirs.filter((_, index) => !(inOurWords[index]! in result));
    const types = anomalies.map(({ type }) => type);
    for (const figure of [...onlyOurs, ...onlyTheirs.filter((figure) => !types.includes(figure))]) {
      const written = [figure, figure.replaceAll("_", "-")].some((name) => compared.includes(`\`${name}\``));
      assert(written, `${figure} is not in docs/check.md`);
    }
    assertEquals(compared.includes(`\`${name}\``), name in TIMED_OUT, name);
  },
);
