import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };

const ENTRY_POINTS = Object.entries(config.exports);

Deno.test("every entry point is linted by the task doc", () => {
  const linted = config.tasks.doc.split(" ").filter((word) => word.endsWith(".ts"));
  assertEquals(linted.sort(), ENTRY_POINTS.map(([, path]) => path.replace("./", "")).sort());
});

Deno.test({
  name: "every entry point opens with a module doc that has an example",
  ignore: (await Deno.permissions.query({ name: "read" })).state !== "granted",
  async fn() {
    for (const [name, path] of ENTRY_POINTS) {
      const text = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
      const doc = text.slice(0, text.indexOf("*/"));
      assert(doc.startsWith("/**") && doc.includes("@module") && doc.includes("```ts\n"), name);
    }
  },
});

Deno.test("mod.ts exports what a program is written with, and nothing else", async () => {
  assertEquals(Object.keys(await import("../mod.ts")).sort(), [
    "ERRORS",
    "RETRY_UNTIL_ANSWERED",
    "RPCError",
    "linKV",
    "linTSO",
    "lwwKV",
    "seqKV",
    "serve",
  ]);
});
