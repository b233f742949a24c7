/**
 * Stores besides the one on disk: one that keeps its lines in memory, to compare two runs, and one that passes
 * everything on to several others.
 *
 * @module
 */

import { formatExactJSON, formatJSON } from "../../base/json.ts";
import { clip } from "../../base/text.ts";
import { formatEntry, type Store } from "./store.ts";

/** Store that keeps the lines of its files in memory. */
export interface MemoryStore extends Store {
  /** Lines of each file, by the file's name. */
  readonly files: Readonly<Record<"history.jsonl" | "messages.jsonl" | "results.json", string[]>>;
}

/** Creates an empty store in memory. */
export function createMemoryStore(): MemoryStore {
  const files: MemoryStore["files"] = { "history.jsonl": [], "messages.jsonl": [], "results.json": [] };
  return {
    files,
    path: "",
    message(entry) {
      files["messages.jsonl"].push(formatEntry(entry));
    },
    history(history) {
      for (const operation of history) files["history.jsonl"].push(formatJSON(operation));
    },
    results(results) {
      files["results.json"].push(...formatExactJSON(results, 2).split("\n"));
    },
    problem: () => undefined,
    close() {},
  };
}

/**
 * Compares two runs of the same seed line by line.
 *
 * @returns Message that shows the first difference, or undefined if the runs are equal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareStores, createMemoryStore } from "./memory_store.ts";
 *
 * const [a, b] = [createMemoryStore(), createMemoryStore()];
 * assertEquals(compareStores(a, b), undefined);
 * b.history([{ index: 0, time: 5, type: "invoke", process: 0, f: "read", value: null }]);
 * assertEquals(compareStores(a, b)?.split("\n").slice(0, 2), [
 *   "Two runs of the same seed differ, first in line 1 of history.jsonl",
 *   "  first:  there is none",
 * ]);
 * ```
 */
export function compareStores(a: MemoryStore, b: MemoryStore): string | undefined {
  for (const [name, lines] of Object.entries(a.files)) {
    const others = b.files[name as keyof MemoryStore["files"]];
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
    "The program depends on something besides its node: the clock, randomness, a file, a variable outside of the " +
    "program; expected node.now(), node.random(), node.after() and the like, and all state inside of the program",
  ].join("\n");
}

/** Creates a store that passes everything on to several others. Its results do not name a folder. */
export function combineStores(stores: readonly Store[]): Store {
  return {
    path: "",
    message(entry) {
      for (const store of stores) store.message(entry);
    },
    history(history) {
      for (const store of stores) store.history(history);
    },
    results(results) {
      for (const store of stores) store.results({ ...results, store: null });
    },
    problem: () => stores.map((store) => store.problem()).find((problem) => problem !== undefined),
    close() {
      for (const store of stores) store.close();
    },
  };
}
