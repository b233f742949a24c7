/** Histories recorded by the real Maelstrom, with its verdicts and figures, which our checkers must reproduce. */

import { assertEquals, assertGreater } from "@std/assert";
import { checkAvailability } from "../../lib/workbench/checkers/availability.ts";
import { checkStats } from "../../lib/workbench/checkers/stats.ts";
import { mergeValidity, type Verdict } from "../../lib/workbench/checkers/verdict.ts";
import { parseEDN } from "../../lib/workbench/history/edn.ts";
import { parseEDNHistory } from "../../lib/workbench/history/history.ts";
import type { Operation } from "../../lib/workbench/history/operation.ts";
import type { TestOptions } from "../../lib/workbench/workloads/workload.ts";

/** Folder of the histories, with a subfolder for each. */
export const HISTORIES = new URL("../testdata/histories/", import.meta.url);

/** True if the recorded histories can be read: `deno test` without permissions may not. */
export const CAN_READ = Deno.permissions.querySync({ name: "read", path: HISTORIES }).state === "granted";

/** A test run under Maelstrom. */
export interface Recorded {
  /** The name of its folder. */
  name: string;
  workload: string;
  history: Operation[];
  /** Maelstrom's `results.edn`. Its names are kept: `:ok-count` is `"ok-count"`. */
  results: MaelstromResults;
  /** Maelstrom's verdict over all its checkers. */
  verdict: boolean;
  /** Node ids, from `test-flags`. */
  nodes: string[];
  /** Number of clients, from `test-flags`. */
  concurrency: number;
  /** Option of the checkers, from `check-flags`. */
  availability: TestOptions["availability"];
  /** Option of the checkers, from `check-flags`. */
  consistencyModels: string[];
}

/**
 * Histories on which Elle's search timed out: then it reports the first cycle of any type, and Maelstrom does not show
 * the timeout. By name: the anomalies that Elle reports, and the stronger anomaly that is found here instead.
 */
export const TIMED_OUT: Record<string, { theirs: string[]; insteadOf: string }> = {
  "rw-notserializable": { theirs: ["G2-item-realtime"], insteadOf: "G-single-item-realtime" },
};

/** Parts of `results.edn` that every test has. */
export interface MaelstromResults {
  "valid?": boolean | "unknown";
  stats: StatsOf & { "by-f": Record<string, StatsOf> };
  availability: { "valid?": boolean; "ok-fraction": number };
  net: Record<"all" | "clients" | "servers", Record<"send-count" | "recv-count" | "msg-count" | "msgs-per-op", number>>;
  // deno-lint-ignore no-explicit-any
  workload: { "valid?": boolean | "unknown"; [field: string]: any };
}

interface StatsOf {
  "valid?": boolean;
  count: number;
  "ok-count": number;
  "fail-count": number;
  "info-count": number;
}

/** Lists the names of the recorded tests of some workloads, or of all. */
export function recordedNames(workloads?: readonly string[]): string[] {
  const folders = Array.from(Deno.readDirSync(HISTORIES)).filter(({ isDirectory }) => isDirectory);
  return folders.map(({ name }) => name).sort().filter((name) =>
    workloads === undefined || workloads.includes(flagsOf(name, "check-flags").w!)
  );
}

/** Loads one recorded test. */
export function loadRecorded(name: string): Recorded {
  const checkFlags = flagsOf(name, "check-flags");
  const testFlags = flagsOf(name, "test-flags");
  const nodeCount = Number(testFlags["node-count"]);
  const [times, perNode] = /^(\d+)(n?)$/.exec(testFlags.concurrency ?? "1n")!.slice(1);
  const { availability } = checkFlags;
  return {
    name,
    workload: checkFlags.w!,
    history: parseEDNHistory(read(name, "history.edn")),
    results: parseEDN(read(name, "results.edn"))[0] as MaelstromResults,
    verdict: JSON.parse(read(name, "verdict")),
    nodes: Array.from({ length: nodeCount }, (_, index) => `n${index}`),
    concurrency: Number(times) * (perNode === "n" ? nodeCount : 1),
    availability: availability === undefined || availability === "total" ? availability : Number(availability),
    consistencyModels: (checkFlags["consistency-models"] ?? "strict-serializable").split(","),
  };
}

/**
 * Declares a test with one step for each recorded history of some workloads. It is ignored if they cannot be read.
 *
 * @param workloads Maelstrom's names of workloads; all by default.
 */
export function testRecorded(
  name: string,
  workloads: readonly string[] | undefined,
  check: (recorded: Recorded) => void | Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !CAN_READ,
    async fn(t) {
      const names = recordedNames(workloads);
      assertGreater(names.length, 0);
      for (const each of names) await t.step(each, () => check(loadRecorded(each)));
    },
  });
}

/** Asserts that a workload's verdict equals Maelstrom's, and so does the verdict over all checkers. */
export function assertSameVerdict(recorded: Recorded, verdict: Verdict): void {
  const { history, availability, results } = recorded;
  assertEquals(verdict.valid, results.workload["valid?"]);
  const all = [verdict, checkStats(history, ["crash"]), checkAvailability(history, availability)];
  assertEquals(mergeValidity(all.map(({ valid }) => valid)), recorded.verdict);
}

function read(name: string, file: string): string {
  return Deno.readTextFileSync(new URL(`${name}/${file}`, HISTORIES));
}

/** Reads the flags in a file, by name without dashes. */
function flagsOf(name: string, file: string): Record<string, string> {
  const words = read(name, file).trim().split(/\s+/);
  const flags: Record<string, string> = {};
  for (let at = 0; at < words.length; at += 2) flags[words[at]!.replace(/^-+/, "")] = words[at + 1]!;
  return flags;
}
