import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { runScript } from "../../../lib/workbench/engines/own_process.ts";

const isAllowed = (["read", "write", "run", "env"] as const)
  .every((name) => Deno.permissions.querySync({ name }).state === "granted");
const { signal } = new AbortController();

/** Calls a function with a new folder, and the path of a script in it that contains `text`, with the folder for `@`. */
async function withScript(text: string, use: (script: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const script = `${folder}/script`;
    await Deno.writeTextFile(script, `#!/bin/sh\n${text.replaceAll("@", folder)}\n`, { mode: 0o755 });
    await use(script, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function test(name: string, fn: () => Promise<void>, ignore: boolean = false): void {
  Deno.test({ name, ignore: ignore || !isAllowed, fn });
}

test("runScript() returns status and outputs", () =>
  withScript('echo "$1"; echo no >&2; exit 7', async (script) => {
    const outcome = await runScript(script, ["yes"], { limitSeconds: 60, signal });
    assertEquals(outcome, { status: 7, stdout: "yes\n", stderr: "no\n", isTimeout: false });
  }));

test("runScript() does not throw if the script cannot be started", async () => {
  const { status, stderr } = await runScript("/nonexistent/script", [], { limitSeconds: 60, signal });
  assertEquals(status, null);
  assert(stderr.includes("/nonexistent/script"));
});

test("runScript() kills a script at the signal, also if that was aborted before", () =>
  withScript("exec sleep 100", async (script) => {
    const { status, isTimeout } = await runScript(script, [], { limitSeconds: 60, signal: AbortSignal.abort() });
    assertEquals([status, isTimeout], [137, false]);
  }));

test(
  "runScript() does not wait for the output of a process that has left the script's group",
  () =>
    withScript("setsid sleep 100 & echo $! >@/pid; echo done", async (script, folder) => {
      const outcome = await runScript(script, [], { limitSeconds: 60, signal });
      assertEquals([outcome.status, outcome.stdout], [0, "done\n"]);
      Deno.kill(Number(await Deno.readTextFile(`${folder}/pid`)), "SIGKILL");
    }),
  Deno.build.os !== "linux", // setsid
);

test("runScript() kills a test that takes too long, and its nodes", () =>
  // The pid says that the node has started.
  withScript("echo $$ >@/pid; exec sleep 100", async (bin, folder) => {
    const words = ["1", "--bin", bin, "--store", folder, "--json", "--engine", "workbench"];
    const { isTimeout, stdout } = await runScript(`${ROOT}/maelstrom.sh`, words, { limitSeconds: 6, signal });
    assertEquals([isTimeout, stdout], [true, ""]);
    const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
    const isAlive = () => new Deno.Command("kill", { args: ["-0", pid], stderr: "null" }).outputSync().success;
    for (let tries = 0; isAlive() && tries < 50; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
    assert(!isAlive(), "the node has ended");
  }));
