/**
 * CPU time of processes, from `/proc`.
 *
 * @module
 */

/** Processes by the name of the part that they are. */
export type Parts = ReadonlyMap<string, number>;

/** Ticks of a second: Linux has the same on all machines. */
const TICKS = 100;

/** Name of everything on the machine that is not measured. */
export const OTHERS = "others";

/** Returns the CPU time that each process, and all {@linkcode OTHERS}, have used so far, s. */
export function cpuSeconds(parts: Parts): Map<string, number> {
  const used = new Map<string, number>();
  for (const [name, pid] of parts) {
    try {
      used.set(name, parseStat(Deno.readTextFileSync(`/proc/${pid}/stat`)));
    } catch {
      // It has ended.
    }
  }
  const measured = used.values().reduce((sum, seconds) => sum + seconds, 0);
  return used.set(OTHERS, busySeconds(Deno.readTextFileSync("/proc/stat")) - measured);
}

/** Parses `/proc/stat`: returns the time of all cores in which they were not idle, s. */
export function busySeconds(text: string): number {
  const [user, nice, system, , , irq, softirq] = text.slice("cpu ".length).trim().split(/\s+/).map(Number);
  return (user! + nice! + system! + irq! + softirq!) / TICKS;
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
