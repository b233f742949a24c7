/**
 * The files of runs that failed: a worker puts them into the object store of a swarm, the coordinator fetches them.
 *
 * @module
 */

import type { ObjectStore } from "@nats-io/obj";
import { FailedError, messageOf, reasonOf } from "../../../base/errors.ts";

/**
 * Puts the files in the folder of a run, `…/WORKLOAD/TIME`, into the store, compressed. Empty ones are left out.
 *
 * @param number Number of the test.
 */
export async function putRun(runs: ObjectStore, number: number, folder: string): Promise<void> {
  const place = folder.split("/").slice(-2).join("/");
  for (const path of filesIn(folder)) {
    const file = await Deno.open(`${folder}/${path}`);
    await runs.put({ name: `${number}/${place}/${path}` }, file.readable.pipeThrough(new CompressionStream("gzip")));
  }
}

/** Paths of the files that are not empty, relative to the folder. */
function filesIn(folder: string, below = ""): string[] {
  return Array.from(Deno.readDirSync(`${folder}/${below}`)).flatMap(({ name, isDirectory }) => {
    const path = `${below}${name}`;
    if (isDirectory) return filesIn(folder, `${path}/`);
    return Deno.statSync(`${folder}/${path}`).size === 0 ? [] : [path];
  });
}

/** True for an error that says that the store is full. */
export function isFull(error: unknown): boolean {
  return /maximum bytes|resource limits|insufficient/.test(messageOf(error));
}

/** Name of a file: the test's number, the run's folder, and the path in it. */
const NAME = /^(\d+)\/([\w-]+\/\d{8}T\d{6})(?:-\d+)?\/((?!.*\.\.)[\w.:@/-]+)$/;

/** A stored run of a test: `WORKLOAD/TIME`, and its files by their paths in it, each with its name on the server. */
interface PlacedRun {
  place: string;
  files: Map<string, string>;
}

/**
 * Fetches the files of all runs into a store, where they are runs as any other: `STORE/WORKLOAD/TIME-SWARM-NUMBER`. Two
 * swarms can have runs of one second and one number. Files that are there stay.
 *
 * @param swarm Name of the swarm.
 * @returns The folders, by the number of the test.
 * @throws {FailedError} They cannot be written here.
 */
export async function fetchRuns(
  runs: Pick<ObjectStore, "list" | "get">,
  swarm: string,
  store: string,
): Promise<Map<number, string>> {
  const folders = new Map<number, string>();
  for (const [number, { place, files }] of placedRuns((await runs.list()).map(({ name }) => name))) {
    const folder = `${store}/${place}-${swarm}-${number}`;
    folders.set(number, folder);
    // Commands recognize a run by this folder. It was not stored if it was empty.
    await onDisk(store, () => Deno.mkdir(`${folder}/node-logs`, { recursive: true }));
    for (const [path, name] of files) {
      if (!exists(`${folder}/${path}`)) await fetchFile(runs, name, store, `${folder}/${path}`);
    }
  }
  return folders;
}

/** The run of each test by its number. If several workers have run it, that with the most files: it is whole. */
function placedRuns(names: readonly string[]): Map<number, PlacedRun> {
  const placed = new Map<number, PlacedRun>();
  for (const [key, group] of Map.groupBy(names, (name) => NAME.exec(name)?.slice(1, 3).join("/"))) {
    if (key === undefined) continue;
    const [, number, place] = NAME.exec(group[0]!)!;
    const files = new Map(group.map((name) => [NAME.exec(name)![3]!, name]));
    if (files.size > (placed.get(Number(number))?.files.size ?? 0)) {
      placed.set(Number(number), { place: place!, files });
    }
  }
  return placed;
}

async function fetchFile(runs: Pick<ObjectStore, "get">, name: string, store: string, path: string): Promise<void> {
  const object = await runs.get(name);
  if (object === null) return;
  const data = object.data as ReadableStream<Uint8Array<ArrayBuffer>>;
  // The name of a file says that it is whole.
  const incoming = `${path}.incoming`;
  const file = await onDisk(store, async () => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    return await Deno.open(incoming, { write: true, create: true, truncate: true });
  });
  try {
    for await (const bytes of data.pipeThrough(new DecompressionStream("gzip"))) {
      await onDisk(store, () => writeAll(file, bytes));
    }
  } finally {
    file.close();
  }
  await onDisk(store, () => Deno.rename(incoming, path));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}

/** Performs an action on this machine's disk. Unlike an error of the server, one of it does not pass by itself. */
async function onDisk<T>(store: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new FailedError(`Cannot store the runs that failed in ${store}: ${reasonOf(error as Error)}`);
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
