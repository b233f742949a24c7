/**
 * The thread of the watchdog, which looks at the turns of the nodes from time to time.
 *
 * @module
 */

import { COUNT, NOBODY, NODE, type Told } from "./watchdog.ts";

/** So often it looks within the limit. A turn is too long when it was under way each time. */
const LOOKS = 30;

/** The part of a worker's global scope that it uses; its types cannot stand beside those of a page. */
const scope = globalThis as unknown as { onmessage: ((event: MessageEvent<Told>) => void) | null };

let names: readonly string[] = [];

scope.onmessage = ({ data }) => {
  if ("names" in data) names = data.names;
  else watch(data.shared, data.limit);
};

function watch(shared: Int32Array, limit: number): void {
  let last = NOBODY;
  let looks = 0;
  setInterval(() => {
    const [count, node] = [Atomics.load(shared, COUNT), Atomics.load(shared, NODE)];
    if (node === NOBODY || count !== last) looks = 0;
    else if (++looks === LOOKS) end(names[node]!, limit);
    last = count;
  }, limit / LOOKS);
}

function end(node: string, limit: number): void {
  const message =
    `\nNode ${node} computes without end: one of its turns has taken ${limit / 1000} s, expected handlers and timers ` +
    "that wait for messages or time; see whether it loops over an await that waits for nothing\n";
  Deno.stderr.writeSync(new TextEncoder().encode(message));
  // A thread that never rests cannot be asked to end.
  Deno.kill(Deno.pid, "SIGKILL");
}
