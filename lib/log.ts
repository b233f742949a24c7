/**
 * A node's log, and how errors are told in it.
 *
 * @module
 */

import type { Host, LogLevel } from "./host.ts";

/** Writes to the node's log: stderr, where the node is a process. */
export interface Log {
  /** Details, which a process writes only with `--debug`. */
  debug(text: string): void;
  /** What is good to know. */
  info(text: string): void;
  /** What looks wrong. */
  warn(text: string): void;
  /** What is wrong. */
  error(text: string): void;
}

/** The log of a node on `host`. */
export function createLog(host: Host): Log {
  const at = (level: LogLevel) => (text: string) => host.log(level, text);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What was thrown, with the stack where there is one. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? String(thrown) : `${textOf(thrown)} was thrown`;
}

/** What was thrown, in few words: an error's name and message, an object's fields. */
export function textOf(thrown: unknown): string {
  try {
    return typeof thrown !== "object" || thrown instanceof Error ? String(thrown) : JSON.stringify(thrown);
  } catch {
    // Not even that can be relied on.
    return "something that cannot be shown";
  }
}
