/**
 * The real machine, implemented with Deno.
 *
 * @module
 */

import { reasonOf, UsageError } from "../base/errors.ts";
import { whileWriting } from "../base/watchdog.ts";
import type { Files } from "../request/files.ts";
import { ignoreSizeSignal } from "../run/store/size_signal.ts";
import { CLUSTER_FOLDER } from "../world/cluster/state.ts";
import { newSeed } from "../world/random.ts";
import { createClusters } from "./clusters.ts";
import type { Engine } from "./engine.ts";
import { listen } from "./http_listener.ts";
import { type FileFacts, type Interrupt, type Machine, STDIN } from "./machine.ts";
import { runWithMaelstrom } from "./maelstrom_engine.ts";
import { runWithProcesses } from "./process_engine.ts";
import { runScript } from "./own_process.ts";
import { runInSimulation } from "./simulation_engine.ts";

/** The originals, kept for the progress line and Ctrl-C: a simulation replaces the global ones while it runs. */
const { setInterval, clearInterval } = globalThis;
const { exit } = Deno;

/** Removal of folders. */
const REMOVAL: Pick<Machine, "removeFolder" | "removeEmptyFolder"> = {
  removeFolder: (path) => Deno.removeSync(path, { recursive: true }),
  removeEmptyFolder(path) {
    try {
      Deno.removeSync(path);
    } catch {
      // Something is in it, or it is gone.
    }
  },
};

/**
 * Creates the machine that this process runs on.
 *
 * @param root The project's folder.
 */
export function createMachine(root: string): Machine {
  const outputs = textOutputs(Deno.stdout, Deno.stderr);
  return {
    root,
    denoVersion: Deno.version.deno,
    files: { readTextFile: Deno.readTextFileSync, inspect },
    subfolders,
    filesIn,
    ...REMOVAL,
    openFile: async (path) => path === STDIN ? Deno.stdin.readable : (await Deno.open(path)).readable,
    createFolder,
    createFile,
    replaceFile,
    replaceFileWith,
    ...outputs,
    isTerminal: terminals(Deno, Deno.env.get("TERM")),
    width,
    env: (name) => Deno.env.get(name),
    outputOf,
    now: () => Date.now(),
    every(interval, tick) {
      const timer = setInterval(tick, interval);
      return () => clearInterval(timer);
    },
    onInterrupt,
    listen: (host, port, handle) => listen(host, port, handle, (line) => outputs.stderr(`${line}\n`)),
    exit: (status) => exit(status),
    newSeed,
    hmac,
    runScript: (words, limits) => runScript(`${root}/maelstrom.sh`, words, limits),
    engines: {
      processes: runWithProcesses,
      simulation: (request, hooks) => runInSimulation(root, request, hooks),
      cluster: runOnClusterLater(root),
      maelstrom: (executable) => (request, hooks) => runWithMaelstrom(executable, request, hooks),
    },
    clusters: createClusters(root),
    archives: { fetch: fetchArchive, sha256, unpack },
  };
}

/**
 * Finds out which outputs are terminals that can move the cursor and show colours. A dumb terminal cannot.
 *
 * @param outputs `Deno`, which has both outputs.
 * @param term `$TERM`.
 */
export function terminals(
  { stdout, stderr }: Record<"stdout" | "stderr", { isTerminal(): boolean }>,
  term: string | undefined,
): Machine["isTerminal"] {
  const able = term !== "dumb";
  return { stdout: able && stdout.isTerminal(), stderr: able && stderr.isTerminal() };
}

/** Stream that is written to at once. */
interface Output {
  writeSync(bytes: Uint8Array): number;
}

/** Creates the functions of a machine that write texts to its outputs. They never throw. */
export function textOutputs(stdout: Output, stderr: Output): Pick<Machine, "stdout" | "stderr"> {
  const encoder = new TextEncoder();
  // There is no other place to say that stderr cannot be written.
  const writeError = (text: string) => void writeAll(stderr, encoder.encode(text));
  return {
    stdout(text) {
      const error = writeAll(stdout, encoder.encode(text));
      if (error !== undefined && !isClosed(error)) {
        writeError(`Cannot write to stdout: ${reasonOf(error)}; this is what it should get:\n${text}`);
      }
    },
    stderr: writeError,
  };
}

/** Writes all bytes: `writeSync` may write only some of them. Returns the error, if there is one. */
function writeAll(stream: Output, bytes: Uint8Array): Error | undefined {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(whileWriting(() => stream.writeSync(rest)));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** True if nobody reads the output any more: a pipe as in `| head`, or a terminal that was closed. */
function isClosed(error: Error): boolean {
  return error instanceof Deno.errors.BrokenPipe || error.message.startsWith("Input/output error");
}

function width(): number {
  try {
    // Some terminals do not know their width and report 0.
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

function inspect(path: string): ReturnType<Files["inspect"]> {
  try {
    const { isDirectory, isFile, mode } = Deno.statSync(path);
    // A pipe from the shell, as with <(…), has no real path.
    const resolved = isDirectory || isFile ? Deno.realPathSync(path) : path;
    if (isDirectory) return { kind: "folder", path: resolved };
    return { kind: mode !== null && (mode & 0o111) === 0 ? "file" : "executable", path: resolved };
  } catch {
    return { kind: "missing", path };
  }
}

function subfolders(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch {
    return [];
  }
}

function filesIn(path: string, skip: (path: string) => boolean = () => false): FileFacts[] {
  try {
    const { isFile, size, mtime } = Deno.statSync(path);
    if (isFile) return [{ path, size, modifiedAt: mtime?.getTime() ?? 0 }];
    if (skip(path)) return [];
    const entries = Array.from(Deno.readDirSync(path)).filter(({ isSymlink }) => !isSymlink);
    return entries.flatMap(({ name }) => filesIn(`${path}/${name}`, skip));
  } catch {
    return [];
  }
}

function createFolder(path: string): string {
  return creating(path, () => {
    Deno.mkdirSync(path, { recursive: true });
    return Deno.realPathSync(path);
  });
}

function createFile(path: string, text: string, isExecutable = false): void {
  creating(path, () => {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text, { createNew: true, mode: isExecutable ? 0o755 : 0o644 });
  });
}

function replaceFile(path: string, text: string): void {
  creating(path, () => {
    const incoming = `${path}.incoming`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(incoming, text);
    Deno.renameSync(incoming, path);
  });
}

/** Size of the buffer of a file that is written in pieces, in characters. */
const BUFFER = 1 << 16;

async function replaceFileWith(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const incoming = `${path}.incoming`;
  const stopIgnoring = ignoreSizeSignal();
  try {
    const file = await written(path, Deno.open(incoming, { write: true, create: true, truncate: true }));
    try {
      await writePieces(pieces, (text) => written(path, writeText(file, text)));
    } finally {
      file.close();
    }
    await written(path, Deno.rename(incoming, path));
  } catch (error) {
    await Deno.remove(incoming).catch(() => {});
    throw error;
  } finally {
    stopIgnoring();
  }
}

/** Joins pieces to longer texts, and writes those. */
async function writePieces(pieces: AsyncIterable<string>, write: (text: string) => Promise<void>): Promise<void> {
  let buffer = "";
  for await (const piece of pieces) {
    buffer += piece;
    if (buffer.length < BUFFER) continue;
    await write(buffer);
    buffer = "";
  }
  await write(buffer);
}

async function writeText(file: Deno.FsFile, text: string): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
}

/** Result of writing to a file; throws a UsageError if that fails. */
async function written<T>(path: string, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    throw cannotCreate(path, error as Error);
  }
}

function creating<T>(path: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    throw cannotCreate(path, error as Error);
  }
}

function cannotCreate(path: string, error: Error): UsageError {
  return new UsageError(`Cannot create ${path}: ${reasonOf(error)}`);
}

function outputOf(command: string, args: string[]): string | undefined {
  try {
    const { success, stdout, stderr } = new Deno.Command(command, { args, stdin: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) : undefined;
  } catch {
    return undefined;
  }
}

/** Loads the engine when it is used: with its client of NATS, every other command would start later. */
function runOnClusterLater(root: string): Engine {
  return async (request, hooks) => {
    const { runOnCluster } = await import("./cluster_engine.ts");
    return await runOnCluster(`${root}/${CLUSTER_FOLDER}`, request, hooks);
  };
}

function onInterrupt(interrupt: (signal: Interrupt) => void): () => void {
  const signals: readonly Interrupt[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const listeners = signals.map((signal) => [signal, () => interrupt(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  };
}

async function fetchArchive(from: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!/^https?:/.test(from)) return await Deno.readFile(from);
  const response = await fetch(from);
  if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexadecimal(await crypto.subtle.digest("SHA-256", bytes));
}

async function hmac(key: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
  return hexadecimal(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

function hexadecimal(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function unpack(bytes: Uint8Array<ArrayBuffer>, folder: string): Promise<void> {
  const slash = folder.lastIndexOf("/");
  const [parent, name] = [folder.slice(0, slash), folder.slice(slash + 1)];
  await Deno.mkdir(parent, { recursive: true });
  const incoming = await Deno.makeTempDir({ dir: parent, prefix: "incoming-" });
  try {
    await Deno.writeFile(`${incoming}/archive.tar.bz2`, bytes);
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["-xjf", "archive.tar.bz2"],
      cwd: incoming,
      stdin: "null",
    }).output();
    if (!success) throw new Error(`tar failed: ${new TextDecoder().decode(stderr).trim().split("\n").join("; ")}`);
    await Deno.rename(`${incoming}/${name}`, folder);
  } finally {
    await Deno.remove(incoming, { recursive: true });
  }
}
