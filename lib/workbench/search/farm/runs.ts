/**
 * The files of runs that failed: a worker puts them into the object store of a swarm, the coordinator fetches them.
 *
 * @module
 */

import type { ObjectStore } from "@nats-io/obj";
import { messageOf } from "../../base/errors.ts";

/** Puts the files in the folder of a run into the store, compressed. Empty ones are left out. */
export async function putRun(runs: ObjectStore, number: number, folder: string): Promise<void> {
  for (const path of filesIn(folder)) {
    const file = await Deno.open(`${folder}/${path}`);
    await runs.put({ name: `${number}/${path}` }, file.readable.pipeThrough(new CompressionStream("gzip")));
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

/**
 * Fetches the files of all runs into a folder for each: `FOLDER/NUMBER/results.json`. Those that are there stay.
 *
 * @returns The folders, by the number of the test.
 */
export async function fetchRuns(runs: ObjectStore, folder: string): Promise<Map<number, string>> {
  const names = (await runs.list()).map(({ name }) => name).filter((name) => /^\d+\/(?!.*\.\.)[\w./-]+$/.test(name));
  const folders = new Map<number, string>();
  for (const name of names) {
    const number = Number.parseInt(name);
    folders.set(number, `${folder}/${number}`);
    const path = `${folder}/${name}`;
    if (exists(path)) continue;
    const object = await runs.get(name);
    if (object === null) continue;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    // The name of a file says that it is whole.
    const incoming = await Deno.open(`${path}.incoming`, { write: true, create: true, truncate: true });
    const data = object.data as ReadableStream<Uint8Array<ArrayBuffer>>;
    await data.pipeThrough(new DecompressionStream("gzip")).pipeTo(incoming.writable);
    await Deno.rename(`${path}.incoming`, path);
  }
  return folders;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
