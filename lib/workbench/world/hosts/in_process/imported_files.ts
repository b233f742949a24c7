/**
 * The files of a program: its module, and those that it imports.
 *
 * @module
 */

import { resolveName } from "./instances/import_map.ts";

/** Matches the specifier of an import or an export, wherever it is; and some texts that look like one. */
const SPECIFIER = /\b(?:from|import)\s*\(?\s*(["'])([^"'\n]+)\1/g;

/**
 * Lists the files of a program, also if they have mistakes: the module, and every file that it imports, directly or
 * not. Packages are left out.
 *
 * @param path Absolute path of the module.
 */
export function importedFiles(path: string): string[] {
  const urls = new Set([new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).href]);
  // The iteration of a set also visits elements that are added during it.
  for (const url of urls) {
    for (const imported of importsOf(url)) urls.add(imported);
  }
  return Array.from(urls, (url) => decodeURIComponent(new URL(url).pathname));
}

function importsOf(url: string): string[] {
  const names = Array.from(readText(url).matchAll(SPECIFIER), ([, , name]) => name!);
  const urls = names.map((name) => /^\.{0,2}\//.test(name) ? new URL(name, url).href : resolveName(name, url));
  return urls.filter((target) => target.startsWith("file:") && !target.includes("/node_modules/"));
}

/** A file that cannot be read imports nothing. */
function readText(url: string): string {
  try {
    return Deno.readTextFileSync(new URL(url));
  } catch {
    return "";
  }
}
