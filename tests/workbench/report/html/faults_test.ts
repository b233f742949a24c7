import { assertEquals } from "@std/assert";
import { formatEDNOperation } from "../../../../lib/workbench/history/edn_writer.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { SERVER_FAULTS } from "../../../../lib/workbench/run/nemesis/server_faults.ts";
import { faultBands } from "../../../../lib/workbench/report/html/faults.ts";

Deno.test("faults of servers have bands, which name the servers that were hit", () => {
  for (const [name, { begin, end }] of Object.entries(SERVER_FAULTS)) {
    const values: [string, unknown][] = [
      [begin.f, "one"],
      [begin.f, { etcd0: "not-running", etcd1: "killed" }],
      [end.f, "all"],
      [end.f, { etcd0: "started", etcd1: "started" }],
    ];
    const history = values.map(([f, value], index): Operation => ({
      index,
      time: index * 1e6,
      process: "nemesis",
      type: "info",
      f,
      value,
    }));
    assertEquals(faultBands(history, 9000), [
      { name, start: 0, end: 3000, nodes: ["etcd1"], text: "one, etcd1" },
    ]);
    assertEquals(
      formatEDNOperation(history[1]!),
      `{:index 1, :time 1000000, :type :info, :process :nemesis, :f :${begin.f}, ` +
        ':value {"etcd0" :not-running, "etcd1" :killed}}',
    );
  }
});
