import { assertEquals } from "@std/assert";

/** These tests start processes. */
const ignore = (["run", "read", "env"] as const).some((name) =>
  Deno.permissions.querySync({ name }).state !== "granted"
);
const BIN = decodeURIComponent(new URL("../../challenges/bin/", import.meta.url).pathname);

/** Runs a program with these bodies as its input; returns its exit status, the types of its replies, and its stderr. */
async function run(program: string, args: string[], bodies: object[]) {
  const child = new Deno.Command(BIN + program, {
    args,
    env: { DENO: Deno.execPath() },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = bodies.map((body) => JSON.stringify({ src: "c0", dest: "n0", body }) + "\n").join("");
  await new Blob([lines]).stream().pipeTo(child.stdin).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const replies = new TextDecoder().decode(stdout).trim().split("\n").filter((line) => line !== "");
  return { code, types: replies.map((line) => JSON.parse(line).body.type), stderr: new TextDecoder().decode(stderr) };
}

const INIT = { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0"] };
const LOG = [
  { type: "poll", msg_id: 2, offsets: { k: 0 } },
  { type: "commit_offsets", msg_id: 3, offsets: { k: 0 } },
  { type: "list_committed_offsets", msg_id: 4, keys: ["k"] },
];
const REQUESTS: Record<string, object[]> = {
  "broadcast": [{ type: "broadcast", msg_id: 2, message: 1 }, { type: "read", msg_id: 3 }],
  "broadcast-fast": [{ type: "broadcast", msg_id: 2, message: 1 }, { type: "read", msg_id: 3 }],
  "broadcast-efficient": [{ type: "broadcast", msg_id: 2, message: 1 }, { type: "read", msg_id: 3 }],
  "kafka-single": LOG,
  "txn": [{ type: "txn", msg_id: 2, txn: [["w", 1, 1]] }],
};

for (const [program, requests] of Object.entries(REQUESTS)) {
  Deno.test({
    name: `${program} starts as a process, without permissions, and answers`,
    ignore,
    async fn() {
      const { code, types, stderr } = await run(program, [], [INIT, ...requests]);
      const expected = [INIT, ...requests].map((body) => `${(body as { type: string }).type}_ok`);
      assertEquals({ code, types, stderr }, { code: 0, types: expected, stderr: "" });
    },
  });
}

for (const [program, question] of [["kafka-lin-kv", "read"], ["kafka", "cas"]] as const) {
  Deno.test({
    name: `${program} starts as a process, asks lin-kv what there is, and answers`,
    ignore,
    async fn() {
      const { types } = await run(program, [], [INIT, ...LOG]);
      const expected = [INIT, ...LOG].map(({ type }) => `${type}_ok`);
      // On a busy machine it may ask again.
      assertEquals([...new Set(types)].toSorted(), [question, ...expected].toSorted());
    },
  });
}

Deno.test({
  name: "programs refuse arguments that they cannot use, in one line",
  ignore,
  async fn() {
    for (
      const [program, args, text] of [
        ["broadcast-fast", ["--profile", "slow"], "Cannot use --profile slow: expected efficient or fast"],
        ["broadcast-efficient", ["--period", "x"], "Cannot use --period x: expected a number of milliseconds"],
        ["g-counter", ["--acknowledge=never"], "Cannot use --acknowledge never: expected written or at-once"],
        ["kafka-lin-kv", ["--polls", "old"], "Cannot use --polls old: expected local or latest"],
        ["kafka", ["--acks", "2"], "Cannot use --acks 2: expected one or all"],
        ["txn", ["--period="], "Cannot use --period : expected a number of milliseconds"],
      ] as const
    ) {
      assertEquals(await run(program, [...args], [INIT]), { code: 2, types: [], stderr: `${text}\n` });
    }
  },
});
