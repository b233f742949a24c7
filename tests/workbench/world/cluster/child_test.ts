import { assertEquals } from "@std/assert";
import { startChild } from "../../../../lib/workbench/world/cluster/child.ts";

const NEEDED: readonly Deno.PermissionDescriptor["name"][] = ["read", "write", "run", "env"];
const isPermitted = (await Promise.all(NEEDED.map((name) => Deno.permissions.query({ name }))))
  .every(({ state }) => state === "granted");

Deno.test({
  name: "a process has ended although one in another session, which it has started, holds its output",
  // Other systems have no setsid.
  ignore: !isPermitted || Deno.build.os !== "linux",
  // The guardian of all processes stays.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const folder = await Deno.makeTempDir();
    const log = `${folder}/n0.log`;
    const script = "setsid sh -c 'echo $$; sleep 20; echo end' & until [ -s $0 ]; do sleep 0.1; done; exit 3";
    try {
      const child = startChild({ bin: "bash", args: ["-c", script, log], env: Deno.env.toObject(), log });
      assertEquals(await child.ended, "exited with status 3");
      const [pid, ...rest] = (await Deno.readTextFile(log)).trim().split("\n");
      assertEquals(rest, [], "the end of the other process was waited for");
      Deno.kill(-Number(pid), "SIGKILL");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
