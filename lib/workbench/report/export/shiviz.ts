/**
 * A run as a log for ShiViz, which draws the communication between hosts from vector clocks.
 *
 * Each node, service and client is a host. Its events are sends, receives, and the begin and end of operations. A clock
 * counts a host's events; a receive takes over the clock of the send. So the order of the clocks is that of the
 * messages: happens-before.
 *
 * The file is in the form that ShiViz opens: the regular expression of an event, an empty line (there is one
 * execution), and two lines for each event.
 *
 * @module
 */

import { clip } from "../../base/text.ts";
import { indexer } from "../html/operations.ts";
import { OUTCOMES } from "../html/report_data.ts";
import { firstAtLeast } from "../page/run_data.js";
import type { ExportedRun } from "./exported_run.ts";
import type { MessageEvent } from "./message_stream.ts";

/** Regular expression of an event, as ShiViz reads it. */
export const SHIVIZ_EVENT = String.raw`(?<host>\S+) (?<clock>{.*})\n(?<ms>\S+) ms: (?<event>.*)`;

/** Largest number of sends and receives. ShiViz draws some thousand events without effort. */
export const MOST_LOGGED = 10_000;

/** Longest body of a message, in characters. */
const LONGEST_BODY = 200;

/** Host that says that the log is not whole. */
const NOTE_HOST = "maelstrom";

/** State of a log that is being written. */
interface State {
  readonly run: ExportedRun;
  readonly hosts: ReturnType<typeof indexer>;
  /** Clock of each host, by position; its own count is at least 1 once it has an event. */
  readonly clocks: number[][];
  /** Clocks of messages under way, and the number of arrivals to come. */
  readonly underWay: Map<number, { clock: number[]; arrivals: number }>;
  /** Rows of the operations of each worker, with the times at which they begin. */
  readonly perWorker: ReadonlyMap<number, { rows: number[]; starts: number[] }>;
  /** Operation that each client is about. */
  readonly current: Map<string, number>;
}

/** Writes the log of a run, piece by piece. */
export async function* shivizLog(run: ExportedRun): AsyncGenerator<string> {
  const { worker, start } = run.operations;
  const perWorker = Map.groupBy(worker.keys(), (row) => worker[row]!);
  const state: State = {
    run,
    hosts: indexer(),
    clocks: [],
    underWay: new Map(),
    current: new Map(),
    perWorker: new Map(
      Array.from(perWorker, ([each, rows]) => [each, { rows, starts: rows.map((row) => start[row]!) }]),
    ),
  };
  yield `${SHIVIZ_EVENT}\n\n`;
  const { survey } = run.messages!;
  let [events, time] = [0, 0];
  for await (const event of run.messages!.events()) {
    if (events === MOST_LOGGED) break;
    events++;
    time = event.time;
    yield* messageLines(state, event);
  }
  for (const [client, row] of state.current) yield* endLines(state, client, row, time);
  if (survey.events > events) {
    const text = `the first ${events} of ${survey.events} sends and receives are here; messages.jsonl has all`;
    yield eventLines(state, NOTE_HOST, time, text);
  }
}

function* messageLines(state: State, { kind, time, message }: MessageEvent): Generator<string> {
  const { id, from, to, type, body } = message;
  if (kind === "send") {
    yield* operationLines(state, from, time);
    yield eventLines(state, from, time, `send ${type} to ${to}: ${clip(body, LONGEST_BODY)}`);
    const arrivals = state.run.messages!.survey.arrivals(id);
    if (arrivals > 0) state.underWay.set(id, { clock: [...state.clocks[state.hosts.positionOf(from)]!], arrivals });
    return;
  }
  const known = state.underWay.get(id);
  if (known === undefined) return;
  if (--known.arrivals === 0) state.underWay.delete(id);
  yield eventLines(state, to, time, `receive ${type} from ${from}`, known.clock);
}

/** Lines for the operation that a client begins with a request, and for the end of the one before it. */
function* operationLines(state: State, client: string, time: number): Generator<string> {
  const worker = state.run.messages!.survey.workers.get(client);
  if (worker === undefined) return;
  const { start, functions, f, argument, index } = state.run.operations;
  const { rows = [], starts = [] } = state.perWorker.get(worker) ?? {};
  const row = rows[firstAtLeast(starts, time + 1) - 1];
  const before = state.current.get(client);
  if (row === undefined || row === before) return;
  if (before !== undefined) yield* endLines(state, client, before, time);
  state.current.set(client, row);
  const text = `begin ${functions[f[row]!]} ${clip(argument[row]!, LONGEST_BODY)} (operation ${index[row]})`;
  yield eventLines(state, client, start[row]!, text);
}

/** Lines for the end of an operation, if it has ended by then. */
function* endLines(state: State, client: string, row: number, time: number): Generator<string> {
  const { start, duration, functions, f, outcome, result, index } = state.run.operations;
  const end = start[row]! + duration[row]!;
  if (duration[row]! < 0 || end > time) return;
  const words = [functions[f[row]!]!, OUTCOMES[outcome[row]!]!, clip(result[row]!, LONGEST_BODY)];
  const text = `end ${words.filter((word) => word !== "").join(" ")} (operation ${index[row]})`;
  yield eventLines(state, client, end, text);
}

/** The two lines of an event. They move the host's clock on. */
function eventLines(state: State, host: string, time: number, text: string, received: readonly number[] = []): string {
  const { hosts, clocks } = state;
  const own = hosts.positionOf(host);
  const clock = clocks[own] ??= [];
  for (const [at, count] of received.entries()) if ((clock[at] ?? 0) < (count ?? 0)) clock[at] = count;
  clock[own] = (clock[own] ?? 0) + 1;
  const counts = Object.fromEntries(
    Array.from(clock, (count = 0, at): [string, number] => [hostName(hosts.list[at]!), count])
      .filter(([, count]) => count > 0),
  );
  const line = `${(time / 1000).toFixed(3)} ms: ${oneLine(text)}`;
  return `${hostName(host)} ${JSON.stringify(counts)}\n${line}\n`;
}

/** Name of a host, which ShiViz splits at a blank. */
function hostName(name: string): string {
  return name.replaceAll(/\s/g, "_") || "_";
}

/** Puts a text on one line, as regular expressions of JavaScript understand it, and makes it whole Unicode. */
function oneLine(text: string): string {
  return text.replaceAll(/[\n\r\u2028\u2029]/g, " ").toWellFormed();
}
