/**
 * Data of a run's report: everything that `report.html` shows, computed once and embedded in the page.
 *
 * Large tables are columns: arrays of equal length, one entry for each row. Repeated texts are numbers of entries in a
 * list. Times are whole microseconds since the test began. So an official run compresses to a few megabytes.
 *
 * 1. `operations.ts` and `faults.ts` read the history, `messages.ts` reads `messages.jsonl`, `logs.ts` the logs.
 * 2. `link_operations.ts` finds the operation of each message between client and node.
 * 3. `create_report.ts` puts them together, and `html.ts` makes the page. The page's own code is in `report/page/`.
 *
 * @module
 */

import type { Results } from "../../run/results.ts";

/** Everything that a report shows. */
export interface ReportData {
  /** Name of the test, such as `3e broadcast`. */
  title: string;
  results: Results;
  /** Names of the nodes. */
  nodes: string[];
  /** End of the run: time of its last event. */
  end: number;
  operations: OperationColumns;
  faults: FaultBand[];
  /** Null if the run has no `messages.jsonl`. */
  messages: MessageColumns | null;
  logs: LogColumns[];
  /** Names of the run's files, relative to the report. */
  files: string[];
  /** Pictures that show anomalies. */
  evidence: AnomalyPicture[];
  /** Data that was left out to keep the page small, in words. */
  omitted: string[];
}

/** Operations of clients, in the order of their invocations. */
export interface OperationColumns {
  /** Names of the functions. */
  functions: string[];
  /** Index of the invocation in the history. */
  index: number[];
  /** Index of the completion in the history; -1 if the operation was open at the end. */
  completion: number[];
  process: number[];
  /** Worker that performed it: a process that ends as `info` is replaced by one of the same worker. */
  worker: number[];
  /** Position in `functions`. */
  f: number[];
  /** Position in {@linkcode OUTCOMES}. */
  outcome: number[];
  start: number[];
  /** Time from start to completion; -1 if it was open at the end. */
  duration: number[];
  /** Argument, as JSON. */
  argument: string[];
  /** Result and error, as JSON; empty if it is the argument again. */
  result: string[];
}

/** Outcomes of operations. An open one was neither completed nor given up at the end. */
export const OUTCOMES = ["ok", "info", "fail", "open"] as const;

/** Period of one fault. */
export interface FaultBand {
  /** Name as for `--nemesis`. */
  name: string;
  start: number;
  end: number;
  /** Nodes that it hits; empty if unknown. */
  nodes: string[];
  /** Description of its kind and strength. */
  text: string;
}

/** Messages, in the order in which they were sent. */
export interface MessageColumns {
  /** Names of everything that sends or receives: nodes, services, clients. */
  names: string[];
  /** Types of bodies. */
  types: string[];
  /** Id of a message in `messages.jsonl`. */
  id: number[];
  /** Microseconds since the message before was sent. */
  sent: number[];
  /** Microseconds from send to receipt; -1 if it never arrived. */
  delay: number[];
  /** Position of the source in `names`. */
  src: number[];
  /** Position of the destination in `names`. */
  dest: number[];
  /** Position in `types`. */
  type: number[];
  /** Distance to the request that it answers, in rows; 0 if it is no answer. */
  reply: number[];
  /** Position of its operation in {@linkcode OperationColumns}; -1 if it belongs to none. */
  operation: number[];
  /** Body as JSON; shortened if it is long, and missing beyond a limit. */
  body: string[];
  /** Characters of the whole body. */
  size: number[];
  /** Further arrivals of messages: `[row, delay]`. */
  copies: [number, number][];
}

/** Log of a node. */
export interface LogColumns {
  node: string;
  /** Time of each line; -1 if the line has none. */
  time: number[];
  text: string[];
}

/** Picture that shows an anomaly: marks over time. */
export interface AnomalyPicture {
  /** Type of the anomaly. */
  anomaly: string;
  /** Sentence that says what is shown. */
  title: string;
  /** Labels of the lanes, from the top; empty if the marks have a value instead. */
  lanes: string[];
  marks: Mark[];
  /** Lines of values, as `[time, value]`: they change at that time. */
  lines: { label: string; points: [time: number, value: number][] }[];
}

/** One operation in a picture. */
export interface Mark {
  /** Row of the operation. */
  row: number;
  /** Time of the mark, or the beginning of a bar. */
  time: number;
  /** End of a bar; a point has none. */
  end?: number;
  /** Position of the lane, or the value. */
  y: number;
  kind: MarkKind;
  /** Short text inside or beside it. */
  text?: string;
}

/** Meaning of a mark. */
export type MarkKind =
  | "present"
  | "absent"
  | "write"
  | "read"
  | "wrong"
  | "order"
  | "other"
  | typeof OUTCOMES[number];
