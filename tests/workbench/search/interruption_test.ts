import { assertEquals } from "@std/assert";
import { openInterruption } from "../../../lib/workbench/search/interruption.ts";
import { fakeMachine } from "../engines/fake_machine.ts";

Deno.test("the first signal ends a command early, the second the process", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const machine = fakeMachine();
    const interruption = openInterruption("Ending", machine);
    machine.interrupt(signal);
    assertEquals([interruption.signal.aborted, machine.err, machine.exited], [true, "\nEnding\n", undefined]);
    machine.interrupt(signal);
    assertEquals([machine.err, machine.exited], ["\nEnding\n", 130]);
    interruption.close();
  }
});

Deno.test("a terminal that is closed ends a command early, however many signals that sends", () => {
  const machine = fakeMachine();
  const interruption = openInterruption("Ending", machine);
  machine.interrupt("SIGHUP");
  machine.interrupt("SIGHUP");
  assertEquals([interruption.signal.aborted, machine.exited], [true, undefined]);
  machine.interrupt("SIGINT");
  assertEquals(machine.exited, 130);
});
