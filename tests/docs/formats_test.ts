import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { WORKLOADS } from "../../lib/workbench/workloads/mod.ts";
import { testOptions } from "../workbench/run/stand_in.ts";
import { CORRECT_NODES } from "../workbench/workloads/correct_nodes.ts";
import { drive } from "../workbench/workloads/drive.ts";
import { assertRunsAsPrinted, MAY_RUN_PAGES } from "./page.ts";

const isReadable = Deno.permissions.querySync({ name: "read" }).state === "granted";
const page = isReadable ? Deno.readTextFileSync(`${ROOT}/docs/formats.md`) : "";

/** Words that stand for several workloads in the first column of a table. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  counters: ["g-counter", "pn-counter"],
  transactions: ["txn-rw-register", "txn-list-append"],
};

/** Code in the rows of a workload, in the table with this head. */
function codeFor(workload: string, head: string): string[] {
  const table = page.slice(page.indexOf(`| workload`, page.indexOf(head) - 40)).split("\n\n", 1)[0]!;
  const rows = table.split("\n").map((row) => row.split("|").slice(1));
  const isOf = (names: string) => names.trim().split(", ").flatMap((name) => GROUPS[name] ?? [name]).includes(workload);
  return rows.filter(([names]) => isOf(names!)).flatMap((cells) =>
    Array.from(cells.slice(1).join().matchAll(/`([^`]+)`/g), ([, code]) => code!)
  );
}

for (const [name, workload] of Object.entries(WORKLOADS)) {
  Deno.test({
    name: `docs/formats.md has each function and each figure of ${name}`,
    ignore: !isReadable,
    async fn() {
      const options = { concurrency: 2 };
      const { history } = await drive({ workload, node: CORRECT_NODES[name]!(), options, count: 200 });
      const functions = codeFor(name, "`f` ");
      assertEquals([...new Set(history.map(({ f }) => f))].filter((f) => !functions.includes(f)), []);
      const figures = Object.keys(workload.check(history, testOptions(options)));
      const known = ["valid", "anomalies", ...codeFor(name, "figures ")];
      assertEquals(figures.filter((figure) => !known.includes(figure)), []);
    },
  });
}

Deno.test({
  name: "docs/formats.md has each field of the results",
  ignore: !isReadable,
  fn() {
    const source = Deno.readTextFileSync(`${ROOT}/lib/workbench/run/results.ts`);
    const [, body] = /export interface Results \{\n([^]*?)\n\}/.exec(source)!;
    const fields = Array.from(body!.matchAll(/^ {2}(\w+)\??:/gm), ([, field]) => field!);
    assert(fields.length > 20);
    assertEquals(fields.filter((field) => !page.includes(`\n| \`${field}\` `)), []);
  },
});

Deno.test({
  name: "docs/formats.md shows what a run stores",
  ignore: !MAY_RUN_PAGES,
  fn: () => assertRunsAsPrinted("docs/formats.md"),
});
