/** Offsets of 19 digits, from a node in Python, through a process, the client, the history and the checker. */
import { assert, assertEquals } from "@std/assert";
import { formatHistory, parseHistory } from "../../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { RealClock } from "../../../../lib/workbench/world/real_clock.ts";
import { openConnection } from "../../../../lib/workbench/world/connection.ts";
import { startProcess } from "../../../../lib/workbench/world/hosts/process/process.ts";
import { createNetwork } from "../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { kafkaWorkload } from "../../../../lib/workbench/workloads/kafka/mod.ts";
import type { Invocation } from "../../../../lib/workbench/workloads/workload.ts";
import { testOptions } from "../../run/stand_in.ts";
import { IGNORED, logsIn } from "../../world/hosts/process/process_rig.ts";

const PYTHON = "/usr/bin/python3";
const NODE = decodeURIComponent(
  new URL("../../../testdata/nodes/kafka_big_offsets/node.py", import.meta.url).pathname,
);

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Runs operations at a node, one after another, and returns their history. */
async function run(operations: Invocation[], folder: string): Promise<Operation[]> {
  const clock = new RealClock();
  const random = seededRandom("dune");
  const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
  const failures: unknown[] = [];
  const options = { bin: PYTHON, args: [NODE], openLog: logsIn(folder) };
  const node = startProcess("n0", options, network, (failure) => void failures.push(failure));
  const connection = openConnection(network, clock);
  const history: Operation[] = [];
  try {
    await connection.call("n0", { type: "init", node_id: "n0", node_ids: ["n0"] });
    const client = kafkaWorkload.client(connection, "n0", testOptions());
    const record = (type: Operation["type"], { f, value }: Invocation) =>
      history.push({ index: history.length, time: history.length, type, process: 0, f, value: value ?? null });
    for (const operation of operations) {
      record("invoke", operation);
      const { type, value } = await client.invoke(operation);
      record(type, { f: operation.f, value: value ?? operation.value });
    }
  } finally {
    await node.stop();
  }
  assertEquals(failures, []);
  return history;
}

Deno.test({
  name: "offsets from a clock in nanoseconds are whole from the node to the verdict",
  ignore: IGNORED || !exists(PYTHON),
  async fn() {
    const folder = await Deno.makeTempDir();
    const send = (message: number) => ({ f: "send", value: [["send", "9", message]] });
    const poll = { f: "poll", value: [["poll"]] };
    const assign = { f: "assign", value: ["9"] };
    const history = await run([send(1), send(2), assign, poll, send(3), poll, assign, poll], folder);
    await Deno.remove(folder, { recursive: true });
    const text = formatHistory(history);
    assertEquals(parseHistory(text), history);
    const completed = history.filter(({ type }) => type === "ok");
    const offsets = completed.filter(({ f }) => f === "send").map(({ value }) => {
      const [[, , [offset]]] = value as [[string, string, [unknown, unknown]]];
      return offset;
    });
    assert(offsets.every((offset) => typeof offset === "bigint"));
    const polled = completed.filter(({ f }) => f === "poll").map(({ value }) => value);
    const [first, second, third] = offsets;
    assertEquals(polled, [
      [["poll", { "9": [[first, 1], [second, 2]] }]],
      [["poll", { "9": [[third, 3]] }]],
      [["poll", { "9": [] }]],
    ]);
    const verdict = kafkaWorkload.check(history, {} as never);
    assertEquals([verdict.valid, verdict.anomalies], [true, []]);
  },
});
