/** Command lines on a fake machine. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { type FakeMachine, fakeMachine } from "./fake_machine.ts";

/** Runs a command line; returns the fake machine afterwards. */
export async function command(
  line: string,
  changes: Partial<FakeMachine> = {},
): Promise<FakeMachine> {
  const machine = fakeMachine(changes);
  machine.status = await main(line === "" ? [] : line.split(" "), machine);
  return machine;
}

/** Asserts that a command line is rejected with one line, before anything runs. */
export async function assertRejected(
  line: string,
  expected: string,
  changes: Partial<FakeMachine> = {},
): Promise<void> {
  const { status, out, err, ran } = await command(line, changes);
  assertStringIncludes(err, expected);
  assertEquals({ status, out, ran, lines: err.trimEnd().split("\n").length }, {
    status: 254,
    out: "",
    ran: [],
    lines: 1,
  });
}
