/**
 * Files of one run. A full disk costs files, never the verdict: no function here throws, and a file that cannot be
 * written is left as it is.
 *
 * The files of a run have a limit on their size. There are two kinds:
 *
 * - Growing files are written during the test: messages, and the logs of nodes. A node can fill a disk with them, so
 *   together they get {@linkcode GROWING_SHARE} of the limit. Then all of them end.
 * - Whole files are written after the test: the history and the results. They are removed if they are not complete,
 *   because `check` would misread a part of them.
 *
 * Besides these, `progress.json` is replaced again and again; it is short, and nothing depends on it.
 *
 * @module
 */

import { reasonOf } from "../../base/errors.ts";
import { formatSize } from "../../base/size.ts";
import { whileWriting } from "../../base/watchdog.ts";

/** Part of a file of the system that this module uses. */
export interface WritableFile {
  writeSync(bytes: Uint8Array): number;
  close(): void;
}

/** Disk with the files of runs. A test can use another one than the real one. */
export interface Disk {
  /** Opens a file, which is made if it does not exist. */
  open(path: string, mode: "append" | "truncate"): WritableFile;
  remove(path: string): void;
  /** Gives a file another name, in the place of the file that has it. */
  rename(path: string, to: string): void;
}

/** Options for {@linkcode openRunFiles}. */
export interface RunFilesOptions {
  /** Limit on the size of all files together, in bytes. By default there is none. */
  maxBytes?: number;
  /** By default the real one. */
  disk?: Disk;
}

/** File that grows during the test. */
export interface GrowingFile {
  readonly path: string;
  /** False as soon as anything that was written to it is lost. */
  readonly isWhole: boolean;
  /** Appends bytes, unless the file has ended. */
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Problem with the files of a run. */
export interface StoreProblem {
  /** Description for a person: the reason, and the files that are not complete. */
  message: string;
  /** True if the files that `check` needs are whole. */
  isStored: boolean;
}

/** Files of one run, all in one folder. */
export interface RunFiles {
  /** Opens a growing file; what it contains stays. */
  openGrowing(name: string): GrowingFile;
  /**
   * Writes a whole file.
   *
   * @param texts Its parts.
   * @param isLimited False if the limit on the size does not apply.
   */
  writeWhole(name: string, texts: Iterable<string>, isLimited?: boolean): void;
  /**
   * Writes a short file in one step, in the place of an earlier one. The run does without it if that fails.
   *
   * @param text Its content; undefined removes the file.
   */
  replace(name: string, text: string | undefined): void;
  /** Returns what is wrong; undefined if all files are whole. */
  problem(): StoreProblem | undefined;
}

/** Share of the limit that growing files get together. The rest is for the history. */
const GROWING_SHARE = 0.75;

/** Files that `check` needs. */
const NEEDED = ["history.jsonl", "results.json"];

/** Size of the buffer for lines, in characters. */
const BUFFER = 1 << 16;

/** State of the files of a run. */
interface State {
  readonly folder: string;
  readonly maxBytes: number;
  readonly disk: Disk;
  /** Bytes written so far. */
  written: number;
  /** True once a growing file would have exceeded its share. It stays true: no growing file has a gap. */
  isFull: boolean;
  /** Names of the growing files that end at the limit. */
  readonly cut: Set<string>;
  /** Names of the whole files that would have exceeded the limit. */
  readonly omitted: Set<string>;
  /** Names of the files that could not be written. */
  readonly failed: Set<string>;
  /** Reason of the first failure. */
  reason?: string;
}

/**
 * Opens the files of a run.
 *
 * @param folder Their folder.
 */
export function openRunFiles(folder: string, options: RunFilesOptions = {}): RunFiles {
  const { maxBytes = Infinity, disk = REAL_DISK } = options;
  const sets = { cut: new Set<string>(), omitted: new Set<string>(), failed: new Set<string>() };
  const state: State = { folder, maxBytes, disk, ...sets, written: 0, isFull: false };
  return {
    openGrowing: (name) => openGrowing(state, name),
    writeWhole: (name, texts, isLimited = true) => writeWhole(state, name, texts, isLimited),
    replace: (name, text) => replace(state, name, text),
    problem: () => problemOf(state),
  };
}

const REAL_DISK: Disk = {
  open: (path, mode) => Deno.openSync(path, { write: true, create: true, [mode]: true }),
  remove: (path) => Deno.removeSync(path),
  rename: (path, to) => Deno.renameSync(path, to),
};

/** Calls a function; if it throws, records the failure of a file and returns undefined. */
function attempt<T>(state: State, name: string, write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    state.reason ??= reasonOf(error as Error);
    state.failed.add(name);
    return undefined;
  }
}

function openGrowing(state: State, name: string): GrowingFile {
  const path = `${state.folder}/${name}`;
  let file = attempt(state, name, () => state.disk.open(path, "append"));
  let isWhole = file !== undefined;
  function close(): void {
    const closed = file;
    file = undefined;
    if (closed !== undefined) attempt(state, name, () => closed.close());
  }
  return {
    path,
    get isWhole() {
      return isWhole;
    },
    write(bytes) {
      if (file === undefined) return;
      state.isFull ||= state.written + bytes.length > state.maxBytes * GROWING_SHARE;
      if (state.isFull) state.cut.add(name);
      if (!state.isFull && writeAll(state, name, file, bytes)) return;
      isWhole = false;
      close();
    },
    close,
  };
}

/** Writes all bytes; returns false if that fails. */
function writeAll(state: State, name: string, file: WritableFile, bytes: Uint8Array): boolean {
  let rest = bytes;
  const isWritten = attempt(state, name, () => {
    while (rest.length > 0) rest = rest.subarray(whileWriting(() => file.writeSync(rest)));
    return true;
  });
  state.written += bytes.length - rest.length;
  return isWritten ?? false;
}

function writeWhole(state: State, name: string, texts: Iterable<string>, isLimited: boolean): void {
  const path = `${state.folder}/${name}`;
  const file = attempt(state, name, () => state.disk.open(path, "truncate"));
  if (file === undefined) return;
  let isWhole = true;
  const writer = createTextWriter({
    write(bytes) {
      const isCut = isLimited && state.written + bytes.length > state.maxBytes;
      if (isCut) state.omitted.add(name);
      isWhole &&= !isCut && writeAll(state, name, file, bytes);
    },
    close: () => file.close(),
  });
  attempt(state, name, () => {
    for (const text of texts) {
      writer.write(text);
      if (!isWhole) break;
    }
  });
  attempt(state, name, writer.close);
  if (!isWhole || state.failed.has(name)) attempt(state, name, () => state.disk.remove(path));
}

function replace({ folder, disk }: State, name: string, text: string | undefined): void {
  const path = `${folder}/${name}`;
  const incoming = `${path}.incoming`;
  try {
    if (text === undefined) return disk.remove(path);
    writeText(disk, incoming, text);
    disk.rename(incoming, path);
  } catch {
    removeIfPossible(disk, incoming);
  }
}

function writeText(disk: Disk, path: string, text: string): void {
  const file = disk.open(path, "truncate");
  try {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
  } finally {
    file.close();
  }
}

function removeIfPossible(disk: Disk, path: string): void {
  try {
    disk.remove(path);
  } catch {
    // It is not there, or the disk does not let go of it.
  }
}

function problemOf({ folder, maxBytes, cut, omitted, failed, reason }: State): StoreProblem | undefined {
  const isStored = NEEDED.every((name) => !omitted.has(name) && !failed.has(name));
  if (reason !== undefined) {
    const names = [...failed, ...cut, ...omitted].join(", ");
    const message = `Cannot store all of the run in ${folder}: ${reason}; missing or incomplete: ${names}. ` +
      "The verdict does not depend on them";
    return { message, isStored };
  }
  const consequences = [
    ...cut.size === 0 ? [] : [`${[...cut].join(", ")} end${cut.size === 1 ? "s" : ""} there`],
    ...omitted.size === 0 ? [] : [`${[...omitted].join(", ")} ${omitted.size === 1 ? "is" : "are"} not stored`],
  ];
  if (consequences.length === 0) return undefined;
  const message = `The files in ${folder} have reached the limit of ${formatSize(maxBytes)} (--max-store): ` +
    `${consequences.join("; ")}. All operations and messages are counted and judged`;
  return { message, isStored };
}

/** Writer of texts that are collected, and written together as bytes. */
export interface TextWriter {
  write(text: string): void;
  flush(): void;
  /** Flushes, and closes the file. */
  close(): void;
}

/** Creates a writer. It splits no text: each write to the file ends with one. */
export function createTextWriter({ write, close }: Pick<GrowingFile, "write" | "close">): TextWriter {
  const encoder = new TextEncoder();
  let buffer = "";
  function flush(): void {
    const text = buffer;
    buffer = "";
    if (text !== "") write(encoder.encode(text));
  }
  return {
    write(text) {
      buffer += text;
      if (buffer.length > BUFFER) flush();
    },
    flush,
    close() {
      flush();
      close();
    },
  };
}
