import { assertEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";

const isAllowed = (await Deno.permissions.query({ name: "run", command: "git" })).state === "granted";

Deno.test({
  name: ".gitignore names none of our own files: deno fmt, deno lint and deno publish would leave them out",
  ignore: !isAllowed,
  async fn() {
    const args = ["ls-files", "--cached", "--ignored", "--exclude-per-directory=.gitignore"];
    const { stdout } = await new Deno.Command("git", { args, cwd: ROOT, stderr: "null" }).output();
    assertEquals(new TextDecoder().decode(stdout), "");
  },
});
