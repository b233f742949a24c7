/**
 * A machine that is cut off for real: three machines with NATS and etcd, in network namespaces.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "../../../../lib/workbench/cli/root.ts";
import { get, type ServedMachine, startServersOn } from "../../../machine_servers.ts";
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
      return evaluate<T>(machine, { createEtcd: "lib/etcd.ts" }, `const etcd = createEtcd([${url}]); ${body}`);
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
