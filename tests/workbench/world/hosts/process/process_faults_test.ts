import { assert, assertEquals, assertGreater, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Body } from "../../../../../lib/protocol.ts";
import { RealClock } from "../../../../../lib/workbench/world/real_clock.ts";
import { type Cluster, createCluster } from "../../../../../lib/workbench/run/cluster.ts";
import { openConnection } from "../../../../../lib/workbench/world/connection.ts";
import { processWorld } from "../../../../../lib/workbench/world/hosts/process/process.ts";
import { createNetwork } from "../../../../../lib/workbench/world/network/network.ts";
import type { Operation } from "../../../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../../../lib/workbench/world/random.ts";
import type { TestException } from "../../../../../lib/workbench/base/test_exception.ts";
import { runTest } from "../../../../../lib/workbench/run/run.ts";
import { WORKLOADS } from "../../../../../lib/workbench/workloads/mod.ts";
import { testOptions } from "../../../run/stand_in.ts";
import { IGNORED, logsIn, stateOf, untilEnded, untilStopped } from "./process_rig.ts";

/** Node in shell with a child process. It answers each message with both process ids, and a count of its answers. */
const NODE = `
  sleep 600 & child=$!
  echo "life of $$" >&2
  count=0
  while read -r line; do
    count=$((count + 1))
    src=$(echo "$line" | sed 's/.*"src":"\\([^"]*\\)".*/\\1/')
    id=$(echo "$line" | sed 's/.*"msg_id":\\([0-9]*\\).*/\\1/')
    body="{\\"type\\":\\"init_ok\\",\\"in_reply_to\\":$id,\\"count\\":$count,\\"pids\\":[$$,$child]}"
    echo "{\\"src\\":\\"n0\\",\\"dest\\":\\"$src\\",\\"body\\":$body}"
  done`;

interface Rig {
  cluster: Cluster;
  network: ReturnType<typeof createNetwork>;
  ask(): Promise<{ count: number; pids: number[] }>;
  failures: TestException[];
  notes: TestException[];
  folder: string;
}

/** Runs a test with a node that is this shell script; afterwards none of its processes may be left. */
function testNode(name: string, script: string, test: (rig: Rig) => Promise<void>): void {
  Deno.test({
    name,
    ignore: IGNORED,
    async fn() {
      const folder = await Deno.makeTempDir();
      const clock = new RealClock();
      const random = seededRandom("dune");
      const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
      const failures: TestException[] = [];
      const notes: TestException[] = [];
      const bin = { bin: "/bin/sh", args: ["-c", script, folder], openLog: logsIn(folder) };
      const cluster = createCluster({
        world: processWorld({ clock, ...bin }),
        network,
        random,
        test: testOptions({ nodes: ["n0"] }),
        workload: WORKLOADS.echo!,
        onFailure: (failure) => void failures.push(failure),
        note: (exception) => void notes.push(exception),
        signal: new AbortController().signal,
      });
      await cluster.open();
      const client = openConnection(network, clock);
      const ask = (): Promise<Body> => client.call("n0", { type: "hello" }, 60_000);
      try {
        await test({
          cluster,
          network,
          ask: ask as () => Promise<Body & { count: number; pids: number[] }>,
          failures,
          notes,
          folder,
        });
      } finally {
        await cluster.close();
        client.close();
      }
      assertEquals([failures, processesOf(folder)], [[], []]);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

/** Lists the processes with this argument. */
function processesOf(mark: string): string[] {
  const { stdout } = new Deno.Command("ps", { args: ["-eo", "stat=,args="] }).outputSync();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.filter((line) => line.includes(mark) && !line.trim().startsWith("Z"));
}

testNode("a paused node stands still with its children, and then answers the messages that have waited", NODE, async ({
  cluster,
  ask,
}) => {
  const { pids, count } = await ask();
  assertEquals(cluster.pause("n0"), "paused");
  await untilStopped(pids);
  const answers = [ask(), ask(), ask()];
  assertEquals(cluster.resume("n0"), "resumed");
  assertEquals((await Promise.all(answers)).map((answer) => [answer.count, answer.pids]), [
    [count + 1, pids],
    [count + 2, pids],
    [count + 3, pids],
  ]);
  for (const pid of pids) assertNotEquals(stateOf(pid)[0], "T");
});

testNode(
  "a killed node is not reported as crashed; it starts again with an empty memory, and appends to its log",
  NODE,
  async ({
    cluster,
    ask,
    failures,
    folder,
  }) => {
    await ask();
    const { pids: before } = await ask();
    assertEquals(await cluster.kill("n0"), "killed");
    await untilEnded(before);
    assertEquals(await cluster.start("n0"), "started");
    const { pids: after, count } = await ask();
    // The first was the init.
    assertEquals([count, failures], [2, []]);
    assert(after.every((pid) => !before.includes(pid)));
    const log = await Deno.readTextFile(`${folder}/n0.log`);
    assertEquals(log, `life of ${before[0]}\nlife of ${after[0]}\n`);
  },
);

testNode("a paused node can be killed, and is not paused when it starts again", NODE, async ({ cluster, ask }) => {
  const { pids } = await ask();
  cluster.pause("n0");
  assertEquals(await cluster.kill("n0"), "killed");
  await untilEnded(pids);
  await cluster.start("n0");
  assertEquals([cluster.resume("n0"), (await ask()).count], ["not-paused", 2]);
});

testNode("closing a cluster leaves no paused process behind", NODE, async ({ cluster, ask }) => {
  const { pids } = await ask();
  cluster.pause("n0");
  await cluster.close();
  await untilEnded(pids);
});

const MEGABYTES = 60;

testNode(
  "a paused node may leave a lot unread, and gets it when it is resumed",
  // Answers init, reads the rest, and answers again after a failure would have been reported.
  `read -r line; echo '{"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}'
   head -c ${MEGABYTES}000000 >/dev/null; sleep 0.5
   echo '{"src":"n0","dest":"c1","body":{"type":"hello_ok","in_reply_to":1}}'; exec cat >/dev/null`,
  async ({ cluster, network, ask, failures }) => {
    cluster.pause("n0");
    const text = "x".repeat(1_000_000);
    network.attach("c9", () => {});
    for (let i = 0; i < MEGABYTES; i++) network.send({ src: "c9", dest: "n0", body: { type: "hello", text } });
    const answer = ask();
    // The init, its answer, and these.
    const delivered = () => network.journal.counts.clients.recv_count;
    while (delivered() < MEGABYTES + 3) await new Promise((resolve) => setTimeout(resolve, 0));
    cluster.resume("n0");
    await answer;
    assertEquals(failures, []);
  },
);

testNode(
  "of the messages to a paused node, those beyond a bound are lost, and counted",
  `read -r line; echo '{"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}'; exec cat >/dev/null`,
  async ({ cluster, network, failures, notes }) => {
    cluster.pause("n0");
    const text = "x".repeat(1_000_000);
    network.attach("c9", () => {});
    for (let i = 0; i < 100; i++) network.send({ src: "c9", dest: "n0", body: { type: "hello", text } });
    while (notes.length < 32) await new Promise((resolve) => setTimeout(resolve, 0));
    cluster.resume("n0");
    const [{ type, node, message, count }] = notes as [TestException];
    assertEquals([type, node, count, notes.length], ["backlog-full", "n0", 1, 32]);
    assertStringIncludes(message, "Node n0 is paused, and 67.1 MB of messages wait for it");
    // The init, its answer, and those that were kept.
    assertEquals(network.journal.counts.clients.recv_count, 2 + 100 - 32);
    assertEquals(failures, []);
  },
);

Deno.test({
  name: "a test that pauses and kills real nodes ends, and leaves no process behind",
  ignore: IGNORED,
  async fn() {
    const folder = await Deno.makeTempDir();
    const clock = new RealClock();
    const program = new URL("../../../../../challenges/echo.ts", import.meta.url).pathname;
    const args = ["run", "--no-check", `--allow-read=${folder}`, program];
    const world = processWorld({ clock, bin: Deno.execPath(), args, openLog: logsIn(folder) });
    const history: Operation[] = [];
    const results = await runTest(
      {
        ...testOptions({ nodes: ["n0", "n1", "n2"] }),
        // A client waits 5 s for a node that was killed: each operation has a client of its own.
        concurrency: 240,
        timeLimitSeconds: 4,
        rate: 50,
        nemesis: ["pause", "kill", "loss", "partition"],
        // A node has to start between two kills, also on a machine that does other work.
        nemesisIntervalSeconds: 0.5,
        challenge: null,
        workload: { ...WORKLOADS.echo!, check: (seen) => (history.push(...seen), { valid: true }) },
        seed: "dune",
        limits: [],
        logNetSend: false,
        logNetRecv: false,
      },
      world,
      {},
    );
    assertEquals(results.exceptions, []);
    for (const outcome of ["killed", "started", "paused", "resumed"]) {
      assert(history.some(({ value }) => Object.values(value ?? {}).includes(outcome)), `nobody was ${outcome}`);
    }
    assertGreater(results.operations!.ok, 0);
    assertEquals(processesOf(folder), []);
    await Deno.remove(folder, { recursive: true });
  },
});
