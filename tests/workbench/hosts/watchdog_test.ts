// @ts-types="../../../types/assert.d.ts"
import { assertEquals } from "@std/assert";

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
  "messages or time; see whether it loops over an await that waits for nothing\n";

for (const how of ["microtasks", "loop"]) {
  Deno.test({
    name: `the watchdog ends a simulation whose node computes without end, and names the node: ${how}`,
    ignore,
    async fn() {
      assertEquals(await watched(how), ["SIGKILL", "", EXPECTED]);
    },
  });
}

Deno.test({
  name: "the watchdog lets the workbench compute for as long as it takes",
  ignore,
  async fn() {
    assertEquals(await watched("workbench"), [null, "true\n", ""]);
  },
});
