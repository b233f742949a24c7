import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { connect, nanos } from "@nats-io/transport-node";
import { ROOT } from "../../../../../lib/workbench/cli/root.ts";
import { reportErrors } from "../../../../../lib/workbench/cli/report_errors.ts";
import { swarm } from "../../../../../lib/workbench/cli/swarm.ts";
import type { Machine } from "../../../../../lib/workbench/engines/machine.ts";
import { createMachine } from "../../../../../lib/workbench/engines/real_machine.ts";
import type { SwarmDefinition } from "../../../../../lib/workbench/search/swarm/machines/definition.ts";
import type { SeedResult } from "../../../../../lib/workbench/search/swarm/machines/results.ts";
import { drawTest } from "../../../../../lib/workbench/search/swarm/draw.ts";
import { isOurs, listRuns } from "../../../../../lib/workbench/report/stored/stored_folders.ts";
import { findChallenge } from "../../../../../lib/workbench/request/challenges.ts";
import { runTask, taskOf } from "../../../../../lib/workbench/search/swarm/task.ts";
import { freePort } from "../../../../../lib/workbench/world/cluster/servers/ports.ts";
import { createCertificates } from "../../../../cluster/logins.ts";
import { delay } from "@std/async/delay";
import { testWithServers } from "../../../../servers.ts";

const WRONG = `${ROOT}/tests/wrong/broadcast_without_retry.ts`;

/** TestOutcome of a command line. */
interface TestOutcome {
  status: number;
  out: string;
  err: string;
}

/** Runs `swarm` in this process. */
async function run(line: string, changes: Partial<Machine> = {}): Promise<TestOutcome> {
  let [out, err] = ["", ""];
  const machine = {
    ...createMachine(ROOT),
    ...changes,
    stdout: (text: string) => void (out += text),
    stderr: (text: string) => void (err += text),
    isTerminal: { stdout: false, stderr: false },
    onInterrupt: () => () => {},
  };
  const status = await reportErrors(() => swarm(line.split(" "), machine), machine);
  return { status, out, err };
}

/** Processes that were started. None outlives its test. */
const children: Deno.ChildProcess[] = [];

/** Starts `maelstrom.sh swarm` in a process of its own. */
function start(line: string): Deno.ChildProcess {
  const args = ["swarm", ...line.split(" ")];
  const env = { NO_COLOR: "1", DENO: Deno.execPath() };
  const options = { args, env, stdin: "null", stdout: "piped", stderr: "null" } as const;
  const child = new Deno.Command(`${ROOT}/maelstrom.sh`, options).spawn();
  children.push(child);
  return child;
}

/** Kills what a test that failed has left. */
function killChildren(): void {
  for (const child of children.splice(0)) {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await Promise.all([child.status, child.stdout.cancel()]);
}

/** Runs a coordinator and a worker to the end. Returns the outcome of the coordinator. */
async function runBoth({ url }: Pick<Nats, "url">, line: string, workerLine = ""): Promise<TestOutcome> {
  const name = /--name (\S+)/.exec(line)![1]!;
  const [outcome] = await Promise.all([
    run(`--coordinator ${url} ${line}`),
    run(`--worker ${url} --name ${name} --jobs 1${workerLine}`),
  ]);
  return outcome;
}

/** Nats-server of a test, which can be killed and started again. */
interface Nats {
  url: string;
  /** Folder of its data. */
  data: string;
  /** Kills it as `kill -9` does, and starts it again with its files. */
  restart(): Promise<void>;
}

function testWithServer(name: string, fn: (nats: Nats) => Promise<void>): void {
  testWithServers(name, ["nats-server"], async ({ folder, start: startServer }) => {
    const server = await startServer("nats-server");
    const data = `${folder}/0/${server.name}/data`;
    const restart = async () => {
      await server.act("kill");
      await server.act("start");
    };
    await fn({ url: server.url, data, restart }).finally(killChildren);
  });
}

/** Opens the buckets on the server, for a test that looks at them. */
async function withBuckets(
  { url }: Pick<Nats, "url">,
  look: (buckets: { jsm: JetStreamManager; open(name: string): Promise<KV> }) => Promise<void>,
): Promise<void> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    const kvm = new Kvm(connection);
    await look({ jsm: await jetstreamManager(connection), open: (name) => kvm.create(name) });
  } finally {
    await connection.close();
  }
}

/** Waits until what is asked is true. */
async function waitFor(ask: () => Promise<boolean>): Promise<void> {
  while (!await ask()) await delay(20);
}

/** Waits until a swarm has results of so many tests. */
async function untilCounted(kv: KV, count: number): Promise<void> {
  for await (const { revision } of await kv.watch({ include: "history" })) {
    if (revision >= count) return;
  }
}

testWithServer("every test counts once, whoever is killed: workers, the coordinator, nats-server", async (server) => {
  const seeds = 60;
  const coordinator = `--coordinator ${server.url} --name chaos --seeds ${seeds} --seed dune --challenge 1,3a --json`;
  const worker = `--worker ${server.url} --name chaos --jobs 1`;
  await withBuckets(server, async ({ jsm, open }) => {
    const first = start(coordinator);
    const definitions = await open("maelstrom-swarms");
    for await (const { key } of await definitions.watch()) if (key === "chaos") break;
    // So that the test takes seconds.
    await jsm.consumers.update("maelstrom-chaos", "workers", { ack_wait: nanos(1500) });
    const results = await open("maelstrom-chaos");
    const victim = start(worker);
    await untilCounted(results, 8);
    await kill(victim);
    const second = start(worker);
    await untilCounted(results, 16);
    await kill(first);
    const last = start(coordinator);
    await untilCounted(results, 24);
    await server.restart();
    const third = start(worker);
    const output = await last.output();
    assertEquals(output.code, 0);
    const { complete, counted, challenges, workers, failures } = JSON.parse(new TextDecoder().decode(output.stdout));
    assertEquals({ complete, counted, failures }, { complete: true, counted: seeds, failures: [] });
    const sum = (rows: { runs: number }[]) => rows.reduce((total, { runs }) => total + runs, 0);
    assertEquals([sum(challenges), sum(workers)], [seeds, seeds]);
    // Nothing was stored twice.
    const { state } = await jsm.streams.info("KV_maelstrom-chaos");
    assertEquals([state.messages, state.last_seq], [seeds, seeds]);
    for (const child of [second, third]) assertEquals((await child.output()).code, 0);
    await checkSample(results);
  });
});

/** A test has the same result here. */
async function checkSample(results: KV): Promise<void> {
  const { outcome, operations, duration } = (await results.get("7"))!.json<SeedResult>();
  const machine = createMachine(ROOT);
  const task = taskOf(drawTest("dune", 7, ["1", "3a"].map((id) => findChallenge(id)!)), []);
  const here = await runTask(task, machine.engines.simulation, machine);
  const expected = { outcome: here.hasVerdict ? "valid" : "no-verdict", ...here };
  assertEquals([outcome, operations, duration], [expected.outcome, expected.operations, expected.duration]);
}

testWithServer(
  "a run that failed is stored, fetched, shown and shrunk; the report can be had again",
  async (server) => {
    const store = await Deno.makeTempDir();
    try {
      const line = `--name wrong --seeds 3 --seed dune --challenge 3c --bin ${WRONG} --store ${store}`;
      const { status, out, err } = await runBoth(server, line, ` --bin ${WRONG}`);
      assertEquals(status, 1, err);
      const [, number] = /^Run (\d) has failed: (?:[\w-]+, )*lost.* \(3c\)$/m.exec(out)!;
      assertMatch(out, new RegExp(`^  run again    \\./maelstrom\\.sh 3c --sim .* --seed dune-${number}$`, "m"));
      const [, folder] = new RegExp(`^  stored in    (${store}/broadcast/\\d+T\\d+-wrong-${number})$`, "m").exec(out)!;
      const stored = JSON.parse(await Deno.readTextFile(`${folder}/results.json`));
      assertEquals([stored.seed, stored.valid], [`dune-${number}`, false]);
      assert((await Deno.readTextFile(`${folder}/history.jsonl`)).length > 1000);
      assertMatch(out, /\nThe smallest run that fails for the same reason: /);
      // They are runs as any other, for serve, analyze and prune.
      const machine = createMachine(ROOT);
      const fetched = listRuns(store, machine).filter(({ time }) => /T\d+-wrong-\d$/.test(time));
      assert(fetched.length > 0 && fetched.every((run) => isOurs(run, machine)), Deno.inspect(fetched));
      const again = await run(`--coordinator ${server.url} ${line} --json`);
      assertEquals([again.status, JSON.parse(again.out).counted], [1, 3]);
      await Deno.writeTextFile(`${store}/file`, "");
      const elsewhere = line.replace(`--store ${store}`, `--store ${store}/file`);
      const unstored = await run(`--coordinator ${server.url} ${elsewhere} --json`);
      assertEquals([unstored.status, JSON.parse(unstored.out).failures[0].store], [1, null]);
      assertStringIncludes(
        unstored.err,
        `Cannot store the runs that failed in ${store}/file: Not a directory. They stay`,
      );
      const removed = await run(`--coordinator ${server.url} --name wrong --remove`);
      assertEquals(removed, { status: 0, out: "Removed the swarm wrong\n", err: "" });
      const twice = await run(`--coordinator ${server.url} --name wrong --remove`);
      assertEquals(
        twice.err,
        `Cannot find the swarm wrong at ${server.url}: it has never been there, or was removed\n`,
      );
      const gone = await run(`--coordinator ${server.url} --name wrong`);
      assertEquals([gone.status, gone.err], [
        254,
        `Cannot find the swarm wrong at ${server.url}: expected --seeds NUMBER to begin it\n`,
      ]);
    } finally {
      await Deno.remove(store, { recursive: true });
    }
  },
);

testWithServer("a queue that the server has lost is made again", async (server) => {
  await withBuckets(server, async ({ jsm, open }) => {
    const coordinator = run(`--coordinator ${server.url} --name lost --seeds 12 --seed dune --challenge 1`);
    const definitions = await open("maelstrom-swarms");
    for await (const { key } of await definitions.watch()) if (key === "lost") break;
    await jsm.streams.delete("maelstrom-lost");
    const worker = start(`--worker ${server.url} --name lost --jobs 1`);
    const { status, out, err } = await coordinator;
    assertEquals([status, out.includes("\n12 runs in ")], [0, true], `${out}${err}`);
    assertEquals((await worker.output()).code, 0);
  });
});

testWithServer("a queue whose messages the server cannot read any more is made again", async (server) => {
  await withBuckets(server, async ({ jsm, open }) => {
    const coordinator = run(`--coordinator ${server.url} --name broken --seeds 12 --seed dune --challenge 1`);
    const definitions = await open("maelstrom-swarms");
    for await (const { key } of await definitions.watch()) if (key === "broken") break;
    const queue = "maelstrom-broken";
    await waitFor(async () => (await jsm.streams.info(queue)).state.messages === 12);
    // So that the messages are only in the file.
    await server.restart();
    await waitFor(() => jsm.streams.info(queue).then(({ state }) => state.messages === 12, () => false));
    await Deno.remove(`${server.data}/jetstream/$G/streams/${queue}/msgs/1.blk`);
    const worker = start(`--worker ${server.url} --name broken --jobs 1`);
    const { status, out, err } = await coordinator;
    assertEquals([status, out.includes("\n12 runs in ")], [0, true], `${out}${err}`);
    assertEquals((await worker.output()).code, 0);
  });
});

testWithServer("a coordinator whose swarm is removed ends, and says so", async (server) => {
  await withBuckets(server, async ({ open }) => {
    const coordinator = run(`--coordinator ${server.url} --name gone --seeds 12 --seed dune --challenge 1`);
    const definitions = await open("maelstrom-swarms");
    for await (const { key } of await definitions.watch()) if (key === "gone") break;
    await run(`--coordinator ${server.url} --name gone --remove`);
    const { status, err } = await coordinator;
    assertEquals(status, 255);
    assertStringIncludes(err, `The swarm gone has been removed from ${server.url}\n`);
  });
});

testWithServer("without a terminal, a coordinator adds sentences and tables to its log", async (server) => {
  const every: Machine["every"] = (interval, tick) => {
    const timer = setInterval(tick, interval / 500);
    return () => clearInterval(timer);
  };
  const coordinator = run(`--coordinator ${server.url} --name log --seeds 40 --seed dune --challenge 1`, { every });
  await run(`--worker ${server.url} --name log --jobs 1`);
  const { status, err } = await coordinator;
  assertEquals(status, 0, err);
  assertMatch(err, /^swarm log: \d+ of 40 runs, 0 failed, (?:\d+ \w+ left, )?\d+\.\d runs\/s, [01] workers?$/m);
  assertMatch(err, /^ +runs +operations .*\n1 {2}echo +\d+ .*\n\n\d+ runs in .*\n\nworker +runs /m);
});

testWithServer("other options or versions than those of a swarm are refused", async (server) => {
  assertEquals((await runBoth(server, "--name small --seeds 1 --seed dune --challenge 1")).status, 0);
  const refuse = async (line: string) => (await run(line)).err.trimEnd();
  const coordinator = `--coordinator ${server.url} --name small`;
  assertEquals(
    await refuse(`${coordinator} --seeds 2`),
    "Cannot use --seeds 2 with the swarm small, which has 1: leave --seeds out, or give another --name",
  );
  assertStringIncludes(
    await refuse(`${coordinator} --challenge 1 --bin ${WRONG}`),
    "Cannot take part in the swarm small: it tests our programs; expected no --bin",
  );
  await withBuckets(server, async ({ open }) => {
    const definitions = await open("maelstrom-swarms");
    const definition = (await definitions.get("small"))!.json<SwarmDefinition>();
    await definitions.put("small", JSON.stringify({ ...definition, version: "0.0.1-abc", isFinished: false }));
  });
  for (const line of [coordinator, `--worker ${server.url}`]) {
    const { status, err } = await run(line);
    assertEquals(status, 255);
    assertMatch(
      err,
      /^Cannot take part in the swarm small: it was begun with version 0\.0\.1-abc, this is 0\.1\.0-\w+; /,
    );
  }
});

testWithServers(
  "a swarm uses the login and the files for TLS in the variables",
  ["nats-server", "openssl"],
  async ({ folder, startPlainNats }) => {
    const { ca, server } = await createCertificates(folder);
    const flags = `--tls --tlscert=${server.cert} --tlskey=${server.key} --user me --pass secret`;
    const { url } = await startPlainNats(`--jetstream --store_dir ${folder}/js ${flags}`);
    const env = { NATS_URL: url.replace("//", "//me:secret@"), NATS_CA: ca.cert };
    const [{ status, out, err }] = await Promise.all([
      run(
        `--coordinator ${url} --name tls --seed tls --seeds 2 --challenge echo --store ${folder}`,
        withVariables(env),
      ),
      run(`--worker ${url} --name tls --jobs 1`, withVariables(env)),
    ]);
    assertEquals(status, 0, out + err);
    assert(!`${out}${err}`.includes("secret"), out + err);
    // The login of other addresses stays with them.
    const refused = await run(
      `--worker ${url}`,
      withVariables({ NATS_URL: "nats://me:secret@other", NATS_CA: ca.cert }),
    );
    assertEquals(refused.status, 255);
    assertStringIncludes(refused.err, `Cannot connect to NATS at ${url}: it wants a login`);
    assertStringIncludes(
      refused.err,
      ". $NATS_URL has a login, but for nats://other: expected the same spelling as in ",
    );
    const old = await run(`--worker ${url}`, withVariables({ ...env, NATS_CA: "/no/ca.pem" }));
    assertEquals([old.status, old.err], [254, `${MISSING}; see $NATS_CA\n`]);
  },
);

const MISSING = "Cannot read /no/ca.pem: No such file or directory";

/** Environment of a command. */
function withVariables(env: Record<string, string>): Partial<Machine> {
  return { env: (name) => env[name] };
}

testWithServers(
  "a server that is not there, or has no JetStream, is named without credentials",
  ["nats-server"],
  async ({ startPlainNats }) => {
    const expected = "expected a server that was started with: nats-server --jetstream --store_dir FOLDER\n";
    const address = `nats://127.0.0.1:${freePort()}`;
    const away = await run(`--worker ${address}`, withVariables({ NATS_URL: address.replace("//", "//me:secret@") }));
    assertEquals([away.status, away.err], [
      255,
      `Cannot connect to NATS at ${address}: connection refused; expected nats-server to run there\n`,
    ]);
    const { url } = await startPlainNats();
    const plain = await run(`--coordinator ${url} --seeds 3`);
    assertEquals([plain.status, plain.err], [255, `Cannot use NATS at ${url}: it has no JetStream; ${expected}`]);
  },
);
