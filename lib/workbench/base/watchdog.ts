/**
 * Watchdog of simulations: ends the process when a node computes without end, as in `for (;;) await 0`.
 *
 * 1. A turn is the handling of one message or timer by a node, with the promise callbacks that follow. The nodes of a
 *    simulation share one thread with the workbench: a turn that does not end blocks all of it, Ctrl-C included.
 * 2. At the beginning and the end of each turn the simulation's thread writes a few numbers into shared memory.
 * 3. Another thread, `watchdog_thread.ts`, reads them from time to time. If a turn takes too long, it kills the
 *    process.
 *
 * A module has a turn too, while it is imported and makes its program.
 *
 * @module
 */

/** Longest turn, ms of real time. */
const LIMIT = 30_000;

/** Slots of the shared memory. */
export const SLOT = {
  /** Number of turns so far. */
  turns: 0,
  /** Index of the {@linkcode Subject} whose turn it is, or {@linkcode NO_SUBJECT}. */
  subject: 1,
  /** Number of writes begun plus number of writes ended: odd while one is under way. */
  writes: 2,
} as const;

/** Value of `SLOT.subject` between turns. */
export const NO_SUBJECT = -1;

/** Node or module that has turns. */
export interface Subject {
  kind: "node" | "module";
  /** Name of the node, or path of the module. */
  name: string;
}

/** Message to the watchdog's thread: the shared memory at first, and all subjects whenever there is a new one. */
export type WatchdogMessage = { memory: Int32Array; limit: number; kills: boolean } | { subjects: readonly Subject[] };

/** Shared memory. Only the simulation's thread writes it. */
const memory = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
memory[SLOT.subject] = NO_SUBJECT;
/** Subjects so far: it only grows, so that an index stays valid. */
const subjects: Subject[] = [];
let thread: Worker | undefined;

/**
 * Starts the watchdog of this thread. If a turn takes longer than the limit, it says so on stderr and kills the
 * process.
 *
 * @param limit Milliseconds of real time.
 * @param kills False if it only says so.
 * @returns Function that ends it.
 */
export function startWatchdog(limit: number = LIMIT, kills = true): () => void {
  const started = new Worker(new URL("./watchdog_thread.ts", import.meta.url), { type: "module" });
  started.postMessage({ memory, limit, kills } satisfies WatchdogMessage);
  started.postMessage({ subjects } satisfies WatchdogMessage);
  thread = started;
  return () => started.terminate();
}

/** Registers a node. Returns a function that begins one of its turns, which takes a few nanoseconds. */
export function registerNode(node: string): () => void {
  return register({ kind: "node", name: node });
}

/** Begins the turn of a module. */
export function beginModule(path: string): void {
  const begin = register({ kind: "module", name: path });
  begin();
}

/** Registers a subject, unless it is known. Returns a function that begins one of its turns. */
function register({ kind, name }: Subject): () => void {
  let index = subjects.findIndex((subject) => subject.kind === kind && subject.name === name);
  if (index < 0) {
    index = subjects.push({ kind, name }) - 1;
    thread?.postMessage({ subjects } satisfies WatchdogMessage);
  }
  return () => {
    memory[SLOT.turns]!++;
    memory[SLOT.subject] = index;
  };
}

/**
 * Ends a turn, after the promise callbacks that follow it. What the workbench does until the next turn may take any
 * time.
 */
export function endTurn(): void {
  memory[SLOT.subject] = NO_SUBJECT;
}

/** Performs a write that may block, as to a pipe that is full: that time does not count as the node's. */
export function whileWriting<T>(write: () => T): T {
  memory[SLOT.writes]!++;
  try {
    return write();
  } finally {
    memory[SLOT.writes]!++;
  }
}
