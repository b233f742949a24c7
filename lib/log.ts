/**
 * A node's log, and the text of what was thrown.
 *
 * @module
 */

import type { Host, LogLevel } from "./host.ts";
import { showJSON } from "./json.ts";

/** A node's log. If the node is a process, entries go to stderr. */
export interface Log {
  /** Logs a detail. A process writes these only with `--debug`. */
  debug(text: string): void;
  /** Logs normal operation. */
  info(text: string): void;
  /** Logs a possible problem. */
  warn(text: string): void;
  /** Logs a problem. */
  error(text: string): void;
}

/** Creates the log of a node on `host`. */
export function createLog(host: Host): Log {
  const at = (level: LogLevel) => (text: string) => host.log(level, text);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Describes what was thrown, with the stack if there is one. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? String(thrown) : `${textOf(thrown)} was thrown`;
}

/** Describes what was thrown in one line: an error's name and message, an object as JSON. */
export function textOf(thrown: unknown): string {
  if (typeof thrown === "object" && !(thrown instanceof Error)) return showJSON(thrown);
  try {
    return String(thrown);
  } catch {
    // An error may throw when it is converted to text.
    return "something that cannot be shown";
  }
}
