import { assertEquals } from "@std/assert";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { FAULTS } from "../../../lib/workbench/run/nemesis/faults.ts";
import { isSurvived, SURVIVES } from "../../../lib/workbench/run/survives.ts";

const ids = CHALLENGES.map(({ id }) => id);
/** Faults that every program can meet: it need not know of members. */
const faults = Object.keys(FAULTS).filter((fault) => fault !== "membership");

Deno.test("each challenge claims to survive some faults, listed in their order", () => {
  assertEquals(Object.keys(SURVIVES).sort(), ids.toSorted());
  for (const claimed of Object.values(SURVIVES)) {
    assertEquals(claimed, faults.filter((fault) => claimed.includes(fault)));
  }
});

Deno.test("a run is survived if it is valid, or if it only shows that nothing happened", () => {
  const anomaly = (type: string, allowed?: boolean) => ({ type, count: 1, explanation: "", ...allowed && { allowed } });
  const fatal = { type: "node-crashed", message: "", count: 1, fatal: true };
  const silent = [anomaly("never-succeeded"), anomaly("empty-transaction-graph")];
  const cases: [Parameters<typeof isSurvived>[0], boolean][] = [
    [{ valid: true, anomalies: [], exceptions: [] }, true],
    [{ valid: true, anomalies: [anomaly("G0", true)], exceptions: [] }, true],
    [{ valid: false, anomalies: silent, exceptions: [] }, true],
    [{ valid: false, anomalies: [...silent, anomaly("G0", true)], exceptions: [] }, true],
    [{ valid: "unknown", anomalies: [], exceptions: [] }, true],
    [{ valid: "unknown", anomalies: [anomaly("no-final-read")], exceptions: [] }, true],
    [{ valid: false, anomalies: [...silent, anomaly("not-converged")], exceptions: [] }, false],
    [{ valid: false, anomalies: [anomaly("unavailable")], exceptions: [] }, false],
    [{ valid: false, anomalies: silent, exceptions: [fatal] }, false],
    [{ valid: "unknown", anomalies: [], exceptions: [{ ...fatal, type: "checker-crashed" }] }, false],
    [{ valid: false, anomalies: [], exceptions: [] }, false],
  ];
  for (const [results, expected] of cases) assertEquals(isSurvived(results), expected, JSON.stringify(results));
});

/** Cells of the tables whose first column is `challenge`, by table and row. */
function challengeTables(markdown: string): string[][][] {
  const tables = [...markdown.matchAll(/^\| challenge .*\n(?:\|.*\n)+/gm)].map(([table]) => table.trimEnd());
  const cells = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  return tables.map((table) => table.split("\n").filter((line) => !line.startsWith("| ---")).map(cells));
}

Deno.test({
  name:
    "the tables in docs/faults.md say yes to what is claimed, and to nothing else; if not: deno run bench/faults.ts",
  ignore: Deno.permissions.querySync({ name: "read" }).state !== "granted",
  async fn() {
    const columns: Record<string, string[]> = {
      ...Object.fromEntries(faults.map((fault) => [fault, [fault]])),
      "all of the network": faults.slice(0, -2),
      "all but kill": faults.slice(0, -1),
      "all": faults,
    };
    const seen: string[] = [];
    const docs = await Deno.readTextFile(new URL("../../../docs/faults.md", import.meta.url));
    for (const [[, , ...header], ...rows] of challengeTables(docs) as [string[], ...string[][]][]) {
      seen.push(...header);
      assertEquals(rows.map(([id]) => id), ids);
      for (const [id, , ...cells] of rows) {
        header.forEach((column, index) => {
          const claimed = columns[column]!.every((fault) => SURVIVES[id!]!.includes(fault));
          assertEquals(cells[index] === "yes", claimed, `${id}, ${column}: ${cells[index]}`);
        });
      }
    }
    assertEquals(seen.sort(), Object.keys(columns).sort());
  },
});
