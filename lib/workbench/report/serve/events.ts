/**
 * Server-sent events: the rows of all runs at first, and then what changes, once a second while a page listens.
 *
 * @module
 */

import type { Machine } from "../../engines/machine.ts";
import type { RunList } from "./run_list.ts";
import type { RunChange, RunRow } from "./run_row.ts";

/** Time between two looks at the store, ms. */
const INTERVAL = 1000;

/** Number of looks after which a sign of life is sent: it shows if a page is gone. */
const SILENT_LOOKS = 15;

/** Number of events that wait for a page. One that does not read them has to begin anew. */
const MOST_WAITING = 60;

/** Streams of events. */
export interface RunStreams {
  /** Opens the stream of a page. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Ends all streams. */
  close(): void;
}

type Listener = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** State of the streams. */
interface State {
  readonly listeners: Set<Listener>;
  /** Rows as the listeners know them, by their paths. */
  rows: Map<string, RunRow>;
  /** Looks since the last event. */
  silent: number;
}

const encoder = new TextEncoder();

/** Creates the streams of a list of runs. */
export function createRunStreams(list: RunList, { every }: Pick<Machine, "every">): RunStreams {
  const state: State = { listeners: new Set(), rows: new Map(), silent: 0 };
  let stop = () => {};
  const remove = (listener: Listener) => {
    state.listeners.delete(listener);
    if (state.listeners.size === 0) stop();
  };
  const tell = (text: string, to: Iterable<Listener> = [...state.listeners]) => {
    const bytes = encoder.encode(text);
    for (const listener of to) {
      if (listener.desiredSize! > -MOST_WAITING) listener.enqueue(bytes);
      else {
        remove(listener);
        listener.close();
      }
    }
  };
  return {
    open() {
      let own: Listener;
      return new ReadableStream({
        start(listener) {
          own = listener;
          const change = look(state, list);
          if (change !== undefined) tell(eventOf(change));
          if (state.listeners.size === 0) stop = every(INTERVAL, () => tellChange(state, list, tell));
          state.listeners.add(listener);
          tell(eventOf({ all: true, rows: [...state.rows.values()], removed: [] }), [listener]);
        },
        cancel: () => remove(own),
      });
    },
    close() {
      stop();
      for (const listener of state.listeners) listener.close();
      state.listeners.clear();
    },
  };
}

function tellChange(state: State, list: RunList, tell: (text: string) => void): void {
  const change = look(state, list);
  state.silent = change === undefined ? state.silent + 1 : 0;
  if (change !== undefined) tell(eventOf(change));
  else if (state.silent % SILENT_LOOKS === 0) tell(": alive\n\n");
}

/** Reads the list; returns what differs from the last time, or undefined. */
function look(state: State, list: RunList): RunChange | undefined {
  const before = state.rows;
  state.rows = new Map(list.read().map((row) => [row.path, row]));
  const rows = [...state.rows.values()].filter((row) => !isSame(row, before.get(row.path)));
  const removed = [...before.keys()].filter((path) => !state.rows.has(path));
  return rows.length + removed.length === 0 ? undefined : { all: false, rows, removed };
}

function isSame(row: RunRow, before: RunRow | undefined): boolean {
  return row === before || before !== undefined && JSON.stringify(row) === JSON.stringify(before);
}

function eventOf(change: RunChange): string {
  return `data: ${JSON.stringify(change)}\n\n`;
}
