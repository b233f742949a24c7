import { assertEquals } from "@std/assert";
import { beforePause } from "../../../../lib/workbench/report/page/messages.js";

Deno.test("the first period ends before a long pause, unless the time in question comes later", () => {
  const sent = [0, 10, 20, 30, 1000, 1010];
  assertEquals(beforePause(sent, 0, 5, 15), 3);
  assertEquals(beforePause(sent, 0, 5, 30), 3);
  assertEquals(beforePause(sent, 0, 5, 40), 5);
  assertEquals(beforePause(sent, 0, 3, 15), 3);
  assertEquals(beforePause(sent, 5, 5, 1010), 5);
});
