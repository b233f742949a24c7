import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RPCError } from "../../../../lib/protocol.ts";
import { createLinTSO } from "../../../../lib/workbench/world/services/lin_tso.ts";

Deno.test("timestamps are 0, 1, 2 and so on, for all clients together", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("n0", "n1", "n2")), (clients) => {
    const linTSO = createLinTSO();
    assertEquals(
      clients.map((client) => linTSO(client, { type: "ts" })),
      clients.map((_, ts) => ({ type: "ts_ok", ts })),
    );
  }));
});

Deno.test("a request of another type is refused with error 10, and uses no timestamp", () => {
  const linTSO = createLinTSO();
  const error = assertThrows(
    () => linTSO("n0", { type: "read", key: "x" }),
    RPCError,
    'Cannot handle "read": expected ts',
  );
  assertEquals(error.code, 10);
  assertEquals(linTSO("n0", { type: "ts" }).ts, 0);
});
