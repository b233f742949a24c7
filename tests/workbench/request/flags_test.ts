import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DEFAULTS, flagValues, parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { findFlag, type Flag } from "../../../lib/workbench/request/flag.ts";
import { FLAGS } from "../../../lib/workbench/request/flags.ts";

/** Returns the error message for a bad command line. */
function complaint(...args: string[]): string {
  const error = assertThrows(() => parseArguments(args), UsageError);
  assertEquals(error.message.split("\n").length, 1, "one line");
  return error.message;
}

Deno.test("FLAGS has the defaults of Maelstrom and of the workbench", () => {
  assertEquals(flagValues(DEFAULTS), {
    "workload": "lin-kv",
    "concurrency": { count: 1, perNode: true },
    "time-limit": 60,
    "rate": 5,
    "latency": 0,
    "latency-dist": "constant",
    "nemesis": ["none"],
    "nemesis-interval": 10,
    "consistency-models": ["strict-serializable"],
    "topology": "grid",
    "max-txn-length": 4,
    "max-writes-per-key": 16,
    "services": ["lin-kv", "seq-kv", "lww-kv", "lin-tso"],
    "repeat-adds": 0,
    "test-count": 1,
    "engine": "auto",
    "store": "store",
    "max-store": 2e9,
    "keep-runs": 100,
  });
});

Deno.test("FLAGS has each name and letter once, and each flag has help or a reason to be ignored", () => {
  const flags: readonly Flag[] = FLAGS;
  const words = flags.flatMap(({ name, short }) => short === undefined ? [name] : [name, short]);
  assertEquals(words.length, new Set(words).size);
  for (const { name, kind, help, ignored, placeholder } of flags) {
    assertEquals((help === "") === (ignored !== undefined), true, name);
    assertEquals((kind === "switch") === (placeholder === undefined), true, name);
  }
});

Deno.test("parseArguments() accepts every spelling of a flag", () => {
  const expected = { workload: "echo", rate: 2.5, "log-stderr": true as const };
  assertEquals(parseArguments(["--workload", "echo", "--rate", "2.5", "--log-stderr"]).given, expected);
  assertEquals(parseArguments(["--log-stderr", "--rate=2.5", "--workload=echo"]).given, expected);
  assertEquals(parseArguments(["-w", "echo", "--rate=2.5", "--log-stderr"]).given, expected);
  assertEquals(parseArguments(["-w=echo", "--rate", "25e-1", "--log-stderr"]).given, expected);
  assertEquals(parseArguments([]).given, {});
});

Deno.test("parseArguments() passes words after -- to the program", () => {
  const { given, program } = parseArguments(["--rate", "1", "--", "--rate", "x", "--", "y"]);
  assertEquals(given, { rate: 1 });
  assertEquals(program, ["--rate", "x", "--", "y"]);
});

Deno.test("parseArguments() parses every kind of value", () => {
  const parse = (...args: string[]) => parseArguments(args).given;
  assertEquals(parse("--concurrency", "10"), { concurrency: { count: 10, perNode: false } });
  assertEquals(parse("--concurrency", "3n"), { concurrency: { count: 3, perNode: true } });
  assertEquals(parse("--availability", "total"), { availability: "total" });
  assertEquals(parse("--availability", "0.5"), { availability: 0.5 });
  assertEquals(parse("--availability", "1"), { availability: 1 });
  assertEquals(parse("--availability", "1/2"), { availability: 0.5 });
  assertEquals(parse("--nemesis-interval", "5/2"), { "nemesis-interval": 2.5 });
  assertEquals(parse("--nemesis", "partition,"), { nemesis: ["partition"] });
  assertEquals(parse("--consistency-models", "read-committed, PL-2"), {
    "consistency-models": ["read-committed", "PL-2"],
  });
  assertEquals(parse("--nodes", "a,b , d"), { nodes: ["a", "b", "d"] });
  assertEquals(parse("-n", "a", "--node", "b"), { node: ["a", "b"] });
  assertEquals(parse("--rate", "0"), { rate: 0 });
  assertEquals(parse("--role", "storage=n2 , n3", "--role=meta=n0"), {
    role: [{ name: "storage", nodes: ["n2", "n3"] }, { name: "meta", nodes: ["n0"] }],
  });
  assertEquals(parse("--bin=--strange=name"), { bin: "--strange=name" });
});

Deno.test("parseArguments() rejects values of the wrong kind", () => {
  const bad: [string, string, string][] = [
    ["--rate", "fast", "expected a number, 0 or more"],
    ["--rate", "", "expected a number, 0 or more"],
    ["--rate", "-1", "expected a number, 0 or more"],
    ["--rate", "1e999", "expected a number, 0 or more"],
    ["--rate", "0x10", "expected a number, 0 or more"],
    ["--node-count", "0", "expected a whole number above 0"],
    ["--node-count", "2.5", "expected a whole number above 0"],
    ["--time-limit", "10s", "expected a whole number above 0"],
    ["--latency", "-5", "expected a whole number, 0 or more"],
    ["--nemesis-interval", "0", "expected a number above 0"],
    ["--concurrency", "n", "expected a whole number above 0, such as 4, or 4n for four per node"],
    ["--concurrency", "0n", "expected a whole number above 0"],
    ["--concurrency", "2m", "expected a whole number above 0"],
    ["--availability", "1.1", "expected total, or a number from 0 to 1"],
    ["--availability", "all", "expected total, or a number from 0 to 1"],
    ["--availability", "3/2", "expected total, or a number from 0 to 1"],
    ["--availability", "0/0", "expected total, or a number from 0 to 1"],
    ["--rate", "1/0", "expected a number, 0 or more"],
    ["--nodes", "a,,b", "expected a comma-separated list"],
    ["--nodes", ",", "expected a comma-separated list"],
    ["--bin", "", "expected a value"],
    ["--repeat-adds", "1.5", "expected a number from 0 to 1"],
    ["--repeat-adds", "-0.1", "expected a number from 0 to 1"],
    ["--role", "n1,n2", "expected a name and its nodes, such as storage=n2,n3"],
    ["--role", "storage=", "expected a name and its nodes"],
    ["--role", "=n1", "expected a name and its nodes"],
  ];
  for (const [flag, value, expected] of bad) {
    const message = complaint(`${flag}=${value}`);
    assertStringIncludes(message, `Cannot use ${flag} ${JSON.stringify(value)}: `);
    assertStringIncludes(message, expected);
  }
});

Deno.test("parseArguments() rejects values that are not allowed, lists the allowed ones and suggests one", () => {
  assertEquals(
    complaint("-w", "brodcast"),
    "Cannot use --workload brodcast: expected one of echo, unique-ids, broadcast, g-set, g-counter, pn-counter, " +
      "kafka, lin-kv, txn-list-append, txn-rw-register, lock, lin-kv-only; did you mean broadcast?",
  );
  assertEquals(
    complaint("--nemesis", "partion"),
    "Cannot use --nemesis partion: expected one of none, partition, one-way-partition, loss, duplicate, delay, " +
      "reorder, pause, kill, membership, pause-nats, kill-nats, pause-etcd, kill-etcd; did you mean partition?",
  );
  assertStringIncludes(
    complaint("--nemesis", "partition,meteor"),
    "Cannot use --nemesis meteor: expected one of none, partition,",
  );
  assertStringIncludes(complaint("--consistency-models", "serialisable"), "; did you mean serializable?");
  assertStringIncludes(
    complaint("--topology", "tree9"),
    "expected one of grid, line, total, tree, tree2, tree3, tree4;",
  );
  assertStringIncludes(complaint("--latency-dist", "normal"), "expected one of constant, uniform, exponential");
  assertStringIncludes(complaint("--engine", "jepsen"), "expected one of auto, workbench, maelstrom");
});

Deno.test("parseArguments() rejects unknown flags, lists the known ones and suggests one", () => {
  const message = complaint("--nodecount", "3");
  assertStringIncludes(message, "Cannot use flag --nodecount: expected one of --workload, --bin, --node-count, ");
  assertStringIncludes(message, "; did you mean --node-count?");
  assertStringIncludes(complaint("-rate", "3"), "Cannot use flag -rate: ");
  assertStringIncludes(complaint("-rate", "3"), "did you mean --rate?");
  assertStringIncludes(complaint("-x"), "Cannot use flag -x: ");
  assertStringIncludes(complaint("--Rate=3"), "did you mean --rate?");
});

Deno.test("parseArguments() rejects a flag without its value", () => {
  assertEquals(complaint("--rate"), "Missing value for --rate: expected a number, 0 or more");
  assertEquals(complaint("--bin", "--rate", "5"), "Missing value for --bin: expected a value");
  assertEquals(complaint("--bin", "-w", "echo"), "Missing value for --bin: expected a value");
  assertEquals(complaint("-w", "--", "echo"), "Missing value for --workload: expected a value");
});

Deno.test("parseArguments() rejects a value for a switch", () => {
  assertEquals(complaint("--json=yes"), "Cannot use --json=yes: --json takes no value");
  // Maelstrom takes this as true, which nobody means.
  assertEquals(complaint("--log-stderr=false"), "Cannot use --log-stderr=false: --log-stderr takes no value");
  assertEquals(parseArguments(["--log-stderr=true"]).given, { "log-stderr": true });
});

Deno.test("parseArguments() accepts a letter joined with its value, as Maelstrom does", () => {
  assertEquals(parseArguments(["-wecho", "-na", "-nb=c"]).given, { workload: "echo", node: ["a", "b=c"] });
  assertStringIncludes(complaint("-wecko"), "Cannot use --workload ecko: expected one of echo, ");
  assertStringIncludes(complaint("-workload", "echo"), "Cannot use flag -workload: ");
  assertStringIncludes(complaint("-nodes", "a,b"), "did you mean --nodes?");
  assertStringIncludes(complaint("-qx"), "Cannot use flag -qx: ");
});

Deno.test("parseArguments() accepts letters of switches joined with other flags, as Maelstrom does", () => {
  assertEquals(parseArguments(["-qwecho", "-hqn", "a"]).given, {
    workload: "echo",
    node: ["a"],
    quiet: true,
    help: true,
  });
  assertEquals(parseArguments(["-hq"]).given, { quiet: true, help: true });
  assertStringIncludes(complaint("-help"), "did you mean --help?");
});

Deno.test("parseArguments() uses the last value of a repeated flag, or all values if it may be repeated", () => {
  const { given, texts } = parseArguments(
    "--rate 1 -n a --json --rate=2 --node b --json --nodes c --nodes d,e".split(" "),
  );
  assertEquals(given, { rate: 2, json: true, node: ["a", "b"], nodes: ["d", "e"] });
  assertEquals(texts.get("rate"), ["2"]);
  assertEquals(parseArguments(["-w", "echo", "--workload", "g-set"]).given, { workload: "g-set" });
});

Deno.test("parseArguments() puts other words in front of the arguments after --", () => {
  const { given, positional, program } = parseArguments(["fast", "--rate", "1", "-", "", "--", "--slow", "x"]);
  assertEquals([given, positional, program], [{ rate: 1 }, ["fast", "-", ""], ["fast", "-", "", "--slow", "x"]]);
});

Deno.test("findFlag() finds names and letters only with their dashes", () => {
  assertEquals(findFlag("--workload", FLAGS)?.name, "workload");
  assertEquals(findFlag("-w", FLAGS)?.name, "workload");
  assertEquals(findFlag("workload", FLAGS), undefined);
  assertEquals(findFlag("--w", FLAGS), undefined);
});
