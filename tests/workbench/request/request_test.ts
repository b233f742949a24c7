import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseArguments } from "../../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../../lib/workbench/request/challenges.ts";
import { UsageError } from "../../../lib/workbench/base/errors.ts";
import { show } from "../../../lib/workbench/base/text.ts";
import { shellWord } from "../../../lib/workbench/request/command_line.ts";
import { createRequest, type TestRequest } from "../../../lib/workbench/request/request.ts";
import { fakeMachine } from "../engines/fake_machine.ts";

function request(command: string, ...args: string[]): TestRequest {
  const challenge = command === "test" ? null : findChallenge(command)!;
  return createRequest(challenge, parseArguments(args), fakeMachine());
}

function complaint(command: string, ...args: string[]): string {
  return assertThrows(() => request(command, ...args), UsageError).message;
}

Deno.test("createRequest() has Maelstrom's defaults for a plain test", () => {
  const { workload, bin, args, options, challenge, limits, deviations, store, seed } = request(
    "test",
    "--bin",
    "./node",
  );
  assertEquals({ workload, bin, args, challenge, limits, deviations, store, seed }, {
    workload: "lin-kv",
    bin: "/home/node",
    args: [],
    challenge: null,
    limits: [],
    deviations: [],
    store: "store",
    seed: null,
  });
  assertEquals(options, {
    nodes: ["n1", "n2", "n3", "n4", "n5"],
    concurrency: 5,
    timeLimitSeconds: 60,
    rate: 5,
    latency: { mean: 0, distribution: "constant" },
    nemesis: [],
    nemesisIntervalSeconds: 10,
    availability: undefined,
    consistencyModels: ["strict-serializable"],
    keyCount: undefined,
    maxTxnLength: 4,
    maxWritesPerKey: 16,
    topology: "grid",
    roles: {},
    services: ["lin-kv", "seq-kv", "lww-kv", "lin-tso"],
    repeatAdds: 0,
    failFast: false,
  });
});

Deno.test("createRequest() gives roles to nodes, and leaves some for the clients", () => {
  const roles = (...args: string[]) => request("3b", ...args.flatMap((role) => ["--role", role])).options.roles;
  assertEquals(roles("a=n0,n3", "b=n1"), { n0: "a", n3: "a", n1: "b" });
  const wrong = (...args: string[]) => complaint("3b", ...args.flatMap((role) => ["--role", role]));
  assertEquals(wrong("a=x"), "Cannot use --role a: expected one of n0, n1, n2, n3, n4");
  assertEquals(wrong("a=n0", "b=n0"), "Cannot give n0 two roles: it is a already");
  assertEquals(
    wrong("a=n0,n1,n2,n3,n4"),
    "Cannot use --role: every node has a role, expected some without one, for the clients",
  );
});

Deno.test("workers per node are counted for the nodes without a role", () => {
  const workers = (...args: string[]) => request("3b", "--role", "a=n0,n3", ...args).options.concurrency;
  assertEquals([workers(), workers("--concurrency", "2n"), workers("--concurrency", "4")], [3, 6, 4]);
});

Deno.test("createRequest() takes services away", () => {
  assertEquals(request("3b", "--services", "none").options.services, []);
  assertEquals(request("3b", "--services", "seq-kv , lin-tso").options.services, ["seq-kv", "lin-tso"]);
  assertEquals(
    complaint("3b", "--services", "none,lin-kv"),
    "Cannot use --services none,lin-kv: expected either none alone or a list of services",
  );
  assertEquals(request("3b", "--fail-fast", "--services", "none", "--repeat-adds", "0.1").deviations, [
    "--services none (official lin-kv,seq-kv,lww-kv,lin-tso)",
    "--repeat-adds 0.1 (official 0)",
    "--fail-fast (official none)",
  ]);
});

Deno.test("createRequest() asks for no availability where nodes are paused or killed, unless the user does", () => {
  for (const fault of ["pause", "kill", "partition,kill"]) {
    const { options, deviations, flags } = request("2", "--nemesis", fault);
    assertEquals(options.availability, undefined);
    assertEquals(deviations.includes("no --availability (official total)"), true);
    assertEquals(flags.includes("--availability"), false);
  }
  assertEquals(request("2", "--nemesis", "partition,loss").options.availability, "total");
  assertEquals(request("2", "--nemesis", "pause", "--availability", "0.5").options.availability, 0.5);
});

Deno.test("createRequest() removes a challenge's faults with --nemesis none", () => {
  const { options, deviations, flags } = request("3c", "--nemesis", "none");
  assertEquals([options.nemesis, deviations], [[], ["--nemesis none (official partition)"]]);
  assertEquals(flags.includes("--nemesis"), false);
  assertEquals(request("3b", "--nemesis", "none").deviations, []);
  assertEquals(
    complaint("3c", "--nemesis", "none,loss"),
    "Cannot use --nemesis none,loss: expected either none alone or a list of faults",
  );
});

Deno.test("createRequest() reads every flag of a plain test", () => {
  const { options, ...rest } = request(
    "test",
    ..."-w kafka --bin ./node --node-count 3 --concurrency 4n --time-limit 7 --rate 0.5 --latency 20".split(" "),
    ..."--latency-dist uniform --nemesis partition --nemesis-interval 2 --availability total --key-count 9".split(" "),
    ..."--consistency-models PL-2 --max-txn-length 2 --max-writes-per-key 8 --topology line --seed s".split(" "),
    ..."--store /var/runs --log-stderr --log-net-send --log-net-recv -- --fast".split(" "),
  );
  assertEquals(options, {
    nodes: ["n0", "n1", "n2"],
    concurrency: 12,
    timeLimitSeconds: 7,
    rate: 0.5,
    latency: { mean: 20, distribution: "uniform" },
    nemesis: ["partition"],
    nemesisIntervalSeconds: 2,
    availability: "total",
    consistencyModels: ["PL-2"],
    keyCount: 9,
    maxTxnLength: 2,
    maxWritesPerKey: 8,
    topology: "line",
    roles: {},
    services: ["lin-kv", "seq-kv", "lww-kv", "lin-tso"],
    repeatAdds: 0,
    failFast: false,
  });
  assertEquals([rest.workload, rest.args, rest.seed, rest.store], ["kafka", ["--fast"], "s", "/var/runs"]);
  assertEquals([rest.logStderr, rest.logNetSend, rest.logNetRecv], [true, true, true]);
});

Deno.test("createRequest() joins named nodes, and --node-count overrides them", () => {
  const nodes = (...args: string[]) => request("test", "--bin", "./node", ...args).options.nodes;
  assertEquals(nodes("--nodes", "a,b", "--node", "d", "-n", "e"), ["a", "b", "d", "e"]);
  assertEquals(nodes("--nodes-file", "./nodes", "--nodes", "a"), ["n1", "n2", "a"]);
  assertEquals(nodes("--nodes", "a,b", "--node-count", "1"), ["n0"]);
  assertEquals(request("test", "--bin", "./node", "--nodes", "a,b", "--concurrency", "2n").options.concurrency, 4);
});

Deno.test("createRequest() rejects names that belong to two nodes, a client or a service", () => {
  const nodes = (...args: string[]) => complaint("test", "--bin", "./node", ...args);
  assertEquals(nodes("--nodes", "a,b,a"), "Cannot name two nodes a: expected different names");
  assertEquals(
    nodes("--node", "c1"),
    "Cannot name a node c1: expected a name that is not a service's and does not begin with c, as those of clients do",
  );
  assertEquals(nodes("--node", "lin-kv").startsWith("Cannot name a node lin-kv: "), true);
  assertEquals(
    nodes("--nodes-file", "./none"),
    "Cannot read --nodes-file ./none: expected a file with a node's name on each line",
  );
  assertEquals(
    nodes("--nodes-file", "./empty"),
    "Cannot use --nodes-file ./empty: it is empty, expected a node's name on each line",
  );
});

Deno.test("createRequest() rejects names that are not plain, wherever they come from", () => {
  const named = (...args: string[]) => complaint("test", "--bin", "./node", ...args);
  const expected = "expected a plain name: letters, digits, and . _ - : @ after the first, at most 200 characters";
  for (const name of ["../../x", "/tmp/x", "a/b", "..", ".", ".x", "-x", "a b", "a\\b", "n\x1b[2J", "a".repeat(201)]) {
    const message = `Cannot name a node ${show(name)}: ${expected}`;
    assertEquals(named("--node", "n1", `--node=${name}`), message);
    assertEquals(named("--sim", `--nodes=n1,${name}`), message);
  }
  assertEquals(named("--nodes-file", "./climbing"), `Cannot name a node "../../x": ${expected}`);
  const usual = ["n1", "N_2", "a.b", "node-3", "10.0.0.1", "db:8080", "me@host", "a".repeat(200)];
  assertEquals(request("test", "--bin", "./node", "--nodes", usual.join()).options.nodes, usual);
});

Deno.test("createRequest() reads the variables for nodes, and refuses them in a simulation", () => {
  const env = (...args: string[]) => request("test", "--bin", "./node", ...args).env;
  assertEquals(env(), []);
  assertEquals(env("--env", "TOKEN", "--env=LEVEL=a=b", "--env", "EMPTY="), [
    { name: "TOKEN", value: undefined },
    { name: "LEVEL", value: "a=b" },
    { name: "EMPTY", value: "" },
  ]);
  for (const text of ["=x", "", "A\0", "A=\0"]) {
    assertStringIncludes(complaint("test", "--bin", "./node", `--env=${text}`), "expected NAME, to pass on a variable");
  }
  assertStringIncludes(complaint("1", "--sim", "--env", "TOKEN"), "Cannot use --env with --sim: ");
  const { flags, command } = request("test", "--bin", "./node", "--env", "TOKEN", "--env", "LEVEL=a b");
  assertEquals(flags.includes("--env"), false);
  assertStringIncludes(command.join(" "), "--env TOKEN --env 'LEVEL=a b'");
});

Deno.test("createRequest() rejects a missing binary, and one that is not executable", () => {
  assertEquals(complaint("test", "-w", "echo"), "Missing --bin: expected --bin FILE, the program that runs a node");
  assertEquals(complaint("test", "--bin", "./none"), "Cannot find --bin ./none: expected the program that runs a node");
  assertEquals(
    complaint("test", "--bin", "/tmp"),
    "Cannot run --bin /tmp: it is a folder, expected the program that runs a node",
  );
  assertEquals(
    complaint("test", "--bin", "./notes.txt"),
    "Cannot run --bin ./notes.txt: it is not executable; try chmod +x ./notes.txt",
  );
});

/** A request for an executable file with some text. */
function requestFor(bin: string, text: string, ...args: string[]): TestRequest {
  const files = { inspect: () => ({ kind: "executable" as const, path: `/home/${bin}` }), readTextFile: () => text };
  return createRequest(null, parseArguments(["--bin", bin, ...args]), fakeMachine({ files }));
}

Deno.test("createRequest() lets Deno run an executable module, unless its first line names a program", () => {
  assertEquals(requestFor("node.ts", "import x").isModule, true);
  assertEquals(requestFor("node.js", "#!/usr/bin/env node\n").isModule, false);
  assertEquals(requestFor("node", "\x7fELF").isModule, false);
});

Deno.test("createRequest() does not simulate a script that Deno does not run", () => {
  const refused = (text: string) => assertThrows(() => requestFor("node", text, "--sim"), UsageError).message;
  const start = "Cannot simulate --bin node: it is";
  const expected = "expected the module that exports a node's program";
  assertEquals(
    refused("#!/usr/bin/env python3\n"),
    `${start} a script for /usr/bin/env python3, ${expected}; without --sim, it runs as a process`,
  );
  assertEquals(refused("#!/bin/sh\nexec deno x.ts\n"), `${start} a shell script, ${expected}; it seems to run x.ts`);
  assertEquals(requestFor("node", "#!/usr/bin/env -S deno run\n", "--sim").bin, "/home/node");
  const inClone = { inspect: () => ({ kind: "executable" as const, path: "/project/my_node/node.sh" }) };
  const files = { ...inClone, readTextFile: () => "#!/bin/sh\nexec deno node.ts\n" };
  assertThrows(
    () => createRequest(null, parseArguments(["--bin", "my_node/node.sh", "--sim"]), fakeMachine({ files })),
    UsageError,
    "it is a shell script",
  );
});

Deno.test("createRequest() runs the official test of a challenge with our program", () => {
  const { workload, bin, options, limits, deviations } = request("3d");
  assertEquals([workload, bin], ["broadcast", "/project/challenges/bin/broadcast-fast"]);
  assertEquals(options.nodes.length, 25);
  assertEquals([options.timeLimitSeconds, options.rate, options.latency.mean], [20, 100, 100]);
  assertEquals(limits.map(({ limit }) => limit), [30, 400, 600]);
  assertEquals(deviations, []);
});

Deno.test("createRequest() drops limits on latency if there are faults that the official test lacks", () => {
  const { limits, deviations } = request("3e", "--nemesis", "duplicate");
  assertEquals(limits, [{ name: "msgs_per_op", limit: 20 }]);
  assertEquals(deviations, ["--nemesis duplicate (official none; limits on latency do not apply)"]);
  assertEquals(request("3e", "--rate", "50", "--latency", "200").limits.length, 3);
});

Deno.test("createRequest() lets flags override official ones, and says so", () => {
  const { options, deviations } = request("3c", "--time-limit", "5", "--latency", "50", "--rate", "10.0");
  assertEquals([options.timeLimitSeconds, options.latency.mean, options.nodes.length], [5, 50, 5]);
  assertEquals(deviations, ["--time-limit 5 (official 20)", "--latency 50 (official 0)"]);
  assertEquals(request("1", "--nemesis", "partition").deviations, ["--nemesis partition (official none)"]);
  assertEquals(request("1", "--nodes", "a").options.nodes, ["a"]);
  assertEquals(request("1", "--nodes", "a").deviations, ["no --node-count (official 1)", "--nodes a (official none)"]);
  assertEquals(request("1", "--json", "--store", "/x", "--seed", "1", "--bin", "./node").deviations, []);
});

Deno.test("createRequest() runs a challenge with any program and its arguments", () => {
  assertEquals(request("3d", "--bin", "./node", "--", "--fan-out", "4").bin, "/home/node");
  assertEquals(request("3d", "--bin", "./node", "--", "--fan-out", "4").args, ["--fan-out", "4"]);
  assertEquals(request("1", "--", "x").args.at(-1), "x");
});

Deno.test("createRequest() rejects another workload for a challenge", () => {
  assertEquals(
    complaint("3d", "-w", "echo"),
    "Cannot use --workload with a challenge: 3d is broadcast; for another, use test -w NAME --bin FILE",
  );
});

Deno.test("createRequest() passes Maelstrom's own flags in Maelstrom's format", () => {
  assertEquals(
    request("6c", "--time-limit", "5").flags.join(" "),
    [
      "--workload txn-rw-register --node-count 2 --concurrency 2n --time-limit 5 --rate 1000 --nemesis partition",
      "--availability total --consistency-models read-committed",
    ].join(" "),
  );
  const flags = request(
    "test",
    ..."-w echo --bin ./node --seed 1 --store x --json -q --engine auto --log-stderr --no-ssh --test-count 3".split(
      " ",
    ),
    ..."--nodes-file ./nodes --node a --consistency-models PL-2,PL-3".split(" "),
  ).flags;
  assertEquals(flags, [
    ...["--workload", "echo", "--consistency-models", "PL-2 , PL-3", "--log-stderr", "--no-ssh"],
    ...["--nodes", "n1,n2,a"],
  ]);
});

Deno.test("createRequest() formats the command that repeats the test", () => {
  assertEquals(
    request("broadcast", "--seed", "1", "--json", "-q", "--rate=50").command.join(" "),
    "./maelstrom.sh 3e --rate 50",
  );
  assertEquals(
    request("test", "-w", "echo", "--bin", "./node", "--log-stderr", "--", "two words", "it's").command.join(" "),
    "./maelstrom.sh test --workload echo --bin ./node --log-stderr -- 'two words' 'it'\\''s'",
  );
});

Deno.test("the command that repeats a run of a series runs it alone", () => {
  const alone = "./maelstrom.sh 3e --sim";
  assertEquals(request("3e", "--sim", "--test-count", "3").command.join(" "), alone);
  assertEquals(request("3e", "--sim", "--seeds", "3").command.join(" "), alone);
});

Deno.test("shellWord() quotes words that a shell would change", () => {
  assertEquals(shellWord("--rate=5"), "--rate=5");
  assertEquals(shellWord("a b"), "'a b'");
  assertEquals(shellWord(""), "''");
  assertEquals(shellWord("$HOME"), "'$HOME'");
});

Deno.test("createRequest() reads the flags of a simulation", () => {
  const simulation = (...args: string[]) => request("3e", ...args).simulation;
  assertEquals(simulation(), null);
  assertEquals(simulation("--sim"), { checkDeterminism: false, keep: "all" });
  assertEquals(simulation("--sim", "--seeds", "2", "--check-determinism"), { checkDeterminism: true, keep: "failing" });
  assertEquals(simulation("--sim", "--seeds", "2", "--store", "runs"), { checkDeterminism: false, keep: "all" });
  assertEquals(
    request("3e", "--sim", "--seeds", "2", "--seed", "s", "--json").command.join(" "),
    "./maelstrom.sh 3e --sim",
  );
  assertEquals(
    complaint("3e", "--seeds", "2"),
    "Cannot use --seeds without --sim: only a simulation is determined by its seed",
  );
});

Deno.test("createRequest() accepts any file as a module in a simulation", () => {
  assertEquals(request("test", "--sim", "--bin", "./notes.txt").bin, "/home/notes.txt");
  assertEquals(
    complaint("test", "--sim", "--bin", "/tmp"),
    "Cannot run --bin /tmp: it is a folder, expected the module that exports a node's program",
  );
});

Deno.test("createRequest() writes the path of maelstrom.sh relative to the user's folder, or absolute", () => {
  const { files } = fakeMachine();
  const elsewhere = {
    ...files,
    inspect: (path: string) => path === "." ? { kind: "folder", path: "/tmp" } as const : files.inspect(path),
  };
  const args = () => parseArguments(["-w", "echo", "--bin", "./node"]);
  const command = (root: string, files: typeof elsewhere) =>
    createRequest(null, args(), { root, files }).command.join(" ");
  assertEquals(
    command("/project", files as typeof elsewhere),
    "./maelstrom.sh test --workload echo --bin ./node",
  );
  assertEquals(
    command("/project", elsewhere),
    "/project/maelstrom.sh test --workload echo --bin ./node",
  );
  assertEquals(
    command("/my code", elsewhere),
    "'/my code/maelstrom.sh' test --workload echo --bin ./node",
  );
});
