/**
 * A machine that is cut off for real: three machines with NATS and etcd, in network namespaces.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { get, type ServedMachine, startServersOn, until } from "../../../machine_servers.ts";
import { testOnMachines } from "../../../namespaces.ts";

const NAMES = ["n1", "n2", "n3"];

/** Runs the body of an async function in a process on a machine, and returns what it returns. */
async function evaluate<T>(machine: ServedMachine, imports: Record<string, string>, body: string): Promise<T> {
  const code = [
    ...Object.entries(imports).map(([names, path]) => `import { ${names} } from "file://${ROOT}/${path}";`),
    "const attempt = (promise) => promise.catch((error) => ({ error: error.message, code: error.code }));",
    "async function until(ask, isDone = (got) => got?.error === undefined) {",
    "  for (;;) { const got = await attempt(ask()); if (isDone(got)) return got; }",
    "}",
    `const result = await (async () => { ${body} })();`,
    "console.log(JSON.stringify(result));",
    "Deno.exit();",
  ];
  const words = [
    "timeout",
    "120",
    Deno.execPath(),
    "eval",
    "--quiet",
    "--config",
    `${ROOT}/deno.json`,
    code.join("\n"),
  ];
  return JSON.parse(await machine.run(words, { env: machine.env }));
}

const SERVICES = "lib/workbench/world/cluster/services";

/** Copies the part of the project that an image has (`deploy/Dockerfile`), as each machine has a clone of its own. */
async function installProject({ folder }: ServedMachine): Promise<string> {
  const project = `${folder}/project`;
  await Deno.mkdir(project);
  const image = await Deno.readTextFile(`${ROOT}/deploy/Dockerfile`);
  const names = [...image.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, names]) => names!.split(" "));
  const args = ["-R", ...names.map((name) => `${ROOT}/${name.replace(/\/$/, "")}`), project];
  assert((await new Deno.Command("cp", { args }).output()).success);
  return project;
}

/** Starts a machine's part of the cluster, as its unit for systemd does, and waits until it is ready. */
async function startPart(machine: ServedMachine): Promise<ClusterPart> {
  const cwd = await installProject(machine);
  const env = { ...machine.env, DENO: Deno.execPath(), NO_COLOR: "1" };
  const unit = await Deno.readTextFile(`${ROOT}/deploy/systemd/maelstrom.service`);
  const [, words] = /^ExecStart=\S+maelstrom\.sh (.*)$/m.exec(unit)!;
  const args = words!.replaceAll(/\$\{(\w+)\}/g, (_, name) => machine.env[name]!).split(" ");
  const log = `${machine.folder}/up.log`;
  const { ended } = machine.start(["./maelstrom.sh", ...args], { cwd, env, log });
  let hasEnded = false;
  ended.then(() => hasEnded = true);
  await until(async () => {
    const text = await Deno.readTextFile(log);
    if (hasEnded) throw new Error(`up has ended:\n${text}`);
    return text.includes("Challenge 5c runs on");
  });
  const maelstrom = (words: string) =>
    machine.run(["timeout", "400", "./maelstrom.sh", ...words.split(" ")], { cwd, env });
  return { machine, maelstrom, ended };
}

/** A machine's part of a cluster. */
interface ClusterPart {
  machine: ServedMachine;
  /** Runs a command of the project there, and returns what it prints. */
  maelstrom(words: string): Promise<string>;
  ended: Promise<Deno.CommandStatus>;
}

/** Progress of a test, by its `progress.json`; none before it writes one. */
function progressOf(store: string): { ok: number; elapsed_ms: number } {
  try {
    const runs = [...Deno.readDirSync(`${store}/kafka`)].filter(({ isDirectory }) => isDirectory);
    return JSON.parse(Deno.readTextFileSync(`${store}/kafka/${runs[0]!.name}/progress.json`));
  } catch {
    return { ok: 0, elapsed_ms: 0 };
  }
}

testOnMachines("a test goes on while one of three machines is cut off, and is valid", NAMES, async (hosts, folder) => {
  const machines = await startServersOn(hosts, folder);
  const parts = await Promise.all(machines.map(startPart));
  const [n1, , n3] = parts;
  const store = `${folder}/store`;
  const test = n1!.maelstrom(`kafka --engine cluster --time-limit 20 --rate 300 --store ${store} --no-report`);
  test.catch(() => {});
  const advance = async (ok: number, ms: number) => {
    const start = progressOf(store);
    const isThere = ({ ok: now, elapsed_ms }: typeof start) =>
      now >= start.ok + ok && elapsed_ms >= start.elapsed_ms + ms;
    await Promise.race([test, until(() => Promise.resolve(isThere(progressOf(store))))]);
  };
  await advance(100, 0);
  await n3!.machine.cut();
  // That is longer than the 5 s in which a request has to be answered.
  await advance(200, 7000);
  await n3!.machine.heal();
  const summary = await test;
  const results = JSON.parse(await Deno.readTextFile(`${store}/latest/results.json`));
  assertEquals(results.valid, true, summary);
  assertStringIncludes(summary, "Node n3 did not answer");
  await n1!.maelstrom("status");
  for (const { maelstrom, ended } of parts) {
    await maelstrom("down");
    assertEquals((await ended).code, 0);
  }
});

testOnMachines("lww-kv has a copy on each machine: to cut one off stops no other", NAMES, async (hosts, folder) => {
  const machines = await startServersOn(hosts, folder, ["--plain"]);
  const bucket = (machine: ServedMachine, body: string) => {
    const open = `const bucket = await openBucket([${JSON.stringify(`nats://${machine.address}:4222`)}], "test");`;
    return evaluate<string | number>(machine, { openBucket: `${SERVICES}/main.ts` }, `${open} ${body}`);
  };
  // JetStream does not answer until it has elected a leader again.
  const put = (value: string) => `await until(() => bucket.put("x", "${value}")); return "done";`;
  const read = (value: string) =>
    `return (await until(() => bucket.get("x"), (got) => got?.value === "${value}")).revision;`;
  await bucket(machines[0]!, put("1"));
  const about = JSON.parse((await get(machines[0]!, "8222/jsz?streams=1&config=1")).split("\r\n\r\n")[1]!);
  assertEquals(about.account_details[0].stream_detail[0].config.num_replicas, 3);
  const leader = machines.find(({ name }) => name === about.meta_cluster.leader)!;
  const [n1, n2] = machines.filter((machine) => machine !== leader);
  await leader.cut();
  await bucket(n1!, put("2"));
  const revision = await bucket(n2!, read("2"));
  await leader.heal();
  assertEquals(await bucket(leader, read("2")), revision);
});

testOnMachines(
  "etcd on a machine that is cut off: reads may be old, all else times out, leases end",
  NAMES,
  async (hosts, folder) => {
    const [n1, , n3] = await startServersOn(hosts, folder, ["--plain"]);
    const etcd = <T>(machine: ServedMachine, body: string) => {
      const url = JSON.stringify(`http://${machine.address}:2379`);
      return evaluate<T>(machine, { createEtcd: "lib/cluster/etcd.ts" }, `const etcd = createEtcd([${url}]); ${body}`);
    };
    const lease = await etcd<string>(
      n3!,
      'await etcd.write("x", "1"); const lease = await etcd.grantLease(2); await etcd.create("owner", "n3", lease); ' +
        "return lease;",
    );
    await n3!.cut();
    const outside = await etcd<{ value?: string }>(
      n1!,
      'await until(() => etcd.write("x", "2")); ' +
        'await until(() => etcd.read("owner", false), ({ revision, value }) => revision > 0 && value === undefined); ' +
        'return await until(() => etcd.create("owner", "n1"));',
    );
    assertEquals(outside.value, undefined);
    const inside = await etcd<{ old: { value: string }; results: { error: string; code: number }[] }>(
      n3!,
      'const old = await etcd.read("x", true); const requests = [etcd.read("x", false), etcd.write("x", "3"), ' +
        `etcd.renewLease("${lease}")]; return { old, results: await Promise.all(requests.map(attempt)) };`,
    );
    assertEquals(inside.old.value, "1");
    assertEquals(inside.results.map(({ code }) => code), [0, 0, 0]);
    for (const { error } of inside.results) assertStringIncludes(error, "etcd ");
    await n3!.heal();
    const healed = await etcd<unknown[]>(
      n3!,
      'const { value } = await until(() => etcd.read("owner", false), ({ value }) => value !== undefined); ' +
        `return [value, await etcd.renewLease("${lease}")];`,
    );
    assertEquals(healed, ["n1", false]);
  },
);
