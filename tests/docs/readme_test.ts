import { assertStringIncludes } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";
import { blocksOf, MAY_RUN_PAGES, runBlocks } from "./page.ts";

Deno.test({
  name: "the README's node of your own runs as printed, only shorter",
  ignore: !MAY_RUN_PAGES,
  async fn() {
    const readme = await Deno.readTextFile(`${ROOT}/README.md`);
    const section = readme.split(/^## /m).find((part) => part.startsWith("A node of your own"))!;
    const shorter = section.replaceAll("--time-limit 20", "--time-limit 2").replaceAll("--seeds 20", "--seeds 2");
    const [create, test] = [...(await runBlocks(shorter, blocksOf(shorter))).values()];
    assertStringIncludes(create!, "Created my_node");
    assertStringIncludes(test!, "✓ broadcast: valid");
    assertStringIncludes(test!, "2 of 2 passed");
  },
});
