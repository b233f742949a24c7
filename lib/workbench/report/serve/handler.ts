/**
 * The server of `serve`, as a function from a request to a response. It reads the store, and writes nothing.
 *
 * | address                    | content                                                |
 * | -------------------------- | ------------------------------------------------------ |
 * | `/`                        | the list of all runs, which updates itself             |
 * | `/events`                  | the rows of that list, as server-sent events           |
 * | `/page/…`                  | its scripts and styles, as they are in `report/page/`  |
 * | `/runs/WORKLOAD/TIME/…`    | files of the store                                     |
 * | `/compare?run=A&run=B`     | several runs on one page                               |
 *
 * 1. `guard.ts` refuses other hosts, origins and methods.
 * 2. `run_list.ts` reads the store into rows; `events.ts` sends what changes.
 * 3. `stored_files.ts` finds files, `responses.ts` adds the headers that all responses have.
 *
 * @module
 */

import { FailedError, UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { createRunStreams, type RunStreams } from "./events.ts";
import { requestRefusal } from "./guard.ts";
import { pageFile } from "../page/runs/mod.ts";
import { RUN_FILES } from "../stored/stored_run.ts";
import { respond, respondText } from "./responses.ts";
import { createRunList, type RunList } from "./run_list.ts";
import { decodePath, leadsOut, ownPage, respondStored } from "./stored_files.ts";

/** The part of the machine that the server reads with. */
export type ServerMachine = Pick<Machine, "subfolders" | "filesIn" | "files" | "now" | "openFile" | "every">;

/** Server of a store. */
export interface StoreServer {
  handle(request: Request): Promise<Response>;
  /** Ends the streams of events. */
  close(): void;
}

/** State of a server. */
interface State {
  readonly store: string;
  readonly machine: ServerMachine;
  readonly list: RunList;
  readonly events: RunStreams;
}

/**
 * Creates the server of a store.
 *
 * @param store Folder of all runs.
 * @param host Host that it listens on.
 */
export function createStoreServer(store: string, host: string, machine: ServerMachine): StoreServer {
  const list = createRunList(store, machine);
  const state: State = { store, machine, list, events: createRunStreams(list, machine) };
  return {
    async handle(request) {
      const refusal = requestRefusal(request, host);
      const response = refusal === undefined ? await answer(request, state) : respondText(refusal.text, refusal.status);
      return request.method === "HEAD" ? new Response(null, response) : response;
    },
    close: state.events.close,
  };
}

async function answer(request: Request, state: State): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const isHead = request.method === "HEAD";
  const parts = decodePath(pathname);
  if (parts === undefined) return respondText("Cannot use this address: expected a path in the store", 403);
  const [first, ...rest] = parts as [string, ...string[]];
  if (pathname === "/") return respond(LIST_PAGE, "text/html", "own");
  if (pathname === "/events") return respond(isHead ? null : state.events.open(), "text/event-stream", "own");
  if (pathname === "/compare") return await respondComparison(searchParams.getAll("run"), state);
  if (first === "page") return respondPageFile(rest.join("/"));
  if (first === "runs" && rest.length > 1) return await respondStored(state.store, rest, isHead, state.machine);
  return respondText("Cannot find this page: the list of all runs is at /", 404);
}

const LIST_PAGE = ownPage("Runs", "runs/main.js", '<p class="loading">Reading the store …</p>');

function respondPageFile(name: string): Response {
  const file = pageFile(name);
  return file === undefined ? respondText("Cannot find this file", 404) : respond(file.text, file.type, "own");
}

/** Responds with the comparison of runs of the list. */
async function respondComparison(paths: readonly string[], { store, machine, list }: State): Promise<Response> {
  const known = new Set(list.read().map(({ path }) => path));
  const unknown = paths.find((path) => !known.has(path));
  if (unknown !== undefined) return respondText(`Cannot find the run ${unknown} in the store`, 404);
  const folders = paths.map((path) => `${store}/${path}`);
  const link = folders.flatMap((folder) => RUN_FILES.map((name) => `${folder}/${name}`))
    .find((path) => leadsOut(store, path, machine));
  if (link !== undefined) return respondText(`Cannot read ${link}: it is a link that leads out of the store`, 403);
  try {
    const { compareRuns, comparisonHTML } = await import("../compare/mod.ts");
    const comparison = await compareRuns(folders, machine);
    return respond(await comparisonHTML(comparison, "/"), "text/html", "single");
  } catch (error) {
    if (error instanceof UsageError || error instanceof FailedError) return respondText(error.message, 422);
    throw error;
  }
}
