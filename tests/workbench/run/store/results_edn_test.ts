import { assertEquals, assertStringIncludes } from "@std/assert";
import { maelstromResults } from "../../../../lib/workbench/engines/maelstrom_results.ts";
import { parseEDN } from "../../../../lib/workbench/history/edn.ts";
import { formatEDNResults } from "../../../../lib/workbench/run/store/results_edn.ts";
import { GOOD_RUN } from "../../report/good_run.ts";

const RUN = { challenge: null, workload: "broadcast", limits: [], store: null };

Deno.test("results in Jepsen's form have the same figures when they are read back", () => {
  const read = maelstromResults(formatEDNResults(GOOD_RUN), RUN);
  assertEquals(read.valid, true);
  assertEquals(read.operations, GOOD_RUN.operations);
  assertEquals(read.availability, GOOD_RUN.availability);
  assertEquals(read.net, GOOD_RUN.net);
  assertEquals(read.result.stable_latencies, GOOD_RUN.result.stable_latencies);
  assertEquals([read.anomalies, read.exceptions], [[], []]);
});

Deno.test("anomalies have their types as keywords, as in Elle", () => {
  const anomalies = [
    { type: "G1a", count: 2, explanation: "An aborted read" },
    { type: "never-succeeded", count: 1, explanation: "Not one read succeeded" },
  ];
  const by_f = { txn: { count: 3, ok: 0, fail: 3, info: 0 } };
  const operations = { count: 3, ok: 0, fail: 3, info: 0, by_f };
  const text = formatEDNResults({ ...GOOD_RUN, valid: false, operations, anomalies, result: { valid: "unknown" } });
  assertStringIncludes(text, ":anomaly-types [:G1a :never-succeeded]");
  assertStringIncludes(text, ":stats {:valid? false, ");
  const read = maelstromResults(text, { ...RUN, workload: "txn-list-append" });
  assertEquals([read.valid, read.result.valid], [false, "unknown"]);
  assertEquals(read.anomalies.map(({ type }) => type), ["G1a", "never-succeeded", "never-succeeded"]);
  const [parsed] = parseEDN(text) as [Record<string, Record<string, unknown>>];
  assertEquals(parsed.workload!["anomaly-types"], ["G1a", "never-succeeded"]);
});
