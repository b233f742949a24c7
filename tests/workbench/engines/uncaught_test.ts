import { assertEquals, assertStringIncludes } from "@std/assert";
import { exitOnUncaught } from "../../../lib/workbench/cli/report_errors.ts";
import { watchUncaught } from "../../../lib/workbench/engines/uncaught.ts";
import { fakeMachine } from "./fake_machine.ts";

/** Resolves after uncaught errors and rejections have been reported. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function throwLater(message: string): void {
  queueMicrotask(() => {
    throw new Error(message);
  });
}

Deno.test("watchUncaught() receives errors and rejections; the last one to watch gets them", async () => {
  const seen: string[] = [];
  const watch = (name: string) => watchUncaught((error) => void seen.push(`${name}: ${(error as Error).message}`));
  const stopOuter = watch("outer");
  const stopInner = watch("inner");
  throwLater("thrown");
  await turn();
  void Promise.reject(new Error("rejected"));
  await turn();
  stopInner();
  throwLater("later");
  await turn();
  stopOuter();
  assertEquals(seen, ["inner: thrown", "inner: rejected", "outer: later"]);
});

Deno.test("the end of watching has no effect the second time, also if the same handler watches again", async () => {
  const seen: string[] = [];
  const handle = (error: unknown) => void seen.push((error as Error).message);
  const stopFirst = watchUncaught(handle);
  const stopSecond = watchUncaught(handle);
  stopFirst();
  stopFirst();
  throwLater("thrown");
  await turn();
  stopSecond();
  stopSecond();
  assertEquals(seen, ["thrown"]);
});

Deno.test("exitOnUncaught() says that it is a bug, and ends the process with the status of an error", async () => {
  const machine = fakeMachine();
  const stop = exitOnUncaught(machine);
  throwLater("boom");
  await turn();
  assertEquals(machine.exited, 255);
  assertStringIncludes(machine.err, "This is a bug: Error: boom\n");
  void Promise.reject("no error");
  await turn();
  assertStringIncludes(machine.err, "no error");
  stop();
});
