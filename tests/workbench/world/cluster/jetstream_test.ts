import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { NatsConnection } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connectNats } from "../../../../lib/cluster/nats_connection.ts";
import { FailedError } from "../../../../lib/workbench/base/errors.ts";
import { removeBucket, requireJetStream, untilAvailable } from "../../../../lib/workbench/world/cluster/jetstream.ts";
import { testWithServers } from "../../../servers.ts";

/** Errors of a JetStream without a leader. */
const UNAVAILABLE = [
  { name: "TimeoutError", message: "timeout" },
  { status: 503, code: 10_008, message: "no leader" },
  { status: 400, code: 10_005, message: "no suitable peers" },
];

/** Time that passes only while somebody sleeps. */
function fakeTime() {
  let now = 0;
  return {
    now: () => now,
    sleep(ms: number) {
      now += ms;
      return Promise.resolve();
    },
  };
}

Deno.test("untilAvailable() asks again while JetStream has no leader, and tells why it waits", async () => {
  const errors: unknown[] = [...UNAVAILABLE, ...UNAVAILABLE.slice(2)];
  const ask = () => errors.length === 0 ? Promise.resolve("done") : Promise.reject(errors.shift());
  const told: string[] = [];
  const wait = { time: fakeTime(), onWait: (reason: string) => told.push(reason) };
  assertEquals([await untilAvailable(ask, wait), errors.length], ["done", 0]);
  assertEquals(told, UNAVAILABLE.map(({ message }) => `JetStream has no leader yet, or too few servers: ${message}`));
});

Deno.test("untilAvailable() tells other errors at once, also those of a server without JetStream", async () => {
  const others = [
    new Error("not allowed"),
    { name: "JetStreamNotEnabled", message: "jetstream is not enabled" },
    { status: 503, code: 10_076, message: "JetStream not enabled" },
  ];
  for (const other of others) {
    const time = { ...fakeTime(), sleep: () => Promise.reject(new Error("waited")) };
    const thrown = await untilAvailable(() => Promise.reject(other), { time }).catch((error) => error);
    assertEquals(thrown, other);
  }
});

Deno.test("untilAvailable() gives up at the end of its patience", async () => {
  const time = fakeTime();
  const error = await untilAvailable(() => Promise.reject(UNAVAILABLE[1]), { patience: 3000, time }).catch((e) => e);
  assertEquals([error, time.now()], [UNAVAILABLE[1], 3000]);
});

testWithServers(
  "a bucket is removed when JetStream has a leader again, and an error names it if it gets none",
  ["nats-server"],
  async ({ startGroup }) => {
    const [first, second] = await startGroup("nats-server", 2);
    await withConnection(first!.url, async (connection) => {
      await untilAvailable(() => new Kvm(connection).create("test-run", { replicas: 2 }));
      await second!.act("kill");
      const { message } = await assertRejects(
        () => removeBucket(connection, "test-run", { patience: 0 }),
        FailedError,
        "Cannot remove the data of lww-kv, the bucket test-run: JetStream has no leader: ",
      );
      assertStringIncludes(message, "; expected most of its servers to run, and to reach each other");
      let started: Promise<string> | undefined;
      await removeBucket(connection, "test-run", { onWait: () => started ??= second!.act("start") });
      assertEquals(await started, "started");
      // It is gone, and there is no need to remove it again.
      await removeBucket(connection, "test-run", {});
      const { streams } = await untilAvailable(() => jetstreamManager(connection));
      assertEquals(await untilAvailable(() => streams.names().next()), []);
    });
  },
);

testWithServers(
  "a JetStream without a leader is told apart from a NATS without JetStream",
  ["nats-server"],
  async ({ startGroup, startPlainNats }) => {
    const [first, second] = await startGroup("nats-server", 2);
    await withConnection(first!.url, async (connection) => {
      await requireJetStream(connection, [first!.url], {});
    });
    // A leader that loses the others stays it for some seconds; one that starts alone is none.
    for (const server of [first!, second!]) await server.act("kill");
    await first!.act("start");
    await withConnection(first!.url, async (connection) => {
      const require = () => requireJetStream(connection, [first!.url], { patience: 0 });
      await assertRejects(require, FailedError, `JetStream of NATS at ${first!.url} has no leader: `);
    });
    const plain = await startPlainNats();
    await withConnection(plain.url, async (connection) => {
      const require = () => requireJetStream(connection, [plain.url], {});
      const expected =
        `JetStream of NATS at ${plain.url} is not enabled: jetstream is not enabled; expected nats-server`;
      await assertRejects(require, FailedError, expected);
    });
  },
);

async function withConnection(url: string, fn: (connection: NatsConnection) => Promise<void>): Promise<void> {
  const connection = await connectNats({ servers: [url] }, {});
  try {
    await fn(connection);
  } finally {
    await connection.close();
  }
}
