/**
 * The edge: everything that the command line needs of the machine, in one place, so that all else can be tested without it.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import { runMaelstrom } from "./maelstrom.ts";
import { runSimulated } from "./simulation.ts";
import { runWorkbench } from "./processes.ts";
import type { OpenFile } from "../history/history_file.ts";
import { whileWriting } from "../base/watchdog.ts";
import { newSeed } from "../world/random.ts";
import type { Files } from "../request/request.ts";

/** What the command line needs of the machine. */
export interface Edge {
  /** The project's folder. */
  root: string;
  /** The version of the Deno that runs this. */
  denoVersion: string;
  files: Files;
  openFile: OpenFile;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether a person is looking. */
  isTerminal: { stdout: boolean; stderr: boolean };
  /** How wide the terminal is, in characters. */
  width(): number;
  env(name: string): string | undefined;
  /** What a command prints, on stdout and stderr, or undefined where it cannot be run or fails. */
  ask(command: string, args: string[]): string | undefined;
  /** Calls `tick` every `interval` milliseconds, until the function that it returns is called. */
  every(interval: number, tick: () => void): () => void;
  /** Calls `interrupt` whenever a person presses Ctrl-C, or the process is told to end, until the function that it returns is called. */
  onInterrupt(interrupt: () => void): () => void;
  /** Ends the process at once. */
  exit(status: number): void;
  newSeed(): string;
  engines: { workbench: Engine; simulation: Engine; maelstrom(executable: string): Engine };
  archives: Archives;
}

/** The real ones: a simulation takes them from everybody while it runs, and progress is to be seen all the same, and Ctrl-C to end it. */
const { setInterval, clearInterval } = globalThis;
const { exit } = Deno;

/** What `install` needs of the machine. */
export interface Archives {
  /**
   * The content of a file, or of what an `https:` address leads to.
   *
   * @throws {Error} It cannot be had; the message says why.
   */
  fetch(from: string): Promise<Uint8Array<ArrayBuffer>>;
  /** The SHA-256 of some bytes, as hexadecimal digits. */
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  /**
   * Unpacks a tar archive so that `folder` holds its content in the end, or stays as it was.
   *
   * @throws {Error} It cannot be unpacked; the message says why.
   */
  unpack(bytes: Uint8Array<ArrayBuffer>, folder: string): Promise<void>;
}

/**
 * The machine itself.
 *
 * @param root The project's folder.
 */
export function machineEdge(root: string): Edge {
  const encoder = new TextEncoder();
  return {
    root,
    denoVersion: Deno.version.deno,
    files: { readTextFile: Deno.readTextFileSync, inspect },
    openFile: async (path) => (await Deno.open(path)).readable,
    stdout: (text) => writeAll(Deno.stdout, encoder.encode(text)),
    stderr: (text) => writeAll(Deno.stderr, encoder.encode(text)),
    isTerminal: terminals(Deno, Deno.env.get("TERM")),
    width,
    env: (name) => Deno.env.get(name),
    ask,
    every(interval, tick) {
      const timer = setInterval(tick, interval);
      return () => clearInterval(timer);
    },
    onInterrupt,
    exit: (status) => exit(status),
    newSeed,
    engines: {
      workbench: runWorkbench,
      simulation: runSimulated.bind(null, root),
      maelstrom: (executable) => runMaelstrom.bind(null, executable),
    },
    archives: { fetch: fetchArchive, sha256, unpack },
  };
}

/**
 * Which outputs are terminals that can move the cursor and show colours: a dumb one cannot.
 *
 * @param outputs `Deno`, as far as it matters.
 * @param term `$TERM`.
 */
export function terminals(
  { stdout, stderr }: Record<"stdout" | "stderr", { isTerminal(): boolean }>,
  term: string | undefined,
): Edge["isTerminal"] {
  const able = term !== "dumb";
  return { stdout: able && stdout.isTerminal(), stderr: able && stderr.isTerminal() };
}

/** What is not written at once is written in the next turn. */
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(whileWriting(() => stream.writeSync(rest)));
  } catch (error) {
    // Nobody reads any more, as with `| head`.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function width(): number {
  try {
    // Some terminals do not know, and say 0.
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

function inspect(path: string): ReturnType<Files["inspect"]> {
  try {
    const { isDirectory, isFile, mode } = Deno.statSync(path);
    // What a shell pipes in, as with <(…), stands nowhere.
    const resolved = isDirectory || isFile ? Deno.realPathSync(path) : path;
    if (isDirectory) return { kind: "folder", path: resolved };
    return { kind: mode !== null && (mode & 0o111) === 0 ? "file" : "executable", path: resolved };
  } catch {
    return { kind: "missing", path };
  }
}

function ask(command: string, args: string[]): string | undefined {
  try {
    const { success, stdout, stderr } = new Deno.Command(command, { args, stdin: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) : undefined;
  } catch {
    return undefined;
  }
}

function onInterrupt(interrupt: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  };
}

async function fetchArchive(from: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!/^https?:/.test(from)) return await Deno.readFile(from);
  const response = await fetch(from);
  if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function unpack(bytes: Uint8Array<ArrayBuffer>, folder: string): Promise<void> {
  await Deno.mkdir(folder.slice(0, folder.lastIndexOf("/")), { recursive: true });
  const incoming = await Deno.makeTempDir({ dir: folder.slice(0, folder.lastIndexOf("/")), prefix: "incoming-" });
  try {
    await Deno.writeFile(`${incoming}/archive.tar.bz2`, bytes);
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["-xjf", "archive.tar.bz2"],
      cwd: incoming,
      stdin: "null",
    }).output();
    if (!success) throw new Error(`tar failed: ${new TextDecoder().decode(stderr).trim().split("\n").join("; ")}`);
    await Deno.rename(`${incoming}/${folder.slice(folder.lastIndexOf("/") + 1)}`, folder);
  } finally {
    await Deno.remove(incoming, { recursive: true });
  }
}
