import { assertEquals, assertRejects } from "@std/assert";
import type { Body } from "../../../../lib/protocol.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { kafkaWorkload } from "../../../../lib/workbench/workloads/kafka/mod.ts";
import { type Answer, openClient, testOptions } from "../../run/stand_in.ts";
import { CORRECT_NODES } from "../correct_nodes.ts";
import { drive } from "../drive.ts";

const POLL = { f: "poll", value: [["poll"]] };

/** Creates a correct node, except for the given types of requests. */
function nodeWith(wrong: Record<string, (body: Body) => Answer>): (body: Body) => Answer {
  const right = CORRECT_NODES.kafka!();
  return (body) => (wrong[body.type] ?? right)(body);
}

function send(key: string, message: number) {
  return { f: "send", value: [["send", key, message]] };
}

/** Returns the offsets of the polls that a node received. */
function polled(requests: Body[]): unknown[] {
  return requests.filter(({ type }) => type === "poll").map(({ offsets }) => offsets);
}

/** Returns the offsets of the commits that a node received. */
function committed(requests: Body[]): unknown[] {
  return requests.filter(({ type }) => type === "commit_offsets").map(({ offsets }) => offsets);
}

Deno.test("send completes with the offset, and commits nothing", async () => {
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({ send: () => ({ type: "send_ok", offset: 1000 }) }));
  assertEquals(await invoke(send("9", 7)), { type: "ok", value: [["send", "9", [1000, 7]]] });
  assertEquals(requests, [{ type: "send", msg_id: 1, key: "9", msg: 7 }]);
});

Deno.test("without an assign, polls request nothing and commit nothing", async () => {
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({}));
  await invoke(send("9", 1));
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", {}]] });
  assertEquals(polled(requests), [{}]);
  assertEquals(committed(requests), []);
});

Deno.test("polls continue after the last offset, and commit the highest offsets polled", async () => {
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({}));
  for (const message of [1, 2]) await invoke(send("9", message));
  await invoke({ f: "assign", value: ["9", "8"] });
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", { "9": [[0, 1], [1, 2]] }]] });
  await invoke(send("9", 3));
  await invoke(send("8", 4));
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", { "9": [[2, 3]], "8": [[0, 4]] }]] });
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", {}]] });
  assertEquals(polled(requests), [{ "9": 0, "8": 0 }, { "9": 2, "8": 0 }, { "9": 3, "8": 1 }]);
  assertEquals(committed(requests), [{ "9": 1 }, { "9": 2, "8": 0 }]);
});

Deno.test("assign keeps offsets of known keys, and starts others at the committed offset or 0", async () => {
  const list = () => ({ type: "list_committed_offsets_ok", offsets: { "9": 40, "7": 30 } });
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({ list_committed_offsets: list }));
  for (const message of [1, 2]) await invoke(send("9", message));
  await invoke({ f: "assign", value: ["9"], seek_to_beginning: true });
  await invoke(POLL);
  assertEquals(await invoke({ f: "assign", value: ["9", "8", "7"] }), { type: "ok" });
  await invoke(POLL);
  assertEquals(requests.filter(({ keys }) => keys !== undefined).map(({ keys }) => keys), [["9", "8", "7"]]);
  assertEquals(polled(requests).at(-1), { "9": 2, "8": 0, "7": 30 });
});

Deno.test("an assign from the beginning sends no request, and forgets all offsets", async () => {
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({}));
  for (const message of [1, 2]) await invoke(send("9", message));
  await invoke({ f: "assign", value: ["9"] });
  await invoke(POLL);
  requests.length = 0;
  assertEquals(await invoke({ f: "assign", value: ["8", "9"], seek_to_beginning: true }), { type: "ok" });
  await invoke(POLL);
  assertEquals(requests[0], { type: "poll", msg_id: requests[0]!.msg_id!, offsets: { "8": 0, "9": 0 } });
});

Deno.test("offsets never decrease, whatever a poll returns", async () => {
  const answers = [[[5, 1], [9, 2]], [[3, 1]], [[10, 1], [10, 2]]];
  const poll = () => ({ type: "poll_ok", msgs: { "9": answers.shift() } });
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({ poll }));
  await invoke({ f: "assign", value: ["9"] });
  for (let i = 0; i < 3; i++) await invoke(POLL);
  assertEquals(polled(requests), [{ "9": 0 }, { "9": 10 }, { "9": 10 }]);
  assertEquals(committed(requests), [{ "9": 9 }, { "9": 3 }, { "9": 10 }]);
});

Deno.test("offsets of 19 digits keep all of them: in results, polls and commits", async () => {
  const first = 1796000000000000123n;
  const poll = () => ({ type: "poll_ok", msgs: { "9": [[first, 1], [first + 1n, 2]] } });
  const list = () => ({ type: "list_committed_offsets_ok", offsets: { "8": first } });
  const { invoke, requests } = openClient(
    kafkaWorkload,
    nodeWith({ send: () => ({ type: "send_ok", offset: first }), poll, list_committed_offsets: list }),
  );
  assertEquals(await invoke(send("9", 1)), { type: "ok", value: [["send", "9", [first, 1]]] });
  await invoke({ f: "assign", value: ["9", "8"] });
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", { "9": [[first, 1], [first + 1n, 2]] }]] });
  await invoke(POLL);
  assertEquals(polled(requests), [{ "9": 0, "8": first }, { "9": first + 2n, "8": first }]);
  assertEquals(committed(requests)[0], { "9": first + 1n });
});

Deno.test("a log whose offsets are nanoseconds is valid to the end of its final polls", async () => {
  const right = CORRECT_NODES.kafka!();
  const base = 2n ** 60n;
  /** Raises the offsets of replies, and lowers those of requests. */
  const node = (body: Body): Answer => {
    const offsets = Object.fromEntries(
      Object.entries(body.offsets ?? {}).map((
        [key, offset],
      ) => [key, offset === 0 ? 0 : Number(BigInt(offset) - base)]),
    );
    const reply = right({ ...body, ...body.offsets !== undefined && { offsets } }) as {
      type: string;
      [field: string]: unknown;
    };
    const raised = (offset: unknown) => base + BigInt(offset as number);
    if (reply.type === "send_ok") return { ...reply, offset: raised(reply.offset) };
    if (reply.type === "poll_ok") {
      const lists = Object.entries(reply.msgs as Record<string, [number, unknown][]>);
      const msgs = Object.fromEntries(lists.map(([key, list]) => [key, list.map(([at, msg]) => [raised(at), msg])]));
      return { ...reply, msgs };
    }
    if (reply.offsets === undefined) return reply;
    const listed = Object.entries(reply.offsets as Record<string, number>);
    return { ...reply, offsets: Object.fromEntries(listed.map(([key, at]) => [key, raised(at)])) };
  };
  const { history, main } = await drive({ workload: kafkaWorkload, node, options: { concurrency: 2 }, count: 400 });
  const verdict = kafkaWorkload.check(history, {} as never);
  assertEquals([verdict.valid, verdict.anomalies], [true, []]);
  const polls = history.slice(main).filter(({ type, f }) => type === "ok" && f === "poll");
  // The first final poll of each worker returns everything, so there is no other.
  assertEquals(polls.length, 2);
});

Deno.test("keys without messages, as [] or null, are neither committed nor moved", async () => {
  const poll = () => ({ type: "poll_ok", msgs: { "9": [], "8": null } });
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({ poll }));
  await invoke({ f: "assign", value: ["9", "8"] });
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", { "9": [], "8": [] }]] });
  await invoke(POLL);
  assertEquals(polled(requests), [{ "9": 0, "8": 0 }, { "9": 0, "8": 0 }]);
  assertEquals(committed(requests), []);
});

Deno.test("a refused commit fails the poll, although its messages are not polled again", async () => {
  const commit = () => ({ type: "error", code: 11, text: "no" });
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({ commit_offsets: commit }));
  await invoke(send("9", 1));
  await invoke({ f: "assign", value: ["9"] });
  assertEquals(await invoke(POLL), { type: "fail", error: ["temporarily-unavailable", "no"] });
  assertEquals(await invoke(POLL), { type: "ok", value: [["poll", {}]] });
  assertEquals(polled(requests), [{ "9": 0 }, { "9": 1 }]);
});

Deno.test("a commit without a reply makes the poll info", async () => {
  const { invoke } = openClient(kafkaWorkload, nodeWith({ commit_offsets: () => undefined }));
  await invoke(send("9", 1));
  await invoke({ f: "assign", value: ["9"] });
  assertEquals(await invoke(POLL), { type: "info", error: "net-timeout" });
});

Deno.test("a crash is info, and sends no request", async () => {
  const { invoke, requests } = openClient(kafkaWorkload, nodeWith({}));
  assertEquals(await invoke({ f: "crash" }), { type: "info" });
  assertEquals(requests, []);
});

for (
  const [type, fields, expected] of [
    ["send", {}, "body.offset is missing"],
    ["send", { offset: 1.5 }, "expected body.offset to be integer, got 1.5"],
    ["poll", { msgs: null }, "expected body.msgs to be { [key: string]: [integer, any][] | null }, got null"],
    ["poll", { msgs: { "9": [[0]] } }, 'expected body.msgs["9"] to be [integer, any][] | null, got [[0]]'],
    ["poll", { msgs: { "9": [["0", 1]] } }, 'expected body.msgs["9"] to be [integer, any][] | null, got [["0",1]]'],
    ["list_committed_offsets", { offsets: { "9": null } }, 'expected body.offsets["9"] to be integer, got null'],
  ] as const
) {
  Deno.test(`${type} answered with ${JSON.stringify(fields)} is malformed`, async () => {
    const { invoke } = openClient(kafkaWorkload, nodeWith({ [type]: () => ({ type: `${type}_ok`, ...fields }) }));
    const f = type === "list_committed_offsets" ? "assign" : type;
    const value = { send: [["send", "9", 1]], poll: [["poll"]], assign: ["9"] }[f];
    await assertRejects(() => invoke({ f, value }), TypeError, expected);
  });
}

Deno.test("the final phase uses the history of the main phase", () => {
  const sent: Operation = { index: 0, time: 0, type: "ok", process: 0, f: "send", value: [["send", "9", [0, 1]]] };
  const options = testOptions();
  const random = seededRandom("");
  assertEquals(kafkaWorkload.final!.generator(options, random, [sent]).next(0, 0), { f: "crash" });
  assertEquals(kafkaWorkload.final!.generator(options, random, []).next(0, 0), undefined);
});

Deno.test("the convergence check accepts messages of a key that it did not ask for", async () => {
  const requests: unknown[] = [];
  const rpc = (_node: string, _rpc: unknown, fields: Record<string, unknown>) => {
    requests.push(structuredClone(fields));
    return Promise.resolve({ msgs: { "8": [[0, 1]] } });
  };
  await kafkaWorkload.convergence!([], testOptions()).look({ rpc }, "n0");
  assertEquals(requests, [{ offsets: {} }, { offsets: { "8": 1 } }]);
});

Deno.test("a log that loses messages is invalid", async () => {
  const right = CORRECT_NODES.kafka!();
  let sends = 0;
  const node = (body: Body): Answer => {
    // Every tenth send is acknowledged but not kept, although its offset is taken.
    if (body.type === "send" && ++sends % 10 === 0) return right({ ...body, msg: "lost" });
    return right(body);
  };
  const { history } = await drive({ workload: kafkaWorkload, node, options: { concurrency: 2 }, count: 400 });
  assertEquals(kafkaWorkload.check(history, {} as never).valid, false);
});
