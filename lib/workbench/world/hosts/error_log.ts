/**
 * Errors in a node's log: finds the entries of a log, in any language, that look like an error.
 *
 * 1. A line that names an error opens an entry.
 * 2. Indented lines after it, such as the places of a stack, belong to it.
 * 3. Any other line closes it.
 *
 * @module
 */

import type { TestException } from "../../base/test_exception.ts";
import { withOwnFrames } from "../../base/stack_frames.ts";
import { clip } from "../../base/text.ts";

/** Collects the entries of one log. */
export interface ErrorLog {
  /** Adds a line, without colours. */
  take(line: string): void;
  /** Reports the entry that is open. */
  flush(): void;
  /** Forgets the entry that is open: another report contains it. */
  drop(): void;
}

/** Words of lines that open an entry. */
const ERROR = /\b(?:[A-Z]\w*(?:Error|Exception)|error|exception|fatal|panic(?:ked)?|traceback)\b/i;
/** Entries of the runtime's log that are none. */
const OTHER_LEVEL = /^\d{4}-\d\d-\d\dT\S+Z (?:debug|info|warn) /;
/** Most lines of an entry. */
const MAX_LINES = 40;

/** Creates the collector of a log. `report` gets each entry, as lines. */
export function createErrorLog(report: (entry: readonly string[]) => void): ErrorLog {
  let entry: string[] | undefined;
  function flush(): void {
    if (entry !== undefined) report(entry);
    entry = undefined;
  }
  return {
    take(line) {
      const isPart = entry !== undefined &&
        (/^\s/.test(line) || /^traceback\b/i.test(entry.at(0)!) && !entry.some(isEnd));
      if (isPart) {
        if (entry!.length < MAX_LINES) entry!.push(line);
        return;
      }
      flush();
      if (ERROR.test(line) && !OTHER_LEVEL.test(line)) entry = [line];
    },
    flush,
    drop() {
      entry = undefined;
    },
  };
}

/** True for the last line of a traceback of Python, which names the error. */
function isEnd(line: string, index: number): boolean {
  return index > 0 && !/^\s/.test(line);
}

/** Number of lines of an entry that are reported. */
const SHOWN_LINES = 8;

/** Describes an error that a node has logged. The test continues. */
export function loggedError(node: string, entry: readonly string[]): TestException {
  const [first = "", ...more] = withOwnFrames(entry, false).map((line) => clip(line));
  const shown = more.length < SHOWN_LINES ? more : [...more.slice(0, 1), "…", ...more.slice(-SHOWN_LINES + 3)];
  const text = first.replace(/^\d{4}-\d\d-\d\dT\S+Z error /, "");
  // The runtime's entry on a handler that has thrown; the error comes first here.
  const [, request, thrown] = /^Cannot handle (\{.*\}): (.*)$/.exec(text) ?? [];
  const lines = request === undefined ? [text, ...shown] : [thrown, ...shown, `  when it handled ${request}`];
  return { type: "logged-error", node, message: `Node ${node} logged: ${lines.join("\n")}`, count: 1 };
}
