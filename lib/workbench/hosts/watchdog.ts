/**
 * A watchdog for simulations: ends the process when a node computes without end.
 *
 * The nodes of a simulation share a thread with the workbench. One that never gives it back, as by `for (;;) await 0`, holds up everything
 * there, Ctrl-C included. Only another thread can notice, and all that it can do is to end the process.
 *
 * @module
 */

/** How long a turn of a node may take, ms of real time. */
const LIMIT = 30_000;

/** Where a number stands in the memory that both threads share. */
export const COUNT = 0;
export const NODE = 1;
/** Stands for a node while none has its turn. */
export const NOBODY = -1;

/** What the threads tell each other: the memory they share, then the names of the nodes whenever there is a new one. */
export type Told = { shared: Int32Array; limit: number } | { names: readonly string[] };

/** How many turns nodes have had, and whose turn is the last. */
const shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)).fill(NOBODY, NODE);
/** The names of the nodes that there ever were. */
const names: string[] = [];
let thread: Worker | undefined;

/**
 * Starts the watchdog of this process: when a turn takes longer than the limit, it says so on stderr, and kills the process.
 *
 * @param limit Milliseconds of real time.
 * @returns Ends it.
 */
export function startWatchdog(limit: number = LIMIT): () => void {
  const started = thread = new Worker(new URL("./watchdog_thread.ts", import.meta.url), { type: "module" });
  started.postMessage({ shared, limit } satisfies Told);
  started.postMessage({ names } satisfies Told);
  return () => started.terminate();
}

/** Returns a function to call whenever a node has its turn: a few nanoseconds, whether there is a watchdog or not. */
export function watchTurns(node: string): () => void {
  if (!names.includes(node)) {
    names.push(node);
    thread?.postMessage({ names } satisfies Told);
  }
  const index = names.indexOf(node);
  return () => {
    shared[COUNT]!++;
    shared[NODE] = index;
  };
}

/** From now on, until the next turn, no node has one: what takes long is the workbench. */
export function endTurns(): void {
  shared[NODE] = NOBODY;
}
