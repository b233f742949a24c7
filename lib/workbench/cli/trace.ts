/**
 * `trace`: shows what led to an operation, a message or a value of a stored run, and what it led to.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { formatExactJSON } from "../base/json.ts";
import type { Machine } from "../engines/machine.ts";
import { screenOf } from "../report/screen.ts";
import { readStoredRun } from "../report/stored/stored_run.ts";
import { formatTrace } from "../report/trace/format.ts";
import { limitTrace } from "../report/trace/limit.ts";
import { readTrace, type TraceSubject } from "../report/trace/trace.ts";
import { parseArguments } from "../request/arguments.ts";
import type { Flag, ValuesOf } from "../request/flag.ts";
import { workloadOf } from "../request/infer_workload.ts";
import type { Command } from "./command.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/** Largest number of entries in each list, unless `--limit` says otherwise. */
const LIMIT = 30;

/** The flags of `trace`. */
export const TRACE_FLAGS = [
  {
    name: "operation",
    kind: "integer",
    placeholder: "INDEX",
    least: 0,
    help: "The operation with this index in the history",
    origin: "workbench",
  },
  {
    name: "message",
    kind: "integer",
    placeholder: "ID",
    least: 0,
    help: "The message with this id in messages.jsonl",
    origin: "workbench",
  },
  {
    name: "value",
    kind: "text",
    placeholder: "VALUE",
    help: "All operations and messages that carry this value: JSON, or a text",
    origin: "workbench",
  },
  {
    name: "key",
    kind: "text",
    placeholder: "KEY",
    help: "With --value: of this key alone, where values have keys: kafka, lin-kv and txn",
    origin: "workbench",
  },
  {
    name: "limit",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: `Number of entries in each list, at most; ${LIMIT} by default, and all with --json`,
    origin: "workbench",
  },
  { name: "json", kind: "switch", help: "Print the trace as one JSON document", origin: "workbench" },
] as const satisfies readonly Flag[];

/** The command, as the table of commands has it. */
export const TRACE: Command = {
  name: "trace",
  usage: "RUN",
  takes: "folder",
  help: "Show what led to an operation of a stored run, and what it led to: trace RUN --operation INDEX",
  notes: [
    "RUN is the folder of a run, such as store/latest. Give one of --operation, --message and --value. The same as a " +
    "click in report.html shows; docs/trace.md explains how links are inferred.",
  ],
  flags: TRACE_FLAGS,
  run: trace,
};

/**
 * Shows the trace of an operation, a message or a value.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad, or there is no such subject.
 * @throws {FailedError} A file of the run cannot be read.
 */
export async function trace(words: readonly string[], machine: Machine): Promise<number> {
  const { given, program } = parseArguments(words, TRACE_FLAGS);
  const [path, second] = program;
  if (path === undefined) throw new UsageError("Missing RUN: expected trace RUN, the folder of a run");
  if (second !== undefined) throw new UsageError(`Cannot trace in ${path} and ${second}: expected one run`);
  const subject = subjectOf(given);
  const { folder, history, flags, results } = await readStoredRun(path, machine);
  if (folder === null) {
    throw new UsageError(`Cannot trace in ${path}: it is a history alone; expected the folder of a run`);
  }
  const workload = workloadOf(history, flags.get("workload")?.[0]).name;
  const traced = await readTrace({ folder, history, workload, results }, subject, machine);
  const limit = given.limit ?? (given.json ? Infinity : LIMIT);
  const text = given.json
    ? formatExactJSON(limitTrace(traced, limit), 2)
    : formatTrace(traced, { screen: screenOf(machine), limit });
  machine.stdout(`${text}\n`);
  return EXIT_STATUS.passed;
}

/** Flags that name the subject. */
const SUBJECTS = ["operation", "message", "value"] as const;

function subjectOf(given: ValuesOf<typeof TRACE_FLAGS>): TraceSubject {
  const named = SUBJECTS.filter((name) => given[name] !== undefined).map((name) => `--${name}`);
  if (named.length === 0) {
    throw new UsageError("Missing what to trace: expected one of --operation INDEX, --message ID, --value VALUE");
  }
  if (named.length > 1) throw new UsageError(`Cannot use ${named.join(" with ")}: expected one of them`);
  if (given.key !== undefined && given.value === undefined) {
    throw new UsageError(`Cannot use --key with ${named[0]}: expected --value VALUE --key KEY`);
  }
  if (given.operation !== undefined) return { kind: "operation", index: given.operation };
  if (given.message !== undefined) return { kind: "message", id: given.message };
  return { kind: "value", text: given.value!, ...given.key === undefined ? {} : { key: given.key } };
}
