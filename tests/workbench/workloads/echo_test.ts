import { assert, assertEquals, assertMatch } from "@std/assert";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { echoWorkload } from "../../../lib/workbench/workloads/echo.ts";
import { openClient, testOptions } from "../run/stand_in.ts";

Deno.test("echo completes with the whole body of the reply", async () => {
  const { invoke, requests } = openClient(echoWorkload, ({ echo }) => ({ type: "echo_ok", echo }));
  const value = { type: "echo_ok", echo: "Please echo 7", in_reply_to: 1 };
  assertEquals(await invoke({ f: "echo", value: "Please echo 7" }), { type: "ok", value });
  assertEquals(requests, [{ type: "echo", msg_id: 1, echo: "Please echo 7" }]);
});

Deno.test("echo completes as ok with a wrong echo too: the checker judges it", async () => {
  const { invoke } = openClient(echoWorkload, () => ({ type: "echo_ok", echo: null }));
  assertEquals((await invoke({ f: "echo", value: "x" })).type, "ok");
});

Deno.test("echo's operations have 128 values", () => {
  const generator = echoWorkload.generator(testOptions(), seededRandom("echo"));
  const values = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const next = generator.next(i % 3, i % 3) as { f: string; value: string };
    assertEquals(next.f, "echo");
    assertMatch(next.value, /^Please echo (\d|[1-9]\d|1[01]\d|12[0-7])$/);
    values.add(next.value);
  }
  assert(values.size > 120);
});
