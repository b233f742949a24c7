/**
 * Instances of a program's modules: each node gets its own, with state of its own, as if it were a process.
 *
 * 1. `scan.ts` reads the text of a module, `rewrite.ts` turns it into the code of a function that creates an instance.
 *    `import_map.ts` says what names in its imports stand for.
 * 2. {@linkcode loadInstances} does this for a module and those that it imports from files, and imports the code.
 * 3. A call of the result creates instances of all of them. They live as long as the node that uses them; instances
 *    that Deno itself imports would stay for ever.
 * 4. A module that has no state, and imports none that has, needs no instances: all nodes share it. Code that exists
 *    once is faster than the same code once for each node.
 * 5. If a module cannot be rewritten, all nodes share the modules, and `shared_state.ts` must find no state in them.
 *
 * The runtime and libraries are shared: they have no state of a node. The same holds for JSON.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { createModuleURL, restorePaths } from "../../../../base/stack_frames.ts";
import { messageOf } from "../../../../base/errors.ts";
import { resolveName } from "./import_map.ts";
import { rewriteModule, type Rewritten } from "./rewrite.ts";
import { scanModule } from "./scan.ts";
import { findSharedState, hasNoState } from "./shared_state.ts";

/** Exports of a module. */
export type Namespace = Record<string, unknown>;

/** Function that creates an instance: `$own` has those that it imports, the others receive the exports or an error. */
type Factory = (
  $own: Record<string, Namespace>,
  $done: (exports: Namespace) => void,
  $fail: (error: unknown) => void,
) => Promise<void>;

/** Module of a program. */
interface OwnModule {
  url: string;
  rewritten: Rewritten;
  factory: Factory;
  /** Exports of the module as Deno has imported it. */
  shared: Namespace;
  /** True if the module itself has no state. */
  hasNoState: boolean;
}

/** Folder of this project. */
const ROOT = new URL("../../../../../../", import.meta.url).href;
/** Parts of this project that nodes share: the runtime and its libraries. */
const SHARED = ["mod.ts", "lib/", "types/"].map((path) => ROOT + path);

/** Loaded modules by their URL. Like the modules that Deno imports, they stay. */
const loaded = new Map<string, Promise<OwnModule>>();
const loadedPrograms = new Map<string, Promise<() => Namespace>>();

/**
 * Loads a module that has been imported already.
 *
 * @returns Function that creates an instance of the module, and of those that it imports, and returns its exports.
 * @throws {SyntaxError} There can be no instances, and nodes would share state. The message names its place.
 */
export function loadInstances(url: string): Promise<() => Namespace> {
  return getOrLoad(loadedPrograms, url, loadProgram);
}

function getOrLoad<T>(known: Map<string, Promise<T>>, url: string, load: (url: string) => Promise<T>): Promise<T> {
  const before = known.get(url);
  if (before !== undefined) return before;
  const loading = load(url);
  known.set(url, loading);
  return loading;
}

async function loadProgram(url: string): Promise<() => Namespace> {
  // Deno 2.9 panics at an import in the same turn of the event loop in which a module has ended to wait.
  await new Promise<void>((resolve) => setImmediate(resolve));
  const modules = new Map<string, OwnModule>();
  const visited = new Set<string>();
  try {
    await addModules(url, visited, modules);
    const instanced = findInstanced([...modules.values()]);
    const create = () => createInstances([...modules.values()], instanced);
    create();
    return create;
  } catch (error) {
    addImports(visited);
    refuseSharedState(visited, restorePaths(messageOf(error)).split("\n")[0]!);
    const shared = await import(url) as Namespace;
    return () => shared;
  }
}

/** Adds a module and those that it imports, each after its own imports. `visited` has the modules that were begun. */
async function addModules(
  url: string,
  visited: Set<string>,
  modules: Map<string, OwnModule>,
): Promise<OwnModule> {
  const known = modules.get(url);
  if (known !== undefined) return known;
  if (visited.has(url)) throw new SyntaxError(`${pathOf(url)} imports itself, by way of others`);
  visited.add(url);
  const module = await getOrLoad(loaded, url, loadModule);
  for (const { url: imported, names } of module.rewritten.imports) {
    const { rewritten: { variables } } = await addModules(imported, visited, modules);
    const variable = names.find((name) => variables.has(name));
    if (variable === undefined) continue;
    throw new SyntaxError(`${pathOf(url)} imports ${variable}, which ${pathOf(imported)} declares as a variable`);
  }
  modules.set(url, module);
  return module;
}

async function loadModule(url: string): Promise<OwnModule> {
  const text = await Deno.readTextFile(new URL(url));
  const rewritten = named(url, () => readModule(url, text));
  const shared = await import(url) as Namespace;
  const { default: factory } = await import(createModuleURL(rewritten.code(Object.keys(shared)), url));
  return { url, rewritten, factory, shared, hasNoState: hasNoState(scanModule(text)) };
}

function readModule(url: string, text: string): Rewritten {
  return rewriteModule(text, url, isOwn, (name) => resolveName(name, url));
}

/** The modules with state, and those that import them. Each module comes after its own imports. */
function findInstanced(modules: readonly OwnModule[]): ReadonlySet<string> {
  const instanced = new Set<string>();
  for (const { url, rewritten, hasNoState } of modules) {
    if (!hasNoState || rewritten.imports.some((imported) => instanced.has(imported.url))) instanced.add(url);
  }
  return instanced;
}

/** Adds the path of a module to what is wrong with it. */
function named<T>(url: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SyntaxError(`${pathOf(url)} has ${messageOf(error)}`);
  }
}

function isOwn(url: string): boolean {
  return /^file:.*\.[cm]?[jt]s$/.test(url) && !url.includes("/node_modules/") &&
    !SHARED.some((shared) => url.startsWith(shared));
}

function createInstances(modules: readonly OwnModule[], instanced: ReadonlySet<string>): Namespace {
  const own: Record<string, Namespace> = {};
  let exports: Namespace | undefined;
  for (const { url, factory, shared } of modules) {
    let failure: { error: unknown } | undefined;
    exports = instanced.has(url) ? undefined : shared;
    if (exports === undefined) void factory(own, (created) => exports = created, (error) => failure = { error });
    if (failure !== undefined) throw failure.error;
    if (exports === undefined) throw new SyntaxError(`${pathOf(url)} waits at its top level`);
    own[url] = exports;
  }
  return exports!;
}

/** Adds the modules that those of a set import, directly or not, as far as they can be read. */
function addImports(urls: Set<string>): void {
  // The iteration of a set also visits elements that are added during it.
  for (const url of urls) {
    try {
      for (const { url: imported } of readModule(url, Deno.readTextFileSync(new URL(url))).imports) urls.add(imported);
    } catch {
      // Its own state is looked for, but not that of the modules that it imports.
    }
  }
}

/** Refuses modules with state that nodes would share. */
function refuseSharedState(urls: Iterable<string>, reason: string): void {
  for (const url of urls) {
    const state = findIn(Deno.readTextFileSync(new URL(url)));
    if (state === undefined) continue;
    throw new SyntaxError(
      `all nodes would share ${state.name}, which changes, at ${pathOf(url)}:${state.line}: ` +
        "expected the state of a node inside its program " +
        `(there can be no instance of the module for each node: ${reason})`,
    );
  }
}

function findIn(text: string): ReturnType<typeof findSharedState> {
  try {
    return findSharedState(scanModule(text));
  } catch {
    return undefined;
  }
}

function pathOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname);
}
