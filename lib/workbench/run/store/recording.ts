/**
 * Recordings: what a run would store, kept in memory, so that two runs can be compared line by line.
 *
 * @module
 */

import { formatJSON, formatLine } from "../../base/json.ts";
import { clip } from "../../base/text.ts";
import type { Store } from "./store.ts";

/** A store that keeps lines. */
export interface Recording extends Store {
  /** The lines of each file, by its name. */
  readonly files: Readonly<Record<"history.jsonl" | "messages.jsonl" | "results.json", string[]>>;
}

/** Begins a recording. */
export function openRecording(): Recording {
  const files: Recording["files"] = { "history.jsonl": [], "messages.jsonl": [], "results.json": [] };
  return {
    files,
    path: "",
    nodeLog: (node) => node,
    message: (entry) => void files["messages.jsonl"].push(formatLine(entry)),
    history: (history) => void history.forEach((operation) => files["history.jsonl"].push(formatLine(operation))),
    results: (results) => void files["results.json"].push(...formatJSON(results, 2).split("\n")),
    problem: () => undefined,
    close() {},
  };
}

/**
 * Compares two runs.
 *
 * @returns Where they first differ, for a person; undefined if they are equal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareRecordings, openRecording } from "./recording.ts";
 *
 * const [a, b] = [openRecording(), openRecording()];
 * assertEquals(compareRecordings(a, b), undefined);
 * b.history([{ index: 0, time: 5, type: "invoke", process: 0, f: "read", value: null }]);
 * assertEquals(compareRecordings(a, b)?.split("\n").slice(0, 2), [
 *   "Two runs of the same seed differ, first in line 1 of history.jsonl",
 *   "  first:  there is none",
 * ]);
 * ```
 */
export function compareRecordings(a: Recording, b: Recording): string | undefined {
  for (const [name, lines] of Object.entries(a.files)) {
    const others = b.files[name as keyof Recording["files"]];
    const count = Math.max(lines.length, others.length);
    for (let i = 0; i < count; i++) {
      if (lines[i] !== others[i]) return differenceText(name, i + 1, lines[i], others[i]);
    }
  }
  return undefined;
}

function differenceText(name: string, line: number, first: string | undefined, second: string | undefined): string {
  const show = (text: string | undefined) => text === undefined ? "there is none" : clip(text.trim());
  return [
    `Two runs of the same seed differ, first in line ${line} of ${name}`,
    `  first:  ${show(first)}`,
    `  second: ${show(second)}`,
    "The program draws on something besides its node: time, chance, a file, a variable outside of the program; expected node.now(), " +
    "node.random(), node.after() and the like, and all state inside of the program",
  ].join("\n");
}

/** A store that gives everything to each of several; what it is given does not say where that is. */
export function everyStore(stores: readonly Store[]): Store {
  return {
    path: "",
    nodeLog: (node) => node,
    message: (entry) => stores.forEach((store) => store.message(entry)),
    history: (history) => stores.forEach((store) => store.history(history)),
    results: (results) => stores.forEach((store) => store.results({ ...results, store: null })),
    problem: () => stores.map((store) => store.problem()).find((problem) => problem !== undefined),
    close: () => stores.forEach((store) => store.close()),
  };
}
