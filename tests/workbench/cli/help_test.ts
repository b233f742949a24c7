import { COMMANDS } from "../../../lib/workbench/cli/commands.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT_STATUS } from "../../../lib/workbench/base/exit_status.ts";
import { formatFlagsHelp, formatHelp } from "../../../lib/workbench/cli/help.ts";
import { ROOT } from "../../../lib/workbench/cli/root.ts";
import { MAY_RUN_PAGES } from "../../docs/page.ts";

const NARROW = { width: 40, colour: false };

Deno.test("on a narrow terminal, the help of commands is wrapped, and the help of flags is below their names", () => {
  assertStringIncludes(
    formatHelp(COMMANDS, NARROW),
    `
  all          Run all challenges, one
               after another
`,
  );
  assertStringIncludes(
    formatFlagsHelp(NARROW),
    `
  --rate NUMBER
      Operations a second, all workers
      together (default 5)
`,
  );
  for (const section of formatFlagsHelp(NARROW).split("\n\n").slice(2)) {
    for (const line of section.split("\n")) assert(line.length <= 40, line);
  }
});

Deno.test("the help, docs/commands.md and README.md have each exit status", { ignore: !MAY_RUN_PAGES }, async () => {
  const statuses = Object.values(EXIT_STATUS).map(String);
  const help = /\nExit status\n((?: {2}.*\n)+)/.exec(formatHelp(COMMANDS, { width: 80, colour: false }))![1]!;
  assertEquals(Array.from(help.matchAll(/^ {2}(\d+)/gm), ([_, status]) => status), statuses);
  const page = await Deno.readTextFile(`${ROOT}/docs/commands.md`);
  assertEquals(Array.from(page.matchAll(/^\| (\d+) +\|/gm), ([_, status]) => status), statuses);
  const [sentence] = /^Exit status: [^]*?\n\n/m.exec(await Deno.readTextFile(`${ROOT}/README.md`))!;
  for (const status of statuses) assert(new RegExp(`\\b${status} `).test(sentence), status);
});

Deno.test("docs/commands.md has each command in its table", { ignore: !MAY_RUN_PAGES }, async () => {
  const page = await Deno.readTextFile(`${ROOT}/docs/commands.md`);
  const cells = page.split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split(" | ")[0]!);
  const words = cells.flatMap((cell) => cell.match(/[\w-]+/g) ?? []);
  assertEquals(COMMANDS.map(({ name }) => name).filter((name) => !words.includes(name)), []);
});
