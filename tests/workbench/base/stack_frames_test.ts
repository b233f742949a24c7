import { assertEquals } from "@std/assert";
import { formatFrame, framesOf } from "../../../lib/workbench/base/stack_frames.ts";

Deno.test("framesOf() reads every kind of line, and formatFrame() shows paths", () => {
  const error = new Error("x");
  error.stack = [
    "Error: x at the (file:///not/a/frame.ts:1:2) end",
    "    at f (file:///home/a%20b/node.ts:12:3)",
    "    at async file:///home/node.ts:1:2",
    "    at new C (https://example.com/x.ts:4:5)",
    "    at Array.map (<anonymous>)",
  ].join("\n");
  assertEquals(framesOf(error).map(formatFrame), [
    "/home/a b/node.ts:12:3",
    "/home/node.ts:1:2",
    "https://example.com/x.ts:4:5",
  ]);
  const withoutStack = new Error();
  withoutStack.stack = undefined;
  assertEquals(framesOf(withoutStack), []);
});
