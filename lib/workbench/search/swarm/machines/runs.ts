/**
 * The files of runs that failed: a worker puts them into the object store of a swarm, the coordinator fetches them.
 *
 * @module
 */

import type { ObjectStore } from "@nats-io/obj";
import { messageOf } from "../../../base/errors.ts";

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
const NAME = /^(\d+)\/([\w-]+\/\d{8}T\d{6})(?:-\d+)?\/((?!.*\.\.)[\w./-]+)$/;

/**
 * Fetches the files of all runs into a store, where they are runs as any other: `STORE/WORKLOAD/TIME-NUMBER`. Files
 * that are there stay.
 *
 * @returns The folders, by the number of the test.
 */
export async function fetchRuns(runs: ObjectStore, store: string): Promise<Map<number, string>> {
  const folders = new Map<number, string>();
  for (const { name } of await runs.list()) {
    const [, number, place, path] = NAME.exec(name) ?? [];
    if (number === undefined) continue;
    const folder = `${store}/${place}-${number}`;
    folders.set(Number(number), folder);
    // Commands recognize a run by this folder. It was not stored if it was empty.
    await Deno.mkdir(`${folder}/node-logs`, { recursive: true });
    if (!exists(`${folder}/${path}`)) await fetchFile(runs, name, `${folder}/${path}`);
  }
  return folders;
}

async function fetchFile(runs: ObjectStore, name: string, path: string): Promise<void> {
  const object = await runs.get(name);
  if (object === null) return;
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  // The name of a file says that it is whole.
  const incoming = await Deno.open(`${path}.incoming`, { write: true, create: true, truncate: true });
  const data = object.data as ReadableStream<Uint8Array<ArrayBuffer>>;
  await data.pipeThrough(new DecompressionStream("gzip")).pipeTo(incoming.writable);
  await Deno.rename(`${path}.incoming`, path);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
