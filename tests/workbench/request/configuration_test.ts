import { assertEquals } from "@std/assert";
import { type Arguments, parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../../lib/workbench/request/challenges.ts";
import {
  type Configuration,
  configurationOf,
  describeChanges,
  reconfigure,
} from "../../../lib/workbench/request/configuration.ts";
import { createRequest, type TestRequest } from "../../../lib/workbench/request/request.ts";
import { fakeMachine } from "../engines/fake_machine.ts";

/** Changes the configuration of a command line. */
function change(line: string, changes: Partial<Configuration>) {
  const [command = "", ...words] = line.split(" ");
  const challenge = command === "test" ? null : findChallenge(command)!;
  const request = (args: Arguments) => createRequest(challenge, args, fakeMachine());
  const args = parseArguments(words);
  const from = configurationOf(request(args), args);
  const to = { ...from, ...changes };
  const after = request(reconfigure(challenge, args, from, to));
  return { command: after.command.slice(1).join(" "), after, told: describeChanges(challenge, args, from, to) };
}

Deno.test("configurationOf() reads the size of a test, and names the other given flags", () => {
  const args = parseArguments("--nodes a,b,d --concurrency 2n --latency 50 --nemesis loss,pause --store x".split(" "));
  const { options } = createRequest(findChallenge("3d")!, args, fakeMachine());
  assertEquals(configurationOf({ options }, args), {
    faults: ["loss", "pause"],
    nodeCount: 3,
    concurrency: 6,
    rate: 100,
    timeLimitSeconds: 20,
    settings: ["latency"],
  });
});

Deno.test("reconfigure() writes flags that change, and keeps the text of the others", () => {
  const { command, after, told } = change("3c --rate 1e2 --latency 50 --topology line", {
    faults: [],
    nodeCount: 2,
    concurrency: 2,
    timeLimitSeconds: 3,
    settings: ["topology"],
  });
  assertEquals(command, "3c --rate 1e2 --topology line --nemesis none --node-count 2 --time-limit 3");
  assertEquals(told, [
    "--nemesis none (was partition)",
    "--node-count 2 (was 5)",
    "--time-limit 3 (was 20)",
    "--latency 0 (was 50)",
  ]);
  const { nemesis, nodes, concurrency, latency } = after.options;
  assertEquals([nemesis, nodes, concurrency, latency.mean], [[], ["n0", "n1"], 2, 0]);
});

Deno.test("reconfigure() writes no flag for official and default values", () => {
  const line = "5c --node-count 8 --concurrency 8 --rate 4000 --nemesis loss --key-count 3";
  const { command, told } = change(line, {
    faults: [],
    nodeCount: 2,
    concurrency: 4,
    rate: 1000,
    settings: [],
  });
  assertEquals(command, "5c");
  assertEquals(told.at(-1), "no --key-count (was 3)");
  // A flag with the default value is not a change.
  assertEquals(change("5c --latency 0", { settings: [] }).told, []);
});

Deno.test("reconfigure() writes the number of all workers if nodes have roles", () => {
  const line = "3b --role a=n0 --concurrency 5n";
  const { command, after, told } = change(line, { concurrency: 10 });
  assertEquals(command, "3b --role a=n0 --concurrency 10");
  assertEquals([after.options.concurrency, told], [10, ["--concurrency 10 (was 20)"]]);
  assertEquals(change(line, { rate: 5 }).command, "3b --role a=n0 --concurrency 5n --rate 5");
});

Deno.test("reconfigure() replaces named nodes by their number", () => {
  const named = "test -w echo --bin ./node -n a -n b -n d -n e";
  assertEquals(
    change(named, { rate: 7 }).command,
    "test --workload echo --bin ./node --node a --node b --node d --node e --rate 7",
  );
  const { command, after } = change(named, { nodeCount: 3, concurrency: 3 });
  assertEquals(command, "test --workload echo --bin ./node --node-count 3");
  assertEquals(after.options.nodes, ["n0", "n1", "n2"]);
  assertEquals(change("test -w echo --bin ./node", { nodeCount: 1, concurrency: 2 }).after.options.concurrency, 2);
});

Deno.test("reconfigure() writes workers per node if all nodes have the same number", () => {
  const workers = (concurrency: number): TestRequest["command"] => change("3c", { concurrency }).after.command.slice(2);
  assertEquals(workers(10), ["--concurrency", "2n"]);
  assertEquals(workers(3), ["--concurrency", "3"]);
  assertEquals(workers(5), []);
});
