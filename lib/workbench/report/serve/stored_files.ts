/**
 * Files of the store, by the paths of requests. No path leaves the store: not by `..`, in whatever way it is written,
 * nor by a link that leads out of it.
 *
 * @module
 */

import { formatSize } from "../../base/size.ts";
import type { Machine } from "../../engines/machine.ts";
import { escapeMarkup } from "../grade/markup.ts";
import { respond, respondText } from "./responses.ts";

/** The part of the machine that reads files. */
export type FilesMachine = Pick<Machine, "files" | "filesIn" | "openFile">;

/** Media types by the ends of names. Everything that people read is text. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  ...Object.fromEntries(["jsonl", "log", "edn", "txt", "md", "csv", "xml"].map((end) => [end, "text/plain"])),
};

const OTHER_TYPE = "application/octet-stream";

const NOT_FOUND = "Cannot find this in the store";

/** Largest number of files that a folder's page lists. */
const MOST_FILES = 1000;

/**
 * Decodes the path of an address, once.
 *
 * @returns Its parts; undefined if it cannot be that of a file in the store.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodePath } from "./stored_files.ts";
 *
 * assertEquals(decodePath("/echo/20261129T120000/node-logs/n%231.log")?.at(-1), "n#1.log");
 * assertEquals(["/%2e%2e%2fx", "/a/%2e%2e/x", "/a%00", "/.git", "/%zz"].map(decodePath), Array(5).fill(undefined));
 * ```
 */
export function decodePath(pathname: string): string[] | undefined {
  try {
    const parts = pathname.split("/").slice(1).map(decodeURIComponent);
    return parts.every((part) => !/^\.|[/\\\0]/.test(part)) ? parts : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Responds with a file of the store, or with the list of a folder's files.
 *
 * @param parts Path in the store, decoded. The last part of a folder is empty.
 */
export async function respondStored(
  store: string,
  parts: readonly string[],
  isHead: boolean,
  machine: FilesMachine,
): Promise<Response> {
  const { path, isFolder, depth } = resolve(store, parts, machine) ?? {};
  if (path === undefined) return respondText(NOT_FOUND, 404);
  if (isFolder) {
    // The folders above those of runs can have a million files.
    if (depth! < 2) return respondText(NOT_FOUND, 404);
    if (parts.at(-1) !== "") return redirectTo(parts);
    return respond(isHead ? null : folderPage(path, parts.slice(0, -1), machine), "text/html", "own");
  }
  // A pipe or a device is no file.
  if (parts.at(-1) === "" || machine.filesIn(path).length === 0) return respondText(NOT_FOUND, 404);
  try {
    const type = TYPES[path.split(".").at(-1)!] ?? OTHER_TYPE;
    return respond(isHead ? null : await machine.openFile(path), type, "stored");
  } catch {
    return respondText("Cannot read this file", 403);
  }
}

/** Something in the store. */
interface Stored {
  /** Real path: all links are resolved. */
  path: string;
  isFolder: boolean;
  /** Number of folders between the store and it, itself included. */
  depth: number;
}

/** True if there is something at a path, and links on the way to it lead out of the store. */
export function leadsOut(store: string, path: string, { files }: Pick<FilesMachine, "files">): boolean {
  const { kind, path: real } = files.inspect(path);
  return kind !== "missing" && !real.startsWith(`${files.inspect(store).path}/`);
}

/** Finds something in the store; undefined if there is nothing, or it is elsewhere. */
function resolve(store: string, parts: readonly string[], { files }: FilesMachine): Stored | undefined {
  const path = [store, ...parts].join("/").replace(/\/$/, "");
  const [root, target] = [files.inspect(store), files.inspect(path)];
  if (root.kind !== "folder" || target.kind === "missing" || leadsOut(store, path, { files })) return undefined;
  const depth = target.path.slice(root.path.length + 1).split("/").length;
  return { path: target.path, isFolder: target.kind === "folder", depth };
}

/** Redirects to the address of a folder, so that links in it are relative to it. */
function redirectTo(parts: readonly string[]): Response {
  const response = respondText("The address of a folder ends with a slash", 308);
  response.headers.set("location", `/runs/${parts.map(encodeURIComponent).join("/")}/`);
  return response;
}

function folderPage(path: string, parts: readonly string[], { filesIn }: FilesMachine): string {
  const files = filesIn(path).filter((file) => !file.path.slice(path.length).includes("/.")).slice(0, MOST_FILES);
  const rows = files.map((file) => ({ name: file.path.slice(path.length + 1), size: file.size }))
    .sort((a, b) => Number(a.name.includes("/")) - Number(b.name.includes("/")) || (a.name < b.name ? -1 : 1))
    .map(({ name, size }) => {
      const address = name.split("/").map(encodeURIComponent).join("/");
      return `<li><a href="${address}">${escapeMarkup(name)}</a> <span class="muted">${formatSize(size)}</span></li>`;
    });
  const title = escapeMarkup(parts.join("/"));
  return ownPage(
    title,
    "runs/files.js",
    `<header><h1>${title}</h1><nav aria-label="Pages"><a href="/">All runs</a></nav></header>
<main><section aria-labelledby="files"><h2 id="files">Files</h2>
<ul class="file-list">
${rows.join("\n")}
</ul></section></main>`,
  );
}

/**
 * Makes a page whose script and style are files of this server.
 *
 * @param title Its title, as HTML.
 * @param script Name of its module in `report/page/`.
 * @param content HTML of its body.
 */
export function ownPage(title: string, script: string, content: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page/page.css">
<link rel="stylesheet" href="/page/runs/runs.css">
<script type="module" src="/page/${script}"></script></head>
<body><div id="page">${content}</div>
<noscript><p>The list of runs needs JavaScript; the files of a run do not.</p></noscript></body></html>
`;
}
