import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { shellWord, shellWords } from "../../../lib/workbench/request/command_line.ts";
import { differingOptions, shapeOf } from "../../../lib/workbench/request/shape.ts";

function differences(...commands: string[]): string[][] {
  return differingOptions(commands.map((command) => shapeOf(command)!));
}

Deno.test("words that are quoted for a shell are read back", () => {
  const word = fc.string({ unit: "grapheme" });
  fc.assert(fc.property(fc.array(word), (words) => {
    assertEquals(shellWords(words.map(shellWord).join(" ")), words);
  }));
});

Deno.test("options that tests do not have in common are found, with those that are official or defaults", () => {
  assertEquals(differences("./maelstrom.sh 3e", "./maelstrom.sh 3e --rate 10 --seed a"), [["--rate 100"], [
    "--rate 10",
  ]]);
  assertEquals(
    differences("./maelstrom.sh test -w echo --bin a", "/opt/maelstrom.sh test -w echo --bin 'my node' -- x"),
    [
      ["--bin a", "no arguments"],
      ["--bin 'my node'", "-- x"],
    ],
  );
  assertEquals(
    differences("maelstrom test -w broadcast --nemesis partition", "maelstrom test -w broadcast --latency 10"),
    [["--latency 0", "--nemesis partition"], ["--latency 10", "--nemesis none"]],
  );
});

Deno.test("options that mean the same, and those that do not shape a test, are no difference", () => {
  assertEquals(
    differences("./m 3e --rate 100.0 --store x --no-report --sim", "./m broadcast --seed b --max-store 1GB"),
    [[], []],
  );
});

Deno.test("an official option that another makes void is none of the test", () => {
  assertEquals(differences("./m 3a", "./m 3a --nodes a,b"), [
    ["--node-count 1", "no --nodes"],
    ["no --node-count", "--nodes a,b"],
  ]);
});

Deno.test("what is not the command of a test, or of a later version, has no known shape", () => {
  for (const command of ["", "./maelstrom.sh", "./maelstrom.sh swarm --seed 3", "./maelstrom.sh 3e --new-flag 3"]) {
    assertEquals(shapeOf(command), undefined);
  }
});
