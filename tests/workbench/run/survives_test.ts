import { assertEquals } from "@std/assert";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { FAULTS } from "../../../lib/workbench/run/nemesis/faults.ts";
import { isSurvived, SURVIVES } from "../../../lib/workbench/run/survives.ts";

const ids = CHALLENGES.map(({ id }) => id);
const faults = Object.keys(FAULTS);

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
    [{ valid: false, anomalies: [...silent, anomaly("not-converged")], exceptions: [] }, false],
    [{ valid: false, anomalies: [anomaly("unavailable")], exceptions: [] }, false],
    [{ valid: false, anomalies: silent, exceptions: [fatal] }, false],
    [{ valid: "unknown", anomalies: [], exceptions: [{ ...fatal, type: "checker-crashed" }] }, false],
    [{ valid: false, anomalies: [], exceptions: [] }, false],
  ];
  for (const [results, expected] of cases) assertEquals(isSurvived(results), expected, JSON.stringify(results));
});

Deno.test({
  name:
    "the table in docs/faults.md says yes to what is claimed, and to nothing else; if not: deno run bench/faults.ts",
  ignore: Deno.permissions.querySync({ name: "read" }).state !== "granted",
  async fn() {
    const docs = await Deno.readTextFile(new URL("../../../docs/faults.md", import.meta.url));
    const rows = docs.split("\n").filter((line) => /^\| (challenge|\d)/.test(line)).map((line) =>
      line.split("|").slice(1, -1).map((cell) => cell.trim())
    );
    const [, , ...columns] = rows[0]!;
    assertEquals(rows.slice(1).map(([id]) => id), ids);
    for (const [id, , ...cells] of rows.slice(1)) {
      columns.forEach((column, index) => {
        const together: Record<string, string[]> = {
          "all of the network": faults.slice(0, -2),
          "all but kill": faults.slice(0, -1),
          "all": faults,
        };
        const claimed = (together[column] ?? [column]).every((fault) => SURVIVES[id!]!.includes(fault));
        assertEquals(cells[index] === "yes", claimed, `${id}, ${column}: ${cells[index]}`);
      });
    }
  },
});
