/**
 * The machine as the command line and the search see it: terminal, files, environment, signals, engines.
 *
 * Commands use nothing else of the outside world, so a test can run them on a fake machine. `real_machine.ts` has the
 * real one.
 *
 * @module
 */

import type { Clusters } from "./clusters.ts";
import type { Engine } from "./engine.ts";
import type { OpenFile } from "../history/history_file.ts";
import type { Files } from "../request/files.ts";

/** Path of the standard input. */
export const STDIN = "-";

/** File on the machine. */
export interface FileFacts {
  path: string;
  /** Size, bytes. */
  size: number;
  /** Time of the last write, ms since 1970. */
  modifiedAt: number;
}

/** Everything that a command needs of the machine it runs on. */
export interface Machine {
  /** The project's folder. */
  root: string;
  /** The version of Deno. */
  denoVersion: string;
  files: Files;
  /** Returns the names of the folders in a folder, but not those of links; none if it cannot be read. */
  subfolders(path: string): string[];
  /**
   * Lists a file, or those in a folder and the folders in it, links left out; none if it cannot be read.
   *
   * @param skip Returns true for the path of a folder whose files are left out.
   */
  filesIn(path: string, skip?: (path: string) => boolean): FileFacts[];
  /**
   * Removes a folder with everything in it.
   *
   * @throws {Error} It cannot be removed; the message says why.
   */
  removeFolder(path: string): void;
  /** Removes a folder that has nothing in it. Another one stays. */
  removeEmptyFolder(path: string): void;
  /** Opens a file, or the standard input by the path {@linkcode STDIN}. */
  openFile: OpenFile;
  /**
   * Creates a folder, and those around it; returns its absolute path with links resolved.
   *
   * @throws {UsageError} It cannot be created.
   */
  createFolder(path: string): string;
  /**
   * Creates a file, and the folders around it.
   *
   * @throws {UsageError} It cannot be created.
   */
  createFile(path: string, text: string, isExecutable?: boolean): void;
  /**
   * Writes a file in one step, in the place of an earlier one; creates the folders around it.
   *
   * @throws {UsageError} It cannot be written.
   */
  replaceFile(path: string, text: string): void;
  /**
   * Writes a file in one step, in the place of an earlier one, from pieces of its text: it can be larger than memory.
   *
   * @throws {UsageError} It cannot be written. What was there before stays.
   */
  replaceFileWith(path: string, pieces: AsyncIterable<string>): Promise<void>;
  /** Writes to stdout; if that cannot be written, as on a full disk, to stderr. */
  stdout(text: string): void;
  /** Writes to stderr, if that can be written. */
  stderr(text: string): void;
  /** True if the stream is a terminal that can move the cursor and show colours. */
  isTerminal: { stdout: boolean; stderr: boolean };
  /** Width of the terminal, in characters. */
  width(): number;
  env(name: string): string | undefined;
  /** Runs a command; returns what it prints on stdout and stderr, or undefined if it cannot be run or fails. */
  outputOf(command: string, args: string[]): string | undefined;
  /** Returns the time, ms since 1970. */
  now(): number;
  /** Calls `tick` every `interval` milliseconds until the returned function is called. */
  every(interval: number, tick: () => void): () => void;
  /** Calls `interrupt` at every signal that asks to end, until the returned function is called. */
  onInterrupt(interrupt: (signal: Interrupt) => void): () => void;
  /**
   * Serves HTTP until the listener is closed.
   *
   * @throws {UsageError} The address cannot be listened on, as when another program uses the port.
   */
  listen(host: string, port: number, handle: (request: Request) => Promise<Response>): Listener;
  /** Ends the process at once. */
  exit(status: number): void;
  newSeed(): string;
  /** Returns the HMAC-SHA-256 of a text, in hexadecimal digits. */
  hmac(key: string, text: string): Promise<string>;
  /** Runs `maelstrom.sh` with these words in a process of its own, until its end or the limit. It never throws. */
  runScript(words: readonly string[], limits: ScriptLimits): Promise<ScriptOutcome>;
  engines: { processes: Engine; simulation: Engine; cluster: Engine; maelstrom(executable: string): Engine };
  clusters: Clusters;
  archives: Archives;
}

/** Server that listens on a port. */
export interface Listener {
  port: number;
  /** Ends it, and all connections. */
  close(): Promise<void>;
}

/** End of a run of `maelstrom.sh`. */
export interface ScriptLimits {
  /** Time after which it is killed, with all that it has started. */
  limitSeconds: number;
  /** Kills it, too. */
  signal: AbortSignal;
}

/** Outcome of a run of `maelstrom.sh`. */
export interface ScriptOutcome {
  /** Exit status; null if it could not be started. */
  status: number | null;
  stdout: string;
  stderr: string;
  /** True if it was killed because of the limit. */
  isTimeout: boolean;
}

/** Signal that asks to end: Ctrl-C, `kill`, or a terminal that was closed. */
export type Interrupt = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The part of the machine that `install` uses. */
export interface Archives {
  /**
   * Reads a file, or downloads an `http:` or `https:` address.
   *
   * @throws {Error} It cannot be read; the message says why.
   */
  fetch(from: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Returns the SHA-256 of the bytes, in hexadecimal digits. */
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  /**
   * Unpacks a tar archive, compressed by bzip2, whose top folder has the name of `folder`, and puts that folder in the
   * place of `folder`. If that fails, `folder` stays as it was.
   *
   * @throws {Error} It cannot be unpacked; the message says why.
   */
  unpack(bytes: Uint8Array<ArrayBuffer>, folder: string): Promise<void>;
}
