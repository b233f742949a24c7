/**
 * The folders of stored runs.
 *
 * @module
 */

import type { Machine } from "../../engines/machine.ts";
import { WORKLOADS } from "../../workloads/mod.ts";

/** Folder of a stored run. */
export interface StoredFolder {
  /** Path, relative to the user's working directory. */
  path: string;
  /**
   * Its name: the time of the run, such as `20261129T120000`, with a number if there are several; of a run that a swarm
   * has fetched, with the name of the swarm and the number of the test.
   */
  time: string;
}

/** Lists the folders of runs in a store, ours and Maelstrom's, from the oldest to the newest. */
export function listRuns(store: string, { subfolders }: Pick<Machine, "subfolders">): StoredFolder[] {
  // Names are compared as numbers, too: …-2 comes before …-10.
  return subfolders(store).filter((workload) => workload !== "latest").flatMap((workload) =>
    subfolders(`${store}/${workload}`).filter((time) => /^\d{8}T\d{6}/.test(time)).map((time) => ({
      path: `${store}/${workload}/${time}`,
      time,
    }))
  ).sort((a, b) => a.time.localeCompare(b.time, "en", { numeric: true }));
}

/** True for a run that the workbench has stored: by name and place, and by the folder that each run begins with. */
export function isOurs({ path, time }: StoredFolder, { subfolders }: Pick<Machine, "subfolders">): boolean {
  return /^\d{8}T\d{6}(?:-(?:[\w-]{1,60}-)?\d+)?$/.test(time) && Object.hasOwn(WORKLOADS, path.split("/").at(-2)!) &&
    subfolders(path).includes("node-logs");
}

/** Returns the time of a run, ms since 1970. */
export function timeOf({ time }: StoredFolder): number {
  const [, date, hours, minutes, seconds] = /^(\d{8})T(\d\d)(\d\d)(\d\d)/.exec(time)!;
  const day = date!.replace(/^(....)(..)(..)$/, "$1-$2-$3");
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
}
