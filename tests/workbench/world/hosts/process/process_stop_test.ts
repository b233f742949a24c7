import { assertEquals } from "@std/assert";
import { IGNORED, runs, testScript, untilEnded } from "./process_rig.ts";

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
    await untilEnded([child!, parent!]);
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
    await untilEnded([child!]);
  },
);

/** Ways in which the workbench may end: code that ends it, and its exit status. */
const ENDS: Record<string, [code: string, status: number]> = {
  exits: ["Deno.exit(7)", 7],
  "is killed": ["Deno.kill(Deno.pid, 'SIGKILL')", 137],
  "is hung up": ["Deno.kill(Deno.pid, 'SIGHUP')", 129],
};

for (const [how, [end, status]] of Object.entries(ENDS)) testEnd(how, end, status);

function testEnd(how: string, end: string, status: number): void {
  Deno.test({
    name: `when the workbench ${how}, its nodes are killed, paused or not`,
    ignore: IGNORED,
    fn: () => testEndWith(end, status),
  });
}

async function testEndWith(end: string, status: number): Promise<void> {
  const folder = await Deno.makeTempDir();
  const process = new URL("../../../../../lib/workbench/world/hosts/process/process.ts", import.meta.url);
  const config = new URL("../../../../../deno.json", import.meta.url);
  const script = `
    import { startProcess } from ${JSON.stringify(process)};
    const network = { attach() {}, detach() {}, send() {} };
    const args = ["-c", "echo $$ >&2; sleep 600"];
    const openLog = () => ({ path: "", isWhole: true, write() {}, close() {} });
    const nodes = [];
    let started = 0;
    const onStderr = (line) => {
      console.log(line.slice(4));
      if (++started < 2) return;
      nodes[0].pause();
      setTimeout(() => ${end}, 0);
    };
    for (const id of ["n0", "n1"]) {
      nodes.push(startProcess(id, { bin: "/bin/sh", args, openLog, onStderr }, network, () => {}));
    }
  `;
  await Deno.writeTextFile(`${folder}/ends.ts`, script);
  const args = ["run", "-A", "--no-check", "--config", config.pathname, `${folder}/ends.ts`];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  assertEquals(code, status);
  const pids = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(pids.length, 2);
  await untilEnded(pids);
  await Deno.remove(folder, { recursive: true });
}
