/**
 * A watchdog for simulations: ends the process when a node computes without end.
 *
 * The nodes of a simulation share a thread with the workbench. One that never gives it back, as by `for (;;) await 0`, holds up everything
 * there, Ctrl-C included. So does a module while it is imported. Only another thread can notice, and all that it can do is to end the
 * process.
 *
 * @module
 */

/** How long a turn of a node may take, ms of real time; and a module, until it has given its program. */
const LIMIT = 30_000;

/** Where a number stands in the memory that both threads share. */
export const COUNT = 0;
export const WHO = 1;
export const WRITES = 2;
/** Stands for a node or module while none has its turn. */
export const NOBODY = -1;

/** Who has a turn: a node, or a module that is to give its program. */
export interface Subject {
  kind: "node" | "module";
  /** The node's name, or the module's path. */
  name: string;
}

/** What the threads tell each other: the memory they share, then who there is whenever there is somebody new. */
export type Told = { shared: Int32Array; limit: number } | { subjects: readonly Subject[] };

/** How many turns there were, whose turn it is, and how many writes have begun and ended: an odd number while one is under way. */
const shared = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)).fill(NOBODY, WHO, WHO + 1);
/** All that there ever were. */
const subjects: Subject[] = [];
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
  started.postMessage({ subjects } satisfies Told);
  return () => started.terminate();
}

/** Returns a function to call whenever a node has its turn: a few nanoseconds, whether there is a watchdog or not. */
export function watchTurns(node: string): () => void {
  return watch({ kind: "node", name: node });
}

/** From now on a module has its turn: it is imported, or makes its program. */
export function beginModule(path: string): void {
  watch({ kind: "module", name: path })();
}

function watch({ kind, name }: Subject): () => void {
  let index = subjects.findIndex((subject) => subject.kind === kind && subject.name === name);
  if (index < 0) {
    index = subjects.push({ kind, name }) - 1;
    thread?.postMessage({ subjects } satisfies Told);
  }
  return () => {
    shared[COUNT]!++;
    shared[WHO] = index;
  };
}

/** The turn is over, with all that it has set off; until the next one, what takes long is the workbench. */
export function endTurn(): void {
  shared[WHO] = NOBODY;
}

/** The node whose turn it is; undefined while none has. */
export function nodeInTurn(): string | undefined {
  const subject = subjects[shared[WHO]!];
  return subject?.kind === "node" ? subject.name : undefined;
}

/** Writes to where others may hold it up, such as to a pipe that nobody reads: that is no fault of the node's whose turn it is. */
export function whileWriting<T>(write: () => T): T {
  shared[WRITES]!++;
  try {
    return write();
  } finally {
    shared[WRITES]!++;
  }
}
