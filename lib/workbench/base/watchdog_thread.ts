/**
 * The thread of the watchdog, which looks at the turns of the nodes from time to time.
 *
 * @module
 */

import { COUNT, NOBODY, type Subject, type Told, WHO, WRITES } from "./watchdog.ts";

/** So often it looks within the limit. A turn is too long when it was under way each time. */
const LOOKS = 30;

/** The part of a worker's global scope that it uses; its types cannot stand beside those of a page. */
const scope = globalThis as unknown as { onmessage: ((event: MessageEvent<Told>) => void) | null };

let subjects: readonly Subject[] = [];

scope.onmessage = ({ data }) => {
  if ("subjects" in data) subjects = data.subjects;
  else watch(data.shared, data.limit);
};

function watch(shared: Int32Array, limit: number): void {
  let [lastCount, lastWrites, looks] = [0, 0, 0];
  setInterval(() => {
    const [count, who, writes] = [COUNT, WHO, WRITES].map((index) => Atomics.load(shared, index)) as [
      number,
      number,
      number,
    ];
    // One write since the last look: somebody holds it up.
    const heldUp = writes % 2 === 1 && writes === lastWrites;
    if (who === NOBODY || count !== lastCount) looks = 0;
    else if (!heldUp && ++looks === LOOKS) end(subjects[who]!, limit / 1000);
    [lastCount, lastWrites] = [count, writes];
  }, limit / LOOKS);
}

/** What is wrong; how long it took, in seconds. */
const MESSAGES: Record<Subject["kind"], (name: string, seconds: number) => string> = {
  node: (name, seconds) =>
    `Node ${name} computes without end: one of its turns has taken ${seconds} s, expected handlers and timers that wait ` +
    "for messages or time; see whether it loops over an await that waits for nothing",
  module: (name, seconds) =>
    `Cannot simulate ${name}: it computes without end: it has not given its program within ${seconds} s; see whether it ` +
    "loops while it is imported, or in createProgram(args)",
};

function end({ kind, name }: Subject, seconds: number): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\n${MESSAGES[kind](name, seconds)}\n`));
  // A thread that never rests cannot be asked to end.
  Deno.kill(Deno.pid, "SIGKILL");
}
