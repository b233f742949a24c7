import { assertAlmostEquals, assertEquals } from "@std/assert";
import { netStatistics } from "../../../lib/workbench/checkers/net.ts";
import type { NetCounts } from "../../../lib/workbench/world/network/journal.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import { testRecorded } from "../recorded.ts";

testRecorded(
  "netStatistics computes messages per operation as Maelstrom does",
  undefined,
  ({ history, results: { net } }) => {
    const countsOf = (scope: keyof NetCounts) => ({
      send_count: net[scope]["send-count"],
      recv_count: net[scope]["recv-count"],
      msg_count: net[scope]["msg-count"],
    });
    const counts = { all: countsOf("all"), clients: countsOf("clients"), servers: countsOf("servers") };
    const { all, clients, servers } = netStatistics(counts, history);
    assertAlmostEquals(all.msgs_per_op!, net.all["msgs-per-op"], 1e-5);
    assertAlmostEquals(servers.msgs_per_op!, net.servers["msgs-per-op"], 1e-5);
    assertEquals({ ...all, msgs_per_op: 0 }, { ...counts.all, msgs_per_op: 0 });
    assertEquals(clients, counts.clients);
  },
);

const COUNTS = {
  all: { send_count: 6, recv_count: 5, msg_count: 6 },
  clients: { send_count: 4, recv_count: 4, msg_count: 4 },
  servers: { send_count: 2, recv_count: 1, msg_count: 2 },
};

Deno.test("netStatistics counts invocations of clients only", () => {
  const history = parseEDNHistory(`
    {:process :nemesis :type :invoke :f :start-partition}
    {:process 0 :type :invoke :f :read}
    {:process 1 :type :invoke :f :read}
    {:process 0 :type :ok :f :read}
    {:process 0 :type :invoke :f :read}
    {:process 1 :type :fail :f :read}
    {:process 1 :type :invoke :f :read}`);
  const { all, servers } = netStatistics(COUNTS, history);
  assertEquals([all.msgs_per_op, servers.msgs_per_op], [1.5, 0.5]);
});

Deno.test("netStatistics has no ratio if there are no operations", () => {
  const { all, servers } = netStatistics(COUNTS, []);
  assertEquals([all.msgs_per_op, servers.msgs_per_op, all.send_count], [null, null, 6]);
});
