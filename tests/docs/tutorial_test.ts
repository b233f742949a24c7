import { assertRunsAsPrinted, MAY_RUN_PAGES } from "./page.ts";

Deno.test({
  name: "docs/tutorial.md runs as printed",
  ignore: !MAY_RUN_PAGES,
  fn: () => assertRunsAsPrinted("docs/tutorial.md"),
});
