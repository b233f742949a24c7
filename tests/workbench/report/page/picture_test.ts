import { assertEquals } from "@std/assert";
import { shownText } from "../../../../lib/workbench/report/page/picture.js";
import { createView } from "../../../../lib/workbench/report/page/view.js";

Deno.test("a picture says which part of the run it shows", () => {
  const view = createView(20_000_000);
  const text = () => shownText(view.period(), view.end);
  assertEquals(text(), "Shown: the whole run, 20.000 s");
  view.show(-1000, 2_500_000);
  assertEquals(text(), "Shown: 0.000 s to 2.500 s of 20.000 s");
  view.show(19_000_000, 21_000_000);
  assertEquals(text().endsWith(" to 20.000 s of 20.000 s"), true);
  view.fit();
  assertEquals(text(), "Shown: the whole run, 20.000 s");
});
