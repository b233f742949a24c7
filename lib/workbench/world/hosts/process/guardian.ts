/**
 * Guardian of the nodes: a process of its own, which kills them if the workbench is killed. Otherwise they would stay,
 * a paused one for ever.
 *
 * 1. The guardian starts with the first node, and ends with the last one.
 * 2. The workbench writes a line to its stdin whenever a node starts or ends: the process groups of all nodes.
 * 3. When the workbench ends, by whatever cause, that stdin closes. The guardian kills the groups of the last line.
 *
 * @module
 */

/** Script of the guardian. `$groups` is empty or has negative numbers, so that `kill` takes them as groups. */
const SCRIPT = `groups=
while read -r line; do groups=$line; done
[ -z "$groups" ] || kill -KILL $groups 2>/dev/null`;

/** Guardian that runs. */
interface Guardian {
  readonly stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly ended: Promise<unknown>;
}

/** Process groups of the nodes that run. */
const groups = new Set<number>();
/** Runs as long as `groups` is not empty, unless it cannot be started. */
let guardian: Guardian | undefined;

/**
 * Adds a process group to those that the guardian kills.
 *
 * @param pid Process that leads the group.
 * @returns Function that removes the group. It resolves when no guardian is left that has no groups.
 */
export function guardGroup(pid: number): () => Promise<void> {
  guardian ??= startGuardian();
  groups.add(pid);
  tellGroups();
  return async () => {
    groups.delete(pid);
    tellGroups();
    if (groups.size > 0 || guardian === undefined) return;
    const { stdin, ended } = guardian;
    guardian = undefined;
    await stdin.close().catch(() => {});
    await ended;
  };
}

function startGuardian(): Guardian | undefined {
  try {
    // It leads a group of its own, so that signals from a terminal do not reach it.
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", SCRIPT],
      cwd: "/",
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    return { stdin: child.stdin.getWriter(), ended: child.status };
  } catch {
    // There is no shell, or the system is out of processes or files. The workbench still kills the nodes itself.
    return undefined;
  }
}

function tellGroups(): void {
  const line = Array.from(groups, (pid) => -pid).join(" ");
  guardian?.stdin.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
}
