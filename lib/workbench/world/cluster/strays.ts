/**
 * Processes that have left the process group of the one that has started them, as daemons do. The signals for a node do
 * not reach them, so they would stay when a cluster has ended.
 *
 * 1. All processes of a cluster have a mark in their environment, which what they start inherits.
 * 2. When the cluster ends, those that still run are found by it in `/proc`, and killed. So it takes Linux, and a
 *    process that has cleared its environment is not found.
 *
 * @module
 */

/** Name of the variable with the mark. */
export const MARK = "MAELSTROM_MARK";

/** Creates the mark of a cluster. */
export function createMark(): Record<typeof MARK, string> {
  return { [MARK]: crypto.randomUUID() };
}

/** Returns the mark of this process, for the environment of those that it starts; nothing if it has none. */
export function ownMark(): Partial<Record<typeof MARK, string>> {
  const mark = Deno.env.get(MARK);
  return mark === undefined ? {} : { [MARK]: mark };
}

/** Prints the paths of the environments with a mark. Deno may read no file in `/proc` itself. */
const SCRIPT = 'grep -lzxs "$1" /proc/[0-9]*/environ';

/** Kills the processes with a mark. It does not throw. */
export async function endStrays(mark: string): Promise<void> {
  if (Deno.build.os !== "linux") return;
  for (const pid of await findMarked(mark)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended, or is another user's now.
    }
  }
}

async function findMarked(mark: string): Promise<number[]> {
  try {
    const args = ["-c", SCRIPT, "sh", `${MARK}=${mark}`];
    const { stdout } = await new Deno.Command("/bin/sh", { args, stderr: "null" }).output();
    return Array.from(new TextDecoder().decode(stdout).matchAll(/^\/proc\/(\d+)\//gm), ([, pid]) => Number(pid));
  } catch {
    return [];
  }
}
