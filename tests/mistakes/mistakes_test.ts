/**
 * One's own mistakes, each made on purpose, with the whole text that a person sees. After a change of the texts, read
 * all of the new ones:
 *
 * ```sh
 * deno test -A tests/mistakes -- --update && git diff tests/testdata/mistakes
 * ```
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { CASES } from "./cases.ts";
import { runCase } from "./run_case.ts";

const TEXTS = new URL("../testdata/mistakes/", import.meta.url);
const UPDATE = Deno.args.includes("--update");

const mayRun = Deno.build.os !== "windows" &&
  (["read", "write", "run", "env", "sys"] as const).every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );

for (const [name, each] of Object.entries(CASES)) {
  Deno.test({
    name: `mistake: ${name}`,
    ignore: !mayRun,
    async fn() {
      const seen = await runCase(each);
      const path = new URL(`${name.replaceAll(" ", "_")}.txt`, TEXTS);
      if (UPDATE) await Deno.writeTextFile(path, seen);
      assertEquals(seen, await Deno.readTextFile(path));
    },
  });
}

Deno.test({
  name: "each text belongs to a case",
  ignore: !mayRun,
  fn() {
    const texts = Array.from(Deno.readDirSync(TEXTS), ({ name }) => name.replace(".txt", "")).sort();
    assertEquals(texts, Object.keys(CASES).map((name) => name.replaceAll(" ", "_")).sort());
  },
});
