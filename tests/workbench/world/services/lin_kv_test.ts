import { assertEquals } from "@std/assert";
import { createLinKV } from "../../../../lib/workbench/world/services/lin_kv.ts";
import { LIN_KV, testSimulated } from "./properties.ts";
import { READ, write } from "./reference.ts";

testSimulated(LIN_KV, createLinKV);

Deno.test("two stores share nothing", () => {
  createLinKV()("n0", write(1));
  assertEquals(createLinKV()("n0", READ).code, 20);
});
