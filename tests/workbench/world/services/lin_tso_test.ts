import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createLinTSO } from "../../../../lib/workbench/world/services/lin_tso.ts";
import { LIN_TSO, testSimulated } from "./properties.ts";

testSimulated(LIN_TSO, createLinTSO);

Deno.test("timestamps are 0, 1, 2 and so on, for all clients together", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("n0", "n1", "n2")), (clients) => {
    const linTSO = createLinTSO();
    assertEquals(
      clients.map((client) => linTSO(client, { type: "ts" })),
      clients.map((_, ts) => ({ type: "ts_ok", ts })),
    );
  }));
});
