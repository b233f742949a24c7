/**
 * CPU time of processes, from `/proc`.
 *
 * @module
 */

/** Processes by the name of the part that they are. */
export type Parts = ReadonlyMap<string, number>;

/** Ticks of a second: Linux has the same on all machines. */
const TICKS = 100;

/** Returns the CPU time that each process has used so far, s. One that has ended is left out. */
export function cpuSeconds(parts: Parts): Map<string, number> {
  const used = new Map<string, number>();
  for (const [name, pid] of parts) {
    try {
      used.set(name, parseStat(Deno.readTextFileSync(`/proc/${pid}/stat`)));
    } catch {
      // It has ended.
    }
  }
  return used;
}

/** Parses `/proc/PID/stat`: returns the time in user and system mode, s. */
export function parseStat(text: string): number {
  // The name of the program is in brackets, and may have spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Returns the share of a core that each process has used between two looks, in percent. */
export function cpuShares(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  seconds: number,
): Map<string, number> {
  return new Map(Array.from(after, ([name, used]) => [name, 100 * (used - (before.get(name) ?? 0)) / seconds]));
}
