/**
 * The six situations of `docs/replication.md`, message by message, in `tests/testdata/replication`. To write them anew
 * after a change of the protocol: `deno test -A tests/challenges/replication/transcripts_test.ts -- --update`.
 */
import { assertEquals } from "@std/assert";
import { type Recorder, startRecorder } from "./transcript.ts";

/** These tests read files. */
const ignore = Deno.permissions.querySync({ name: "read" }).state !== "granted";
const FOLDER = new URL("../../testdata/replication/", import.meta.url);
const MESH = { topology: "mesh", period: 0, ackDelay: 500 } as const;
const HUB = { topology: "hub", period: 100 } as const;

/** Situations by file name: the title, the options of the nodes, and what happens to them. */
const SITUATIONS: Record<
  string,
  [title: string, style: typeof MESH | typeof HUB, happen: (r: Recorder) => Promise<void>]
> = {
  lost_message: [
    "A lost message: n1 asks its hub, which has not acknowledged it, and sends it again",
    HUB,
    async (r) => {
      await settle(r);
      r.say("what n1 sends is lost");
      r.lose(({ src }) => src === "n1");
      await r.append("n1", "x");
      await r.run(150);
      r.say("nothing is lost any more");
      r.lose(undefined);
      await r.run(600);
    },
  ],
  gap: ["A gap: n2 learns from n1 of an entry of n0 that was lost, and asks for it", MESH, async (r) => {
    await settle(r);
    r.say("what n0 sends to n2 is lost");
    r.lose(({ src, dest }) => src === "n0" && dest === "n2");
    await r.append("n0", "x");
    await r.run(15);
    r.lose(undefined);
    r.say("nothing is lost any more");
    await r.append("n1", "y");
    await r.run(400);
  }],
  failed_hub: ["A hub that fails: n1 and n2 suspect n0, and n1 takes its place until n0 is back", HUB, async (r) => {
    await settle(r);
    r.say("n0 is killed");
    r.world.crash("n0");
    await r.append("n2", "x");
    await r.append("n1", "y");
    await r.run(1500);
    r.say("n0 is started again");
    await r.world.restart("n0");
    await r.run(1000);
  }],
  restart: [
    "A node that starts again: an answer to its former incarnation arrives, and is answered with a question",
    HUB,
    async (r) => {
      await settle(r);
      r.say("what n0 sends to n1 is delayed");
      r.delay(({ src, dest }) => src === "n0" && dest === "n1");
      await r.append("n2", "x");
      await r.run(200);
      r.say("n1 is killed and started again");
      r.world.crash("n1");
      await r.world.restart("n1");
      r.deliver();
      await r.run(400);
    },
  ],
  too_far_behind: ["A peer too far behind: n2 gets a snapshot", { ...HUB, keep: 2 } as typeof HUB, async (r) => {
    await settle(r);
    r.say("n2 is cut off");
    r.world.partition(["n2"], ["n0", "n1"]);
    for (const entry of ["p", "q", "r", "s"]) {
      await r.append("n0", entry);
      await r.run(300);
    }
    r.say("n2 is back");
    r.world.heal();
    await r.run(1000);
  }],
  partition: [
    "Two sides of a partition: each has a hub, and they exchange what they lack when it ends",
    HUB,
    async (r) => {
      await settle(r);
      r.say("n0 is cut off from n1 and n2");
      r.world.partition(["n0"], ["n1", "n2"]);
      await r.append("n0", "x");
      await r.append("n2", "y");
      await r.run(1500);
      r.say("the partition ends");
      r.world.heal();
      await r.run(1000);
    },
  ],
};

/** Has each node append an entry, and all acknowledge them. */
async function settle(r: Recorder): Promise<void> {
  r.say("each node appends an entry");
  for (const node of r.world.nodes) await r.append(node, `a${node.slice(1)}`);
  await r.run(1000);
}

for (const [name, [title, style, happen]] of Object.entries(SITUATIONS)) {
  Deno.test({
    name: `transcript: ${title}`,
    ignore,
    async fn() {
      const recorder = startRecorder(title, style);
      await happen(recorder);
      const transcript = await recorder.finish();
      const file = new URL(`${name}.txt`, FOLDER);
      if (Deno.args.includes("--update")) await Deno.writeTextFile(file, transcript);
      assertEquals(transcript, await Deno.readTextFile(file));
    },
  });
}
