import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { command } from "../engines/fake_command.ts";
import type { FakeMachine } from "../engines/fake_machine.ts";

Deno.test("main() ends a run early at Ctrl-C, and checks its history", async () => {
  const { status, out, err, exited } = await command("3e", {
    runs(_, { signal }) {
      this.interrupt!();
      assert(signal.aborted);
      return { valid: true };
    },
  });
  assertEquals([status, exited], [130, undefined]);
  assertStringIncludes(err, "Ending the test, then checking; Ctrl-C again ends at once\n");
  assertStringIncludes(out, "The run was ended early");
});

Deno.test("main() exits immediately at the second Ctrl-C", async () => {
  const { exited } = await command("3e", {
    runs() {
      this.interrupt!();
      this.interrupt!();
      return {};
    },
  });
  assertEquals(exited, 130);
});

Deno.test("main() runs no further challenge after Ctrl-C, and does not count that as passed", async () => {
  const runs: FakeMachine["runs"] = function (this: FakeMachine, { challenge }) {
    if (challenge!.id === "3a") this.interrupt();
    return {};
  };
  const { status, ran, out } = await command("all", { runs });
  assertEquals([status, ran.length], [130, 3]);
  assertStringIncludes(out, "3 of 3 passed, 11 not run");
  const { out: json } = await command("all --json", { runs });
  assertEquals([JSON.parse(json).valid, JSON.parse(json).passed], ["unknown", false]);
});

Deno.test("main() stops listening for Ctrl-C at its end", async () => {
  const machine = await command("3e -q");
  machine.interrupt();
  machine.interrupt();
  assertEquals([machine.err, machine.exited], ["", undefined]);
});
