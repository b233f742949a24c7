import { COMMANDS } from "../../../lib/workbench/cli/commands.ts";
import { assert, assertStringIncludes } from "@std/assert";
import { formatFlagsHelp, formatHelp } from "../../../lib/workbench/cli/help.ts";

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
