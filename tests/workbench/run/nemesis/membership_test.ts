import { assert, assertEquals, assertGreater } from "@std/assert";
import { type AnyNode, linKV, RPCError } from "../../../../mod.ts";
import { runVirtualTest } from "../../../../lib/workbench/engines/virtual_run.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { addMembers, REMOVED_GROUPS, removeMembers } from "../../../../lib/workbench/run/nemesis/membership.ts";
import { createMemoryStore } from "../../../../lib/workbench/run/store/memory_store.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { WORKLOADS } from "../../../../lib/workbench/workloads/mod.ts";
import { runOptions } from "../stand_in.ts";

/** Program whose set and members are both in lin-kv. */
function setWithMembers(node: AnyNode): void {
  const kv = linKV<string[] | number[]>(node);
  const update = (key: string, change: (before: never[]) => string[] | number[]) =>
    kv.update(key, (before) => change(before as never[]), {
      default: key === "members" ? [...node.nodeIds] : [],
      twice: "harmless",
    });
  const checkMember = async () => {
    const members = await kv.readOr("members", [...node.nodeIds]) as string[];
    if (!members.includes(node.id)) throw new RPCError("not-a-member", `${node.id} has left`);
  };
  node.on("add_member", async ({ node_id }) => {
    await checkMember();
    await update("members", (before: string[]) => [...new Set([...before, node_id as string])]);
    return {};
  });
  node.on("remove_member", async ({ node_id }) => {
    await checkMember();
    await update("members", (before: string[]) => before.filter((member) => member !== node_id));
    return {};
  });
  node.on("add", async ({ element }) => {
    await checkMember();
    await update("set", (before: number[]) => [...new Set([...before, element as number])]);
    return {};
  });
  node.on("read", async () => {
    await checkMember();
    return { value: await kv.readOr("set", []) };
  });
}

async function run(program: (node: AnyNode) => void, nemesis: string[]) {
  const store = createMemoryStore();
  const options = runOptions({
    workload: WORKLOADS["g-set"]!,
    nodes: ["n0", "n1", "n2", "n3", "n4"],
    concurrency: 10,
    timeLimitSeconds: 20,
    rate: 40,
    nemesis,
    nemesisIntervalSeconds: 1,
  });
  const results = await runVirtualTest(options, program, { store });
  const history = store.files["history.jsonl"].map((line) => JSON.parse(line) as Operation);
  const outcomes = history.filter(({ f, value }) =>
    (f === "remove-member" || f === "add-member") && typeof value === "object"
  );
  return { results, history, outcomes };
}

Deno.test("membership: nodes leave and join, removed ones refuse clients, and all are members in the end", async () => {
  for (const nemesis of [["membership"], ["membership", "partition", "kill"]]) {
    const { results, history, outcomes } = await run(setWithMembers, nemesis);
    const problems = results.anomalies.map(({ type, explanation }) => `${type}: ${explanation}`);
    assertEquals([results.valid, problems, results.exceptions], [true, [], []], nemesis.join());
    const values = outcomes.map(({ value }) => value as Record<string, unknown>);
    const changed = (what: string) => values.flatMap(Object.values).filter((outcome) => outcome === what).length;
    assertGreater(changed("removed"), 3);
    assertGreater(changed("added"), 3);
    for (const value of values) assert(Object.keys(value).length <= 2, "a majority stays");
    assertGreater(history.filter(({ error }) => Array.isArray(error) && error[0] === "not-a-member").length, 10);
    const finalReads = history.filter(({ final, type }) => final && type !== "invoke");
    assertEquals(finalReads.map(({ type }) => type), Array(10).fill("ok"));
  }
});

Deno.test("membership: a program that does not know the requests says so, and stays as it is", async () => {
  const program = (node: AnyNode) => {
    const kv = linKV<number[]>(node);
    node.on("add", async ({ element }) => {
      await kv.update("set", (before) => [...new Set([...before, element as number])], {
        default: [],
        twice: "harmless",
      });
      return {};
    });
    node.on("read", async () => ({ value: await kv.readOr("set", []) }));
  };
  const { results, outcomes } = await run(program, ["membership"]);
  assertEquals(results.valid, true);
  const errors = outcomes.filter(({ f }) => f === "remove-member").flatMap(({ value }) =>
    Object.values(value as object)
  );
  assertGreater(errors.length, 3);
  for (const error of errors) assertEquals(error[0], "not-supported");
  for (const { f, value } of outcomes) if (f === "add-member") assertEquals(value, {});
});

/** Target whose nodes answer as the test decides; records what they were asked. */
function target(answer: (node: string, type: string, about: string) => void, count = 5) {
  const asked: string[] = [];
  return {
    asked,
    nodes: Array.from({ length: count }, (_, index) => `n${index}`),
    random: seededRandom("dune"),
    removed: new Set<string>(),
    clock: { sleep: () => Promise.resolve() },
    call(node: string, { type, node_id }: { type: string; node_id?: unknown }) {
      asked.push(`${node} ${type} ${node_id}`);
      answer(node, type, node_id as string);
      return Promise.resolve({ type: `${type}_ok` });
    },
  };
}

Deno.test("membership: at least a majority stays, and nodes that were removed are not asked", async () => {
  for (let count = 1; count <= 9; count++) {
    for (const kind of Object.keys(REMOVED_GROUPS)) {
      const world = target(() => {}, count);
      for (let round = 0; round < 3; round++) await removeMembers(kind, world);
      assert(world.removed.size <= Math.floor((count - 1) / 2), `${kind} of ${count}`);
      for (const [index, line] of world.asked.entries()) {
        const gone = world.asked.slice(0, index + 1).map((each) => each.split(" ")[2]);
        assert(!gone.includes(line.split(" ")[0]), line);
      }
    }
  }
});

Deno.test("membership: an answer of another type is no consent, and leaves open what was done", async () => {
  const world = target(() => {});
  const confused = { ...world, call: () => Promise.resolve({ type: "read_ok" }) };
  const [outcome] = Object.values(await removeMembers("one", confused));
  assertEquals(outcome, ["crash", "expected remove_member_ok, got read_ok"]);
  assertEquals(confused.removed.size, 1);
});

Deno.test("membership: a refused change is tried at other members, an uncertain one counts as made", async () => {
  const refusing = target((node) => {
    if (node !== "n3") throw new RPCError("temporarily-unavailable", "not the leader");
  });
  assertEquals(Object.values(await removeMembers("one", refusing)), ["removed"]);
  assertEquals(refusing.asked.at(-1)!.startsWith("n3 "), true);
  const deaf = target(() => {
    throw new RPCError("timeout");
  });
  assertEquals(Object.values(await removeMembers("one", deaf)), ["net-timeout"]);
  assertEquals(deaf.removed.size, 1);
  const refused = target(() => {
    throw new RPCError("abort", "no");
  });
  assertEquals(Object.values(await removeMembers("one", refused)), [["abort", "no"]]);
  assertEquals(refused.removed.size, 0);
});

Deno.test("membership: adding is tried again until a member agrees", async () => {
  let calls = 0;
  const electing = target((_, type) => {
    if (type === "add_member" && ++calls < 10) throw new RPCError("temporarily-unavailable", "no leader");
  });
  await removeMembers("one", electing);
  assertEquals([Object.values(await addMembers(electing)), electing.removed.size], [["added"], 0]);
});
