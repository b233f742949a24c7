/** Runs to export: a simulated one with faults, and ones made of single messages. */

import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { type ExportedRun, prepareExport } from "../../../../lib/workbench/report/export/exported_run.ts";
import { formatEntry } from "../../../../lib/workbench/run/store/store.ts";
import { WORKLOADS } from "../../../../lib/workbench/workloads/mod.ts";
import broadcastWithoutRetry from "../../../wrong/broadcast_without_retry.ts";
import { filesOf } from "../../fake_files.ts";
import { runOptions } from "../../run/stand_in.ts";
import { GOOD_RUN } from "../good_run.ts";
import { storedRunOf } from "../simulated_report.ts";

/** Options of a test of a program that loses values in partitions. */
export const FAULTY = runOptions({
  workload: WORKLOADS.broadcast!,
  nodes: ["n0", "n1", "n2"],
  concurrency: 3,
  timeLimitSeconds: 5,
  rate: 20,
  latency: { mean: 50, distribution: "exponential" },
  nemesis: ["partition", "duplicate", "kill"],
  seed: "1",
});

/** Simulates a run with partitions, duplicates and killed nodes. */
export async function faultyRun(): Promise<ExportedRun> {
  const { run, machine } = await storedRunOf(FAULTY, broadcastWithoutRetry as Parameters<typeof storedRunOf>[1]);
  return await prepareExport(run, true, machine);
}

/** Send or receive: message, kind, time in ms. */
export type Line = [id: number, kind: "send" | "recv", time: number, src: string, dest: string, body?: object];

/** Creates a run on n0 and n1 from the lines of its messages. */
export async function runOf(lines: readonly Line[], history: readonly Operation[] = []): Promise<ExportedRun> {
  const text = lines.map(([id, type, time, src, dest, body = { type: "gossip" }], at) =>
    formatEntry({ id: at, time: time * 1e6, type, message: { id, src, dest, body: body as { type: string } } })
      // The store numbers messages.
      .replace(`"message":{"src"`, `"message":{"id":${id},"src"`)
  ).join("\n");
  const results = {
    ...GOOD_RUN,
    judged_by: { nodes: ["n0", "n1"], concurrency: 1, availability: null, consistency_models: [] },
  };
  return await prepareExport({ folder: "run", results, history }, true, filesOf({ "run/messages.jsonl": text }));
}

/** A history of one operation of process 0, in ms. */
export function operation(value: unknown, start = 0, end = 1): Operation[] {
  const entry = { process: 0, f: "echo", value };
  return [
    { index: 0, time: start * 1e6, type: "invoke", ...entry },
    { index: 1, time: end * 1e6, type: "ok", ...entry },
  ];
}

/** Texts that break what is not escaped: markup, JSON, lines, controls, half of a character. */
export const HOSTILE = `</script><img src=x onerror=alert(1)> " ' & ]]> \\ \n\r\u2028\u0000\u001b[2J \ud800 {"n0":1}`;

/** Joins the pieces of an export. */
export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(pieces)).join("");
}
