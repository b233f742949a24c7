import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { IGNORED, runs, testScript } from "./process_rig.ts";

/** Returns true if a killed process is gone, which takes a moment. */
async function ends(pid: string): Promise<boolean> {
  for (let i = 0; i < 500 && runs(pid); i++) await delay(20);
  return !runs(pid);
}

testScript("a node that reads nothing blocks nothing", "sleep 60", async ({ send, node, failures }) => {
  for (let i = 0; i < 100; i++) send({ type: "hello", text: "x".repeat(100_000) });
  await node.stop();
  assertEquals(failures, []);
});

testScript(
  "stop ends the node, and the processes that it has started",
  `sleep 600 & echo "child $! of $$" >&2; trap '' TERM INT HUP; wait`,
  async ({ node, said, failures, network }) => {
    const [, child, parent] = (await said("child")).match(/child (\d+) of (\d+)/)!;
    assertEquals([runs(child!), runs(parent!)], [true, true]);
    await node.stop();
    assertEquals([await ends(child!), await ends(parent!)], [true, true]);
    await node.stop();
    assertEquals(failures, []);
    network.attach("n0", () => {});
  },
);

testScript(
  "a crash ends what the node has started",
  `sleep 600 & echo "child $!" >&2; exit 1`,
  async ({ said, failure }) => {
    const [, child] = (await said("child")).match(/child (\d+)/)!;
    await failure;
    assertEquals(await ends(child!), true);
  },
);

Deno.test({
  name: "when the workbench exits, its nodes are killed",
  ignore: IGNORED,
  async fn() {
    const folder = await Deno.makeTempDir();
    const process = new URL("../../../../../lib/workbench/world/hosts/process/process.ts", import.meta.url);
    const config = new URL("../../../../../deno.json", import.meta.url);
    const script = `
      import { startProcess } from ${JSON.stringify(process)};
      const network = { attach() {}, detach() {}, send() {} };
      const args = ["-c", "echo $$ >&2; sleep 600"];
      const onStderr = (line) => { console.log(line.slice(4)); Deno.exit(7); };
      startProcess("n0", { bin: "/bin/sh", args, logFile: () => ${
      JSON.stringify(`${folder}/log`)
    }, onStderr }, network, () => {});
    `;
    await Deno.writeTextFile(`${folder}/exits.ts`, script);
    const args = ["run", "-A", "--no-check", "--config", config.pathname, `${folder}/exits.ts`];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(code, 7);
    assertEquals(await ends(new TextDecoder().decode(stdout).trim()), true);
    await Deno.remove(folder, { recursive: true });
  },
});
