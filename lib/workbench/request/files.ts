/**
 * Access to files, as far as requests need it.
 *
 * @module
 */

/** Access to files. */
export interface Files {
  /** Reads a text file. */
  readTextFile(path: string): string;
  /** Returns the kind of a file, and its absolute path with links resolved. */
  inspect(path: string): { kind: "missing" | "folder" | "file" | "executable"; path: string };
}

/** The part of the machine that creating a request needs. */
export interface MachineWithFiles {
  /** The project's folder. */
  root: string;
  files: Files;
}
