/**
 * The files of a program under `--watch`: the module and what it imports in a simulation, else the folder of the
 * program.
 *
 * Files are looked at, again and again: that works for every editor and file system. A change counts when the files
 * have stayed the same for one look, so that no half of a file is run. Files that appear while a test runs are those of
 * the test, and never count.
 *
 * @module
 */

import { dirname } from "node:path";
import type { FileFacts, Machine } from "../../engines/machine.ts";
import { findModule } from "../../request/challenges.ts";
import type { TestRequest } from "../../request/request.ts";
import { importedFiles } from "../../world/hosts/in_process/imported_files.ts";

/** Files that are watched. */
export interface ProgramFiles {
  /** Remembers the files as they are, before a run. Returns a description of what is watched. */
  beginRun(): string;
  /** Ends a run: files that have appeared in it are those of the test. */
  endRun(): void;
  /**
   * Looks at the files.
   *
   * @returns Paths of the files that have changed since the run began, once they stay as they are.
   */
  look(isRunning: boolean): string[];
  /** Name of a file for a person. */
  nameOf(path: string): string;
}

/** Folders whose files are not those of a program. */
const FOREIGN = /\/(?:\.[^/]*|node_modules|__pycache__)$/;

/** Opens the files of a request's program. */
export function openProgramFiles(request: TestRequest, machine: Machine): ProgramFiles {
  const here = machine.files.inspect(".").path;
  const nameOf = (path: string) => path.startsWith(`${here}/`) ? path.slice(here.length + 1) : path;
  const ofTheTest = new Set<string>();
  let roots: string[] = [];
  let before = new Map<string, string>();
  let lastChange = "";
  /** Reads the state of all files. */
  function read(): Map<string, string> {
    const store = machine.files.inspect(request.store).path;
    const skip = (path: string) => path === store || FOREIGN.test(path);
    const files = roots.flatMap((root) => machine.filesIn(root, skip)).filter(({ path }) => !ofTheTest.has(path));
    return new Map(files.map((file) => [file.path, stateOf(file, request, machine)]));
  }
  return {
    nameOf,
    beginRun() {
      roots = findRoots(request, machine);
      before = read();
      lastChange = "";
      const others = roots.length === 1 ? "" : ` and ${roots.length - 1} imported ${plural("file", roots.length - 1)}`;
      return nameOf(roots[0]!) + others;
    },
    endRun() {
      for (const path of read().keys()) if (!before.has(path)) ofTheTest.add(path);
    },
    look(isRunning) {
      const now = read();
      const paths = [...new Set([...before.keys(), ...now.keys()])];
      const changed = paths.filter((path) =>
        now.get(path) !== before.get(path) && (!isRunning || before.has(path)) && !ofTheTest.has(path)
      );
      const change = JSON.stringify(changed.map((path) => [path, now.get(path)]));
      const isStable = change === lastChange;
      lastChange = change;
      return isStable ? changed : [];
    },
  };
}

/** State of a file. For the program, that includes its kind: chmod +x changes nothing else. */
function stateOf({ path, size, modifiedAt }: FileFacts, { bin }: TestRequest, { files }: Machine): string {
  return [size, modifiedAt, ...path === bin ? [files.inspect(path).kind] : []].join(" ");
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

function findRoots({ bin, args, simulation, isModule }: TestRequest, { root }: Machine): string[] {
  if (simulation !== null) return importedFiles(findModule(bin, args, root).path);
  return [dirname(bin), ...isModule ? importedFiles(bin).filter((path) => !path.startsWith(`${dirname(bin)}/`)) : []];
}
