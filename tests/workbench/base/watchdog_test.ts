import { assertEquals, assertMatch } from "@std/assert";

const ignore = (["read", "run"] as const).some((name) => Deno.permissions.querySync({ name }).state !== "granted");
const SCRIPT = decodeURIComponent(new URL("../programs/watched.ts", import.meta.url).pathname);

async function watched(who: string): Promise<[signal: string | null, stdout: string, stderr: string]> {
  const { signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-read", "--allow-run", SCRIPT, who],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return [signal, decoder.decode(stdout), decoder.decode(stderr)];
}

const EXPECTED =
  "\nNode elm computes without end: one of its turns has taken 1 s, expected handlers and timers that wait for " +
  "messages or time; look for a loop over an await that waits for nothing\n";

for (const how of ["microtasks", "loop", "writes"]) {
  Deno.test({
    name: `the watchdog kills a simulation whose node computes without end, and names the node: ${how}`,
    ignore,
    async fn() {
      assertEquals(await watched(how), ["SIGKILL", "", EXPECTED]);
    },
  });
}

for (const [how, module] of [["import", "loops_at_import"], ["start", "loops_when_started"]] as const) {
  Deno.test({
    name: `the watchdog kills the process if a module computes without end: ${how}`,
    ignore,
    async fn() {
      const [signal, stdout, stderr] = await watched(how);
      assertEquals([signal, stdout], ["SIGKILL", ""]);
      assertMatch(
        stderr,
        new RegExp(
          `^\nCannot simulate /.*/${module}\\.ts: it computes without end: .* within 1 s; look for a loop .*\n$`,
        ),
      );
    },
  });
}

for (const how of ["workbench", "heldUp"]) {
  Deno.test({
    name: `the watchdog lets the workbench compute and writes block for any time: ${how}`,
    ignore,
    async fn() {
      assertEquals(await watched(how), [null, "true\n", ""]);
    },
  });
}
