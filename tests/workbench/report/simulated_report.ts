/** Reports of simulated runs, whose files are in memory. */

import { parseHistory } from "../../../lib/workbench/history/history.ts";
import type { RunOptions } from "../../../lib/workbench/run/run.ts";
import { createMemoryStore } from "../../../lib/workbench/run/store/memory_store.ts";
import { createReportData } from "../../../lib/workbench/report/html/create_report.ts";
import type { ReportData } from "../../../lib/workbench/report/html/report_data.ts";
import type { RecordedRun } from "../../../lib/workbench/report/html/run_events.ts";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import { filesOf } from "../fake_files.ts";

/** Simulates a test, and creates the data of its report from what was stored. */
export async function reportOf(
  options: RunOptions,
  program: Parameters<typeof runVirtualTest>[1],
): Promise<ReportData> {
  const { run, machine } = await storedRunOf(options, program);
  return await createReportData(run, machine);
}

/** Run whose files are in memory, in the folder `run`. */
export interface RunInMemory {
  run: RecordedRun;
  machine: ReturnType<typeof filesOf>;
}

/** Simulates a test, and keeps its files in memory. */
export async function storedRunOf(
  options: RunOptions,
  program: Parameters<typeof runVirtualTest>[1],
): Promise<RunInMemory> {
  const store = createMemoryStore();
  const logs = new Map<string, string>(options.nodes.map((node) => [node, ""]));
  const results = await runVirtualTest(options, program, {
    store,
    nodeLog: (node, entry) => void logs.set(node, `${logs.get(node)}${entry}\n`),
  });
  const texts = Object.entries(store.files).map(([name, lines]) => [`run/${name}`, lines.join("\n")]);
  const nodeLogs = Array.from(logs, ([node, text]) => [`run/node-logs/${node}.log`, text]);
  const history = parseHistory(store.files["history.jsonl"].join("\n"));
  return {
    run: { folder: "run", results, history },
    machine: filesOf(Object.fromEntries([...texts, ...nodeLogs])),
  };
}
