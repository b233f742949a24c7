/**
 * A run in the Trace Event Format, which Perfetto's UI (ui.perfetto.dev) and Chrome's tracing open.
 *
 * - Processes of the trace: faults, workers, rates, and one for each node and service.
 * - Operations are slices on the worker's track. Sends and receives are short slices on the track of the participant,
 *   with a flow (an arrow) from send to receive. Faults are slices, also at the nodes that they hit. Rates are
 *   counters.
 *
 * Slices of one track must not overlap, and an arrow must not point back in time, or Perfetto leaves them out. But many
 * messages can be sent at one instant. So each takes one microsecond, after the one before it; its exact time is in its
 * arguments.
 *
 * Source: the format's definition (Trace Event Format), and Perfetto's documentation of what it reads.
 *
 * @module
 */

import { clip } from "../../base/text.ts";
import { type OperationColumns, OUTCOMES } from "../html/report_data.ts";
import { binLength, rates } from "../page/series.js";
import type { ExportedRun } from "./exported_run.ts";
import type { MessageEvent } from "./message_stream.ts";

/** Longest body of a message, in characters. */
const LONGEST_BODY = 400;

/** Number of events that are written at once. */
const BATCH = 500;

/** Row of slices: a thread of the trace. */
interface Track {
  pid: number;
  tid: number;
  /** End of its last slice, microseconds. Slices of a track do not overlap. */
  end: number;
}

/** State of a trace that is being written. */
interface State {
  readonly run: ExportedRun;
  /** Events that are not yet written, as JSON. */
  readonly out: string[];
  /** Processes and tracks by their names. */
  readonly processes: Map<string, number>;
  readonly tracks: Map<string, Track>;
  /** Microsecond in which the slice of each send begins, while its message is under way. */
  readonly sent: Map<number, { start: number; arrivals: number }>;
  /** Messages counted in the present bin: between nodes and services, and with clients. */
  readonly counted: { bin: number; servers: number; clients: number };
  /** Length of a bin of the counters, microseconds. */
  readonly binLength: number;
}

/** Writes the trace of a run, piece by piece. */
export async function* perfettoTrace(run: ExportedRun): AsyncGenerator<string> {
  const state: State = {
    run,
    out: [],
    processes: new Map(),
    tracks: new Map(),
    sent: new Map(),
    counted: { bin: 0, servers: 0, clients: 0 },
    binLength: binLength(run.end),
  };
  const about = { test: run.title, seed: run.seed, times: "since the test began" };
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[\n`;
  for (const name of ["faults", "workers", "rates", ...run.nodes]) processOf(state, name);
  writeFaults(state);
  let isFirst = true;
  const pieces = function* (least: number) {
    if (state.out.length < least) return;
    yield (isFirst ? "" : ",\n") + state.out.join(",\n");
    isFirst = false;
    state.out.length = 0;
  };
  for (const _ of writeOperations(state)) yield* pieces(BATCH);
  writeRates(state);
  yield* pieces(1);
  for await (const event of run.messages?.events() ?? []) {
    writeMessage(state, event);
    yield* pieces(BATCH);
  }
  if (run.messages !== null) writeCounted(state);
  yield* pieces(1);
  yield "\n]}\n";
}

/** Returns the id of a process of the trace, which is added if it is new: the order of the UI is that of addition. */
function processOf({ processes, out }: State, name: string): number {
  const known = processes.get(name);
  if (known !== undefined) return known;
  const pid = processes.size + 1;
  processes.set(name, pid);
  out.push(JSON.stringify({ ph: "M", name: "process_name", pid, args: { name } }));
  out.push(JSON.stringify({ ph: "M", name: "process_sort_index", pid, args: { sort_index: pid } }));
  return pid;
}

/** Returns a track, which is added if it is new. */
function trackOf(state: State, process: string, name: string): Track {
  const key = JSON.stringify([process, name]);
  const known = state.tracks.get(key);
  if (known !== undefined) return known;
  // Ids of threads differ from those of processes: a thread with the process's id is its main one.
  const track: Track = { pid: processOf(state, process), tid: 1_000_000 + state.tracks.size, end: 0 };
  state.tracks.set(key, track);
  const { pid, tid } = track;
  state.out.push(JSON.stringify({ ph: "M", name: "thread_name", pid, tid, args: { name } }));
  state.out.push(JSON.stringify({ ph: "M", name: "thread_sort_index", pid, tid, args: { sort_index: tid } }));
  return track;
}

/** Slice of a track, microseconds. */
interface Slice {
  name: string;
  cat: string;
  start: number;
  duration: number;
  args: object;
}

/** Adds a slice after those that are there, and returns the microsecond in which it begins. */
function addSlice({ out }: State, track: Track, { name, cat, start, duration, args }: Slice): number {
  const ts = Math.max(start, track.end);
  const dur = Math.max(1, start + duration - ts);
  track.end = ts + dur;
  out.push(JSON.stringify({ ph: "X", name, cat, ts, dur, pid: track.pid, tid: track.tid, args }));
  return ts;
}

function writeFaults(state: State): void {
  for (const { name, start, end, nodes, text } of state.run.faults) {
    const slice = { name, cat: "fault", start, duration: end - start, args: { kind: text, nodes: nodes.join(" ") } };
    addSlice(state, trackOf(state, "faults", name), slice);
    for (const node of nodes) addSlice(state, trackOf(state, node, name), slice);
  }
}

/** Writes the operations, and yields after each: a run may have more than fit into memory as JSON. */
function* writeOperations(state: State): Generator<void> {
  const { operations, end } = state.run;
  const { index, start, duration, worker, outcome } = operations;
  const workers = [...new Set(worker)].sort((a, b) => a - b);
  for (const each of workers) trackOf(state, "workers", `worker ${each}`);
  for (const row of index.keys()) {
    const track = trackOf(state, "workers", `worker ${worker[row]}`);
    const length = OUTCOMES[outcome[row]!] === "open" ? Math.max(0, end - start[row]!) : duration[row]!;
    addSlice(state, track, { ...operationSlice(operations, row), start: start[row]!, duration: length });
    yield;
  }
}

/** Name, category and arguments of an operation's slice. */
function operationSlice(operations: OperationColumns, row: number): Pick<Slice, "name" | "cat" | "args"> {
  const { functions, f, outcome, index, process, argument, result, start } = operations;
  const state = OUTCOMES[outcome[row]!]!;
  return {
    name: state === "ok" ? functions[f[row]!]! : `${functions[f[row]!]} (${state})`,
    cat: "operation",
    args: {
      operation: index[row],
      process: process[row],
      outcome: state,
      time_ms: start[row]! / 1000,
      argument: argument[row],
      ...result[row] === "" ? {} : { result: result[row] },
    },
  };
}

/** Writes how many operations ended in each second, by function and outcome. */
function writeRates(state: State): void {
  const { run: { operations, end }, binLength } = state;
  const { times, curves } = rates(operations, end, binLength);
  for (const { f, outcome, perSecond } of curves) {
    const name = `operations a second: ${operations.functions[f]} ${OUTCOMES[outcome]}`;
    for (const [at, value] of perSecond.entries()) {
      addCounter(state, name, Math.round(times[at]! - binLength / 2), { rate: value });
    }
  }
}

function addCounter(state: State, name: string, ts: number, args: Record<string, number>): void {
  state.out.push(JSON.stringify({ ph: "C", name, ts, pid: processOf(state, "rates"), args }));
}

function writeMessage(state: State, event: MessageEvent): void {
  if (event.kind === "send") writeSend(state, event);
  else writeReceive(state, event);
}

function writeSend(state: State, { time, message: { id, from, to, type, body } }: MessageEvent): void {
  count(state, time, isClient(from) || isClient(to));
  const track = messageTrack(state, from);
  const arrivals = state.run.messages!.survey.arrivals(id);
  const ts = addSlice(state, track, {
    name: arrivals === 0 ? `send ${type} (lost)` : `send ${type}`,
    cat: "message",
    start: time,
    duration: 1,
    args: { to, message: id, time_ms: time / 1000, body: clip(body, LONGEST_BODY) },
  });
  if (arrivals === 0) return;
  state.sent.set(id, { start: ts, arrivals });
  addFlow(state, "s", id, ts, track);
}

function writeReceive(state: State, { time, message: { id, from, to, type, sent } }: MessageEvent): void {
  const known = state.sent.get(id);
  if (known === undefined) return;
  const track = messageTrack(state, to);
  const ts = addSlice(state, track, {
    name: `receive ${type}`,
    cat: "message",
    start: Math.max(time, known.start),
    duration: 1,
    args: { from, message: id, time_ms: time / 1000, took_ms: (time - sent) / 1000 },
  });
  addFlow(state, --known.arrivals === 0 ? "f" : "t", id, ts, track);
  if (known.arrivals === 0) state.sent.delete(id);
}

/** Adds a point of a message's arrow: its start, a step (an arrival before the last one) or its end. */
function addFlow({ out }: State, ph: "s" | "t" | "f", id: number, ts: number, { pid, tid }: Track): void {
  // It belongs to the slice that begins there.
  const binding = ph === "f" ? { bp: "e" } : {};
  out.push(JSON.stringify({ ph, name: "message", cat: "message", id, ts, pid, tid, ...binding }));
}

/** Track with the messages of a participant. All clients of a worker have one together. */
function messageTrack(state: State, name: string): Track {
  if (!isClient(name)) return trackOf(state, name, "messages");
  const worker = state.run.messages!.survey.workers.get(name);
  return trackOf(state, "workers", worker === undefined ? "setup, messages" : `worker ${worker}, messages`);
}

function isClient(name: string): boolean {
  return /^c\d+$/.test(name);
}

function count(state: State, time: number, isWithClient: boolean): void {
  const { counted, binLength } = state;
  const bin = Math.floor(time / binLength);
  if (bin > counted.bin) {
    writeCounted(state);
    counted.bin = bin;
    counted.servers = counted.clients = 0;
  }
  if (isWithClient) counted.clients++;
  else counted.servers++;
}

function writeCounted(state: State): void {
  const { counted: { bin, servers, clients }, binLength } = state;
  const perSecond = (count: number) => count * 1e6 / binLength;
  addCounter(state, "messages a second: between servers", bin * binLength, { rate: perSecond(servers) });
  addCounter(state, "messages a second: with clients", bin * binLength, { rate: perSecond(clients) });
}
