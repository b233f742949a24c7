/**
 * The store: keeps one run on disk. This folder writes files; `report/stored/stored_run.ts` reads them.
 *
 * A run's folder is `store/<workload>/<time>/`, with `results.json`, `history.jsonl`, `messages.jsonl` and
 * `node-logs/`; `store/latest` is a link to the newest. `history.edn` and `results.edn` are the same in Jepsen's form,
 * for its tools and Elle's (`results_edn.ts`). `run_files.ts` writes these files, up to a limit and whatever
 * the disk does; `memory_store.ts` keeps the same lines in memory.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Message } from "../../../protocol.ts";
import { messageOf } from "../../base/errors.ts";
import { formatExactJSON, formatJSON, formatOnce } from "../../base/json.ts";
import { formatEDNOperation } from "../../history/edn_writer.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../results.ts";
import { PROGRESS } from "./progress_file.ts";
import { formatEDNResults } from "./results_edn.ts";
import type { StoredProgress } from "./stored_progress.ts";
import {
  createTextWriter,
  type Disk,
  type GrowingFile,
  openRunFiles,
  type RunFiles,
  type RunFilesOptions,
  type StoreProblem,
} from "./run_files.ts";
import { ignoreSizeSignal } from "./size_signal.ts";
import { withTimes } from "./timed_log.ts";

/** Entry of `messages.jsonl`. */
export interface StoredMessage {
  id: number;
  time: number;
  type: string;
  /** Participant that has sent the message, if the message names another source. */
  sender?: string;
  message: Message;
}

/** Files of one run. No method throws: the test continues without its store. */
export interface Store {
  /** Path of the run's folder, relative to the user's working directory; empty if it is not on disk. */
  readonly path: string;
  /** Adds a line to `messages.jsonl`. Lines are buffered. */
  message(entry: StoredMessage): void;
  /** Writes `history.jsonl` and `history.edn`. */
  history(history: readonly Operation[]): void;
  /** Writes `results.json` and `results.edn`. */
  results(results: Results): void;
  /**
   * Writes buffered lines.
   *
   * @returns What could not be stored, if anything.
   */
  problem(): StoreProblem | undefined;
  /** Writes buffered lines and closes the files. */
  close(): void;
}

/** Store on disk, which also has the nodes' logs. */
export interface DiskStore extends Store {
  /** Error for which the run's folder cannot be made. Nothing is stored then, and {@linkcode problem} says so. */
  readonly error?: Error;
  /**
   * Opens a node's log to append to it.
   *
   * @param now Returns milliseconds since the test began. With it, the times of lines are stored beside the log.
   */
  openNodeLog(node: string, now?: () => number): GrowingFile;
  /** Writes `progress.json`, which is removed when the store is closed. */
  progress(progress: StoredProgress): void;
}

/** Options for {@linkcode openStore}. */
export interface StoreOptions extends RunFilesOptions {
  /**
   * True if no message changes after the store has got it, as with nodes that are processes. Lines are then formatted
   * while the nodes work, and not before they get their messages. `@default false`
   */
  isLazy?: boolean;
}

/**
 * Opens the store of a new run: makes its folder and the link `latest`.
 *
 * @param root Folder of all runs, such as `"store"`; made if it does not exist.
 * @param workload Name of the workload.
 * @param now Time of the run.
 */
export function openStore(root: string, workload: string, now: Date, options: StoreOptions = {}): DiskStore {
  const time = now.toISOString().replace(/[-:]|\..*/g, "");
  const { path, error } = makeRunFolder(`${root}/${workload}`, time);
  const files = openRunFiles(path, error === undefined ? options : { ...options, disk: brokenDisk(error) });
  const linkProblem = error === undefined ? link(`${root}/latest`, path.slice(root.length + 1)) : undefined;
  const stopIgnoring = ignoreSizeSignal();
  const messages = openMessages(files, options.isLazy ?? false);
  let hasProgress = false;
  return {
    path,
    error,
    openNodeLog(node, now) {
      const log = files.openGrowing(`node-logs/${node}.log`);
      return now === undefined ? log : withTimes(log, files.openGrowing(`node-logs/${node}.times`), now);
    },
    message: messages.add,
    history(history) {
      files.writeWhole("history.jsonl", linesOf(history, formatJSON));
      files.writeWhole("history.edn", linesOf(history, formatEDNOperation));
    },
    results(results) {
      files.writeWhole("results.json", once(() => `${formatExactJSON(results, 2)}\n`), false);
      files.writeWhole("results.edn", once(() => formatEDNResults(results)), false);
    },
    progress(progress) {
      hasProgress = true;
      files.replace(PROGRESS, `${JSON.stringify(progress)}\n`);
    },
    problem() {
      messages.flush();
      return files.problem() ?? linkProblem;
    },
    close() {
      messages.close();
      if (hasProgress) files.replace(PROGRESS, undefined);
      stopIgnoring();
    },
  };
}

/** Opens `messages.jsonl`. */
function openMessages(
  files: RunFiles,
  isLazy: boolean,
): { add(entry: StoredMessage): void; flush(): void; close(): void } {
  const file = files.openGrowing("messages.jsonl");
  const lines = createTextWriter(file);
  /** Entries that are not formatted yet, in order. */
  let waiting: StoredMessage[] = [];
  function format(): void {
    const entries = waiting;
    waiting = [];
    for (const entry of entries) if (file.isWhole) lines.write(`${formatEntry(entry)}\n`);
  }
  return {
    add(entry) {
      if (waiting.push(entry) > 1) return;
      if (isLazy) setImmediate(format);
      else format();
    },
    flush() {
      format();
      lines.flush();
    },
    close() {
      format();
      lines.close();
    },
  };
}

/** Formats a line of `messages.jsonl`. No text can be longer than 512 MB, and so no line with such a message. */
export function formatEntry(entry: StoredMessage): string {
  const { id, time, type, sender, message } = entry;
  const by = sender === undefined ? "" : `"sender":${JSON.stringify(sender)},`;
  try {
    return `{"id":${id},"time":${time},"type":"${type}",${by}"message":${formatOnce(message)}}`;
  } catch (error) {
    const { src, dest } = message;
    return formatJSON({ ...entry, message: { src, dest, problem: messageOf(error) } });
  }
}

function* linesOf(history: readonly Operation[], format: (operation: Operation) => string): Iterable<string> {
  for (const operation of history) yield `${format(operation)}\n`;
}

/** Formats a text when it is written: a failure of that is then a failed write. */
function* once(format: () => string): Iterable<string> {
  yield format();
}

/** Makes a folder named after the time; runs that begin in the same second get `-2`, `-3` and so on. */
function makeRunFolder(parent: string, time: string): { path: string; error?: Error } {
  let path = `${parent}/${time}`;
  try {
    for (let number = 2; !makeFolder(parent, path); number++) path = `${parent}/${time}-${number}`;
    Deno.mkdirSync(`${path}/node-logs`);
    return { path };
  } catch (error) {
    return { path, error: error as Error };
  }
}

/** Makes a folder in another, which is made if it does not exist; returns false if the folder exists. */
function makeFolder(parent: string, path: string): boolean {
  Deno.mkdirSync(parent, { recursive: true });
  try {
    Deno.mkdirSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Another process has just removed the parent, because it was empty.
    if (error instanceof Deno.errors.NotFound) return makeFolder(parent, path);
    throw error;
  }
}

/** Disk for a folder that could not be made. */
function brokenDisk(error: Error): Disk {
  return {
    open() {
      throw error;
    },
    remove() {},
    rename() {},
  };
}

/**
 * Sets a symbolic link. If links cannot be made, or another run makes one at the same time, the run does without: the
 * link is a convenience only.
 *
 * @returns Problem, if something else than a link has its place and would be taken for the newest run.
 */
function link(path: string, target: string): StoreProblem | undefined {
  const temporary = `${path}-${target.replaceAll("/", "-")}`;
  try {
    Deno.symlinkSync(target, temporary, { type: "dir" });
    Deno.renameSync(temporary, path);
  } catch {
    removeIfThere(temporary);
    if (!isNoLink(path)) return undefined;
    return { message: `Cannot set the link ${path} to ${target}: ${path} is no link`, isStored: true };
  }
  return undefined;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It is not there.
  }
}

function isNoLink(path: string): boolean {
  try {
    return !Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}
