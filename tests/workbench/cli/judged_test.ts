import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { command } from "../engines/fake_command.ts";
import { filesOf } from "../fake_files.ts";

/** Folder of the histories, and the page that says how each is judged. */
const FOLDER = new URL("../../testdata/judged/", import.meta.url);
const PAGE = new URL("../../../docs/check.md", import.meta.url);

const readable = [FOLDER, PAGE].every((path) => Deno.permissions.querySync({ name: "read", path }).state === "granted");

/** A row of the page: a history, how it is checked, and the verdict. */
interface Row {
  name: string;
  workload: string;
  models: string | undefined;
  verdict: string;
  /** Jepsen's verdict; the same if the table has no column for it. */
  theirs: string;
}

/** Matches a row. Only the tables of histories begin with a name in code and a workload. */
const ROW =
  /^\| `([\w-]+)` *\| ([\w-]+)(?:, ([\w-]+))? *\| ((?:valid|invalid|unknown)(?:: [\w, -]+?)?) *\|(?: (.+?) *\|)?$/gm;

function rows(page: string): Row[] {
  return [...page.matchAll(ROW)].map(([_, name, workload, models, verdict, theirs = verdict!]): Row => {
    return { name: name!, workload: workload!, models, verdict: verdict!, theirs };
  });
}

async function check({ name, workload, models }: Pick<Row, "name" | "workload" | "models">): Promise<Results> {
  const history = await Deno.readTextFile(new URL(`${name}.edn`, FOLDER));
  const flags = models === undefined ? "" : ` --consistency-models ${models}`;
  const { out } = await command(`check history.edn --json -w ${workload}${flags}`, filesOf({ "history.edn": history }));
  return JSON.parse(out);
}

/** Sums up results as the page does: `invalid: G0, G1a`, without what is allowed. */
function verdictOf({ valid, anomalies }: Results): string {
  const types = valid === true ? [] : anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type).sort();
  const word = { true: "valid", false: "invalid", unknown: "unknown" }[`${valid}`];
  return types.length === 0 ? word : `${word}: ${types.join(", ")}`;
}

Deno.test({
  name: "every history of docs/check.md is judged as the page says",
  ignore: !readable,
  async fn(t) {
    const page = rows(await Deno.readTextFile(PAGE));
    assertGreater(page.length, 40);
    for (const row of page) {
      await t.step(row.name, async () => assertEquals(verdictOf(await check(row)), row.verdict));
    }
    const files = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name.replace(/\.edn$/, ""));
    assertEquals(page.map(({ name }) => name).sort(), files.sort());
  },
});

/** Histories on which the verdict for Maelstrom is not that of Jepsen. docs/check.md says why. */
const INEXACT: readonly string[] = [
  "counter-fraction",
  "early-end-counter",
  "early-end-kafka",
  "early-end-list",
  "future-read-rw-self-edge",
  "kafka-empty-only",
  "kafka-negative-offset",
  "kafka-unknown-offset",
  "mixed-elements",
  "mixed-keys",
  "no-dependency",
  "null-and-empty",
  "null-and-empty-update",
  "null-written",
  "set-bare-ack",
  "written-twice",
];

Deno.test({
  name: "every history of docs/check.md has the verdict of Jepsen for Maelstrom, or is named as an exception",
  ignore: !readable,
  async fn() {
    const text = await Deno.readTextFile(PAGE);
    const inexact: string[] = [];
    for (const row of rows(text)) {
      const { maelstrom } = await check(row);
      const words = row.theirs.split(/: |, | or /);
      if (!words.includes({ true: "valid", false: "invalid", unknown: "unknown" }[`${maelstrom.valid}`])) {
        inexact.push(row.name);
      }
    }
    assertEquals(inexact.sort(), INEXACT);
    const exceptions = text.slice(text.indexOf("### The verdict for Maelstrom"));
    for (const name of INEXACT) assertStringIncludes(exceptions, `\`${name}\``);
  },
});

Deno.test({
  name: "check: a key whose operations all failed counts as a key of lin-kv",
  ignore: !readable,
  fn: async () =>
    assertEquals((await check({ name: "linkv-failed-key", workload: "lin-kv", models: undefined })).result.keys, 2),
});

Deno.test({
  name: "check: permits names no session model that the history violates",
  ignore: !readable,
  async fn() {
    const { result, anomalies } = await check({
      name: "permits-realtime-process",
      workload: "txn-list-append",
      models: undefined,
    });
    assertEquals(result.permits, ["serializable", "strong-read-uncommitted"]);
    const told = anomalies[0]!.explanation.replace(/at [\d.]+ s/g, "at …");
    assertStringIncludes(told, "T2 completed at …, before T3 began at …, both in process 1");
  },
});

Deno.test({
  name: "check: one cycle of kafka is told once",
  ignore: !readable,
  async fn() {
    const { result, anomalies } = await check({ name: "kafka-cycle-once", workload: "kafka", models: undefined });
    assertEquals([result.error_types, anomalies.length], [["G1c-realtime"], 1]);
  },
});
