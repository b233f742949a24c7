/**
 * Import maps: the `imports` of a module's project, such as `"@/": "./src/"` or `"zod": "npm:zod@4"`. Deno applies them
 * to the module, but not to its instances, whose code is elsewhere.
 *
 * @module
 */

/** Names and what they stand for, relative to the URL of the configuration. */
interface ImportMap {
  imports: Readonly<Record<string, string>>;
  base: string;
}

/**
 * Returns what a name stands for in a module.
 *
 * @param name Specifier of an import that is no path.
 * @param url URL of the module. The configurations in its folder and the folders around count, the nearest first.
 * @returns URL or specifier; the name itself if no configuration has it.
 */
export function resolveName(name: string, url: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return name;
  for (let folder = new URL(".", url);; folder = new URL("..", folder)) {
    const found = readImportMaps(folder).map((map) => lookUp(name, map)).find((target) => target !== undefined);
    if (found !== undefined || folder.pathname === "/") return found ?? name;
  }
}

function readImportMaps(folder: URL): ImportMap[] {
  return ["deno.json", "deno.jsonc"].flatMap((file) => {
    const base = new URL(file, folder);
    try {
      const { imports } = JSON.parse(withoutComments(Deno.readTextFileSync(base)));
      return typeof imports === "object" && imports !== null ? [{ imports, base: base.href }] : [];
    } catch {
      // There is none, or it cannot be read: then Deno itself has said so.
      return [];
    }
  });
}

/** Removes comments and commas before a closing bracket, which Deno allows in a configuration. */
function withoutComments(text: string): string {
  const keepStrings = (_: string, string: string | undefined) => string ?? " ";
  return text.replaceAll(/("(?:\\.|[^"\\])*")|\/\/.*|\/\*[^]*?\*\//g, keepStrings)
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, keepStrings);
}

/** Finds the entry for a name: the longest one that is the name, or stands for all names that begin with it. */
function lookUp(name: string, { imports, base }: ImportMap): string | undefined {
  const keys = Object.keys(imports).filter((key) => key === name || isBeginning(key, imports[key]!, name));
  const [key] = keys.sort((a, b) => b.length - a.length);
  if (key === undefined) return undefined;
  const target = imports[key]! + name.slice(key.length);
  return /^\.{0,2}\//.test(target) ? new URL(target, base).href : target;
}

/** True if an entry stands for what begins with its key: one for a folder, or for a package and its modules. */
function isBeginning(key: string, target: string, name: string): boolean {
  return key.endsWith("/") ? name.startsWith(key) : /^(?:npm|jsr):/.test(target) && name.startsWith(`${key}/`);
}
