import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { assertRejected } from "../engines/fake_command.ts";
import { type FakeMachine, fakeMachine } from "../engines/fake_machine.ts";

/** Serves until Ctrl-C. Returns the status, and what was listened on. */
async function serve(words: string[], changes: Partial<FakeMachine> = {}) {
  const listened: [host: string, port: number][] = [];
  let closed = 0;
  const machine = fakeMachine({
    listen(host, port) {
      listened.push([host, port]);
      return {
        port: port === 0 ? 50_123 : port,
        close() {
          closed++;
          return Promise.resolve();
        },
      };
    },
    ...changes,
  });
  const status = main(["serve", ...words], machine);
  while (machine.out === "" && machine.err === "") await new Promise((resolve) => setTimeout(resolve, 1));
  machine.interrupt();
  return { status: await status, listened, machine, closed };
}

Deno.test("serve prints its address, and ends with 0 after Ctrl-C", async () => {
  const { status, listened, machine, closed } = await serve([]);
  assertEquals([status, listened, closed], [0, [["127.0.0.1", 8080]], 1]);
  assertEquals(machine.out, "http://127.0.0.1:8080/\n");
  assertEquals(machine.err, "Note: there is no store yet; the first run makes it\n\nEnding the server\n");
});

Deno.test("serve listens on the host and the port that are asked for", async () => {
  const { listened, machine } = await serve(["--host", "::1", "--port", "0", "--store", "/tmp"]);
  assertEquals([listened, machine.out, machine.err], [
    [["::1", 0]],
    "http://[::1]:50123/\n",
    "\nEnding the server\n",
  ]);
  const { machine: open } = await serve(["--host=0.0.0.0", "--store", "/tmp"]);
  assertStringIncludes(open.err, "Note: whoever reaches 0.0.0.0 can read every file in /tmp\n");
});

Deno.test("serve refuses bad arguments, and says what to do about a port in use", async () => {
  await assertRejected("serve store", "Cannot use store with serve: ");
  await assertRejected("serve --port 99999", "--port");
  await assertRejected("serve --port x", "expected a whole number");
  await assertRejected("serve --hots x", "did you mean --host?");
  const { status, machine } = await serve([], {
    listen() {
      throw new UsageError("Cannot listen on 127.0.0.1, port 8080: another program uses it");
    },
  });
  assertEquals([status, machine.err], [254, "Cannot listen on 127.0.0.1, port 8080: another program uses it\n"]);
});
