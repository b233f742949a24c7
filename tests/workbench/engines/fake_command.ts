/** Command lines on a machine that is none. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/workbench/cli/main.ts";
import { type FakeEdge, fakeEdge } from "./fake_machine.ts";

/** Carries out a command line, and gives back how it ended. */
export async function command(line: string, changes: Partial<FakeEdge> = {}): Promise<FakeEdge & { status: number }> {
  const edge = fakeEdge(changes);
  const status = await main(line === "" ? [] : line.split(" "), edge);
  return Object.assign(edge, { status });
}

/** Asserts that a command line is rejected with one line, and that nothing was run. */
export async function assertRejected(line: string, expected: string, changes: Partial<FakeEdge> = {}): Promise<void> {
  const { status, out, err, ran } = await command(line, changes);
  assertStringIncludes(err, expected);
  assertEquals({ status, out, ran, lines: err.trimEnd().split("\n").length }, {
    status: 254,
    out: "",
    ran: [],
    lines: 1,
  });
}
