/**
 * Places in modules, read from the stacks of errors.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import { describeThrown } from "../../log.ts";

/** Place in a module. */
export interface Frame {
  url: string;
  /** Line and column: `12:3`. */
  position: string;
}

/** Files of the modules that are loaded from a `data:` URL, by the word that ends the URL. */
const files = new Map<string, string>();

/**
 * Creates the `data:` URL of a rewritten module. Deno shortens such URLs in stacks, but keeps their ends, from which
 * {@linkcode restorePaths} knows the file.
 *
 * @param url URL of the file. A line of the code must be the same line of the file.
 */
export function createModuleURL(code: string, url: string): string {
  const word = Array.from(url).reduce((hash, character) => (hash * 31 + character.codePointAt(0)!) % 2 ** 40, 7)
    .toString(36).padStart(8, "0");
  files.set(word, url);
  const type = /\.(c|m)?jsx?$/.test(url) ? "javascript" : "typescript";
  return `data:application/${type},${encodeURIComponent(code)}%0A//${word}`;
}

/** Replaces the URLs of {@linkcode createModuleURL} in a stack or another text by those of the files. */
export function restorePaths(text: string): string {
  if (!text.includes("data:")) return text;
  return text.replaceAll(
    /data:application\/(?:java|type)script,\S*?%0A\/\/([0-9a-z]{8})/g,
    (found, word) => files.get(word) ?? found,
  );
}

/** Reads the stack of an error, innermost call first. */
export function framesOf({ stack = "" }: Error): Frame[] {
  // Deno colours the place of a module that it has not found.
  const matches = restorePaths(stripVTControlCharacters(stack)).matchAll(
    /^ +at .*?((?:file|https?|ext|node|data|blob):[^\s)]*?):(\d+:\d+)\)?$/gm,
  );
  return Array.from(matches, ([, url, position]) => ({ url: url!, position: position! }));
}

/** Formats a place the way an editor opens it: `/home/me/node.ts:12:3`. */
export function formatFrame({ url, position }: Frame): string {
  const path = url.startsWith("file://") ? decodeURIComponent(new URL(url).pathname) : url;
  return `${path}:${position}`;
}

/** Folder of the runtime and the workbench. */
const LIBRARY = new URL("../../", import.meta.url).href;

/**
 * Describes what a program has thrown, with the places of its stack that are the program's own; with all places if none
 * is.
 */
export function describeCrash(thrown: unknown): string {
  return withOwnFrames(restorePaths(describeThrown(thrown)).split("\n")).join("\n");
}

/**
 * Removes the places of a stack that are in the runtime or in Deno, unless no other is there; and the empty backtrace
 * that Deno adds to some errors.
 *
 * @param orAll False to remove them even if no other place is there. `@default true`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withOwnFrames } from "./stack_frames.ts";
 *
 * const lines = ["Error: no", "    at f (file:///me/node.ts:1:2)", "    at g (ext:core/01_core.js:1:1)"];
 * assertEquals(withOwnFrames(lines), lines.slice(0, 2));
 * ```
 */
export function withOwnFrames(lines: readonly string[], orAll: boolean = true): string[] {
  const told = lines.filter((line) => !/^\s*(?:Stack backtrace:|0: <unknown>)$/.test(line));
  const isFrame = (line: string) => /^\s+at /.test(line);
  const isOwn = (line: string) => !line.includes(LIBRARY) && !/\(?(?:ext|node):/.test(line);
  if (orAll && !told.some((line) => isFrame(line) && isOwn(line))) return told;
  return told.filter((line) => !isFrame(line) || isOwn(line));
}

/**
 * Replaces the places in the stack of an error by those of a caller that are not in the runtime or in Deno, if there
 * are any.
 *
 * @param caller Error that was created where the caller called.
 * @returns The error.
 */
export function withStackOf<E>(error: E, caller: Error): E {
  if (!(error instanceof Error)) return error;
  const frames = withOwnFrames(caller.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [], false);
  if (frames.length > 0) error.stack = [String(error), ...frames].join("\n");
  return error;
}
