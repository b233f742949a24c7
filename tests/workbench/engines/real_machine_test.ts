import { assertEquals } from "@std/assert";
import { terminals } from "../../../lib/workbench/engines/real_machine.ts";

Deno.test("a dumb terminal counts as no terminal, an unknown one as a terminal", () => {
  const outputs = { stdout: { isTerminal: () => true }, stderr: { isTerminal: () => false } };
  assertEquals(terminals(outputs, "dumb"), { stdout: false, stderr: false });
  for (const term of ["xterm-256color", "", undefined]) {
    assertEquals(terminals(outputs, term), { stdout: true, stderr: false });
  }
});
