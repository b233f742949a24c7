/**
 * Thread of the watchdog: reads now and then whose turn it is. If a turn is too long, it says so and kills the
 * process.
 *
 * @module
 */

import { NO_SUBJECT, SLOT, type Subject, type WatchdogMessage } from "./watchdog.ts";

/** Number of looks within the limit. A turn is too long if it was under way at each of them. */
const LOOKS = 30;

/** The part of a worker's global scope that is used here. It has no types: those of workers exclude those of pages. */
const scope = globalThis as unknown as { onmessage: ((event: MessageEvent<WatchdogMessage>) => void) | null };

let subjects: readonly Subject[] = [];

scope.onmessage = ({ data }) => {
  if ("subjects" in data) subjects = data.subjects;
  else watch(data);
};

function watch({ memory, limit, kills }: Extract<WatchdogMessage, { memory: Int32Array }>): void {
  let [lastTurns, lastWrites, looks] = [0, 0, 0];
  setInterval(() => {
    const turns = Atomics.load(memory, SLOT.turns);
    const subject = Atomics.load(memory, SLOT.subject);
    const writes = Atomics.load(memory, SLOT.writes);
    // The same write as at the last look.
    const isBlocked = writes % 2 === 1 && writes === lastWrites;
    if (subject === NO_SUBJECT || turns !== lastTurns) looks = 0;
    else if (!isBlocked && ++looks === LOOKS) {
      report(subjects[subject]!, limit / 1000);
      // The main thread is blocked: it cannot handle any other signal.
      if (kills) Deno.kill(Deno.pid, "SIGKILL");
    }
    [lastTurns, lastWrites] = [turns, writes];
  }, limit / LOOKS);
}

const MESSAGES: Record<Subject["kind"], (name: string, seconds: number) => string> = {
  node: (name, seconds) =>
    `Node ${name} computes without end: one of its turns has taken ${seconds} s, expected handlers and timers that ` +
    "wait for messages or time; look for a loop over an await that waits for nothing",
  module: (name, seconds) =>
    `Cannot simulate ${name}: it computes without end: it has not given its program within ${seconds} s; look for a ` +
    "loop that runs while it is imported, or when its program is started",
};

function report({ kind, name }: Subject, seconds: number): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\n${MESSAGES[kind](name, seconds)}\n`));
}
