import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { compile } from "../../../lib/workbench/cli/compile.ts";
import { FailedError } from "../../../lib/workbench/base/errors.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";

const ALLOWED = ["read", "write", "run"].every((name) =>
  Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state === "granted"
);

/** Returns the reason why programs cannot be compiled here; undefined if they can. */
function obstacle(): string | undefined {
  if (!ALLOWED) return "needs permissions to read, write and run";
  const folder = Deno.makeTempDirSync();
  try {
    compile(ROOT, "echo", `${folder}/echo`);
    return undefined;
  } catch (error) {
    if ((error as Error).message.includes("base of its binaries")) return (error as Error).message;
    throw error;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const problem = obstacle();

Deno.test({
  name: `compile() creates a standalone node${problem === undefined ? "" : ` (ignored: ${problem})`}`,
  ignore: problem !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    compile(ROOT, "unique-ids", `${folder}/unique-ids`);
    const child = new Deno.Command(`${folder}/unique-ids`, { stdin: "piped", stdout: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    const init = { src: "c0", dest: "n0", body: { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0"] } };
    await writer.write(new TextEncoder().encode(`${JSON.stringify(init)}\n`));
    await writer.close();
    const { code, stdout } = await child.output();
    await Deno.remove(folder, { recursive: true });
    assertEquals(code, 0);
    assertStringIncludes(new TextDecoder().decode(stdout), '"type":"init_ok"');
  },
});

Deno.test({
  name: "compile() reports why it failed",
  ignore: !ALLOWED,
  fn() {
    const { message } = assertThrows(() => compile("/no/such/project", "echo", "/no/such/folder/echo"), FailedError);
    assertStringIncludes(message, "Cannot compile echo: ");
  },
});

/** Runs `deno task compile`, as a user does. */
async function runTask(...names: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = ["task", "--quiet", "--cwd", ROOT, "compile", ...names];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test({
  name: "deno task compile compiles a program, or says that the base of the binaries cannot be fetched",
  ignore: !ALLOWED,
  async fn() {
    const { code, stdout, stderr } = await runTask("echo");
    if (code === 0) assertEquals(stdout, "dist/echo\n");
    else assert(/^Cannot compile echo: Deno cannot fetch the base of its binaries, .+\n$/.test(stderr), stderr);
  },
});

Deno.test({
  name: "deno task compile refuses an unknown program",
  ignore: !ALLOWED,
  async fn() {
    const { code, stderr } = await runTask("ecko");
    assertEquals(code, 254);
    assertStringIncludes(stderr, "Cannot compile ecko: expected one of echo, ");
  },
});
