/**
 * Reports on a process: why a node ended, or what it is doing while it does not answer.
 *
 * @module
 */

import { formatJSON } from "../../../base/json.ts";
import { withOwnFrames } from "../../../base/stack_frames.ts";
import { clip, counted } from "../../../base/text.ts";
import type { Message } from "../../../../protocol.ts";
import type { Diagnosis } from "../node_host.ts";
import type { NodeLog, ProcessOutput } from "./output.ts";

/** Observations that a report is made from. */
export interface Observed {
  stdout: ProcessOutput;
  stderr: ProcessOutput;
  log: Pick<NodeLog, "path" | "isWhole">;
  /** The last message to the node; undefined if there was none. */
  lastMessage: Message | undefined;
}

/** Number of lines of stderr, and of stdout, in a report. */
const STDERR_LINES = 12;
const STDOUT_LINES = 2;
/** Longest part of a message in a report, in characters. */
const SHOWN = 240;

/** Lines on a process that has ended or is broken, the ones with the cause first. */
export function reportLines(observed: Observed): string[] {
  const { stdout, lastMessage } = observed;
  return [
    ...stderrLines(observed),
    ...lastMessage === undefined ? [] : ["The last message to it:", `  ${clip(formatJSON(lastMessage), SHOWN)}`],
    ...section("stdout", stdout, STDOUT_LINES),
  ];
}

/** Lines on what a process has written to stderr, and where all of it is. */
function stderrLines({ stderr, log: { path, isWhole } }: Pick<Observed, "stderr" | "log">): string[] {
  const lines = section("stderr", stderr, STDERR_LINES);
  const hasMore = stderr.lineCount() > STDERR_LINES;
  if (isWhole) return hasMore ? [...lines, `All ${stderr.lineCount()} lines are in ${path}`] : lines;
  return [...lines, `Some of its stderr is missing from ${path}`];
}

function section(name: string, output: ProcessOutput, count: number): string[] {
  const lines = withOwnFrames(output.lastLines(Infinity)).slice(-count);
  if (lines.length === 0) return [`It wrote nothing to ${name}`];
  return [
    `Its last ${lines.length === 1 ? "line" : "lines"} on ${name}:`,
    ...lines.map((line) => `  ${clip(line, SHOWN)}`),
  ];
}

/**
 * Diagnoses a process that does not answer.
 *
 * @param asked Type of the requests without an answer.
 * @param askUsage Asks for the usage of its process group; undefined if that is not known here.
 */
export async function diagnoseProcess(
  observed: Observed,
  asked: string,
  askUsage: () => Promise<Usage | undefined>,
): Promise<Diagnosis> {
  return { ...await diagnoseOutput(observed, asked, askUsage), log: stderrLines(observed) };
}

/**
 * Diagnoses a process that does not answer, by its stdout.
 *
 * @param asked Type of the requests without an answer.
 * @param askUsage Asks for the usage of its process group; undefined if that is not known here.
 */
export async function diagnoseOutput(
  observed: Pick<Observed, "stdout" | "lastMessage">,
  asked: string,
  askUsage: () => Promise<Usage | undefined>,
): Promise<Omit<Diagnosis, "log">> {
  const { stdout } = observed;
  const unfinished = unfinishedLine(stdout);
  if (unfinished !== undefined) {
    const activity = [`  ${clip(stdout.unfinished(), SHOWN)}`];
    return { cause: `it ${unfinished}`, activity, advice: END_LINES };
  }
  const usage = await askUsage();
  const activity = [...usage === undefined ? [] : [describeUsage(usage)], ...section("stdout", stdout, STDOUT_LINES)];
  // A node is asked once for its init, so this is its answer. Of other types there may be several requests.
  if (asked === "init" && hasAnsweredLast(observed)) return { activity, advice: LATE };
  if (usage?.isComputing) return { activity, advice: LOOP };
  return { activity, advice: stdout.lineCount() === 0 ? FLUSH : RETURN };
}

/** True if the last lines on stdout contain the reply to the last message. */
function hasAnsweredLast({ stdout, lastMessage }: Pick<Observed, "stdout" | "lastMessage">): boolean {
  const id = lastMessage?.body.msg_id;
  return id !== undefined &&
    stdout.lastLines(Infinity).some((line) => new RegExp(`"in_reply_to":\\s*${id}\\b`).test(line));
}

const LATE = "It has answered since: is its start slow, or the machine busy?";
const LOOP = "Look for a loop without end";
const END_LINES = "Write a line feed after each message, and flush it";
const FLUSH = "If it has printed an answer: is stdout flushed after each message? docs/protocol.md says how";
const RETURN = "Does each way through the program print a reply, or its handler return one?";

/** Time after which the rest of a line is not expected any more, ms. */
const QUIET = 500;

/** Describes a line without its end: `wrote 66 bytes to stdout and no end of line`; undefined if there is none. */
export function unfinishedLine(stdout: ProcessOutput): string | undefined {
  const text = stdout.unfinished();
  // The rest of a long line may be on its way.
  if (text === "" || stdout.quietFor() < QUIET) return undefined;
  return `wrote ${counted(new TextEncoder().encode(text).length, "byte")} to stdout and no end of line`;
}

/** Usage of the CPU by the processes of a group. */
export interface Usage {
  isComputing: boolean;
  /** Sum of all, in whole seconds: 0 for less than one. */
  cpuSeconds: number;
}

function describeUsage({ isComputing, cpuSeconds }: Usage): string {
  const used = `it has used ${cpuSeconds === 0 ? "less than 1" : cpuSeconds} s of CPU since its start`;
  return isComputing ? `Its process is computing: ${used}` : `Its process is waiting: ${used}`;
}

/** Asks `ps` about a process group; undefined if that does not work here. */
export async function groupUsage(group: number): Promise<Usage | undefined> {
  try {
    const args = ["-A", "-o", "pgid=", "-o", "stat=", "-o", "time="];
    const { stdout } = await new Deno.Command("ps", { args, stdin: "null", stderr: "null" }).output();
    return parseUsage(new TextDecoder().decode(stdout), group);
  } catch {
    return undefined;
  }
}

/**
 * Reads the usage of a process group from lines with group, state and time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseUsage } from "./diagnosis.ts";
 *
 * assertEquals(parseUsage(" 7 Ss 00:00:01\n 7 R+ 00:01:05\n 8 S 1:00.50\n", 7), { isComputing: true, cpuSeconds: 66 });
 * assertEquals(parseUsage("", 7), undefined);
 * ```
 */
export function parseUsage(text: string, group: number): Usage | undefined {
  const processes = Array.from(text.matchAll(/^\s*(\d+)\s+(\S+)\s+(\S+)\s*$/gm)).filter(([, id]) =>
    Number(id) === group
  );
  if (processes.length === 0) return undefined;
  return {
    isComputing: processes.some(([, , state]) => state!.startsWith("R")),
    cpuSeconds: Math.floor(processes.reduce((sum, [, , , time]) => sum + secondsOf(time!), 0)),
  };
}

/** Reads a time as `ps` writes it: `[[days-]hours:]minutes:seconds`. */
function secondsOf(time: string): number {
  const [days, rest] = time.includes("-") ? time.split("-") as [string, string] : ["0", time];
  return rest.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}
