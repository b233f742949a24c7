import { assertEquals, assertGreater } from "@std/assert";
import { kafka } from "../../../challenges/kafka.ts";
import { BAD_REPLIES, simulateFailing } from "../failing_service.ts";

for (const [name, reply] of BAD_REPLIES) {
  Deno.test(`a node gives out each offset once when lin-kv answers with ${name} at its start and later`, async () => {
    const failing = simulateFailing(kafka, "lin-kv", { nodes: 2 });
    const { world } = failing;
    const client = world.client();
    const offsets: number[] = [];
    const send = async (node: string, key: string, count: number) => {
      for (let msg = 0; msg < count; msg++) {
        const { offset } = await client.rpc(node, { type: "send", key, msg });
        offsets.push(offset as number);
      }
    };
    await send("n0", "a", 10);
    // At the start of an incarnation.
    world.crash("n0");
    failing.fail(reply);
    await world.restart("n0");
    await world.run(3000);
    failing.fail(undefined);
    await send("n0", "a", 10);
    // When the limit has to be raised, after more than 1,000 offsets.
    failing.fail(reply);
    void world.run(3000).then(() => failing.fail(undefined));
    await send("n0", "a", 700);
    assertEquals(new Set(offsets).size, 720);
    assertGreater(failing.failed, 0);
  });
}
