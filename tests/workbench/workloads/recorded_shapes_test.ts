import { assertEquals } from "@std/assert";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { CAN_READ, loadRecorded, recordedNames } from "../recorded.ts";
import { CORRECT_NODES } from "./correct_nodes.ts";
import { drive } from "./drive.ts";

/** Returns the shapes of the values in a history, by type and function. */
function shapes(history: readonly Operation[]): string[] {
  const found = new Set<string>();
  for (const { process, type, f, value } of history) {
    if (process === "nemesis" || (type !== "invoke" && type !== "ok")) continue;
    for (const leaf of leaves(value)) found.add(`${type} ${f} ${leaf}`);
  }
  return [...found].sort();
}

function leaves(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => leaves(element).map((leaf) => `[]${leaf}`));
  if (typeof value !== "object" || value === null) return [value === null ? "null" : typeof value];
  return Object.values(value).flatMap((element) => leaves(element).map((leaf) => `{}${leaf}`));
}

for (const [name, workload] of Object.entries(WORKLOADS)) {
  // Ids may be of any type; Maelstrom does not have the last two.
  if (["unique-ids", "lock", "lin-kv-only"].includes(name)) continue;
  Deno.test({
    name: `${name}: values have the shapes of the recorded histories of Maelstrom`,
    ignore: !CAN_READ,
    async fn() {
      const recorded = recordedNames([name]).flatMap((folder) => loadRecorded(folder).history);
      const { history } = await drive({
        workload,
        node: CORRECT_NODES[name]!(),
        options: { concurrency: 2 },
        count: 600,
      });
      assertEquals(shapes(history), shapes(recorded));
    },
  });
}
