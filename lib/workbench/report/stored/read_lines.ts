/**
 * Reads a stored file line by line.
 *
 * @module
 */

import { readText } from "../../history/history_file.ts";
import type { StoredFiles } from "./stored_run.ts";

/**
 * Reads the lines of a file. Memory is needed for the longest line only.
 *
 * @throws {FailedError} The file cannot be read, is not a text, or has a line that is too long.
 */
export async function* readLines(path: string, { openFile }: Pick<StoredFiles, "openFile">): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of readText(path, openFile)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
