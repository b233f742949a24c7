import { assert, assertEquals, assertMatch, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { runOnCluster } from "../../../../lib/workbench/engines/cluster_engine.ts";
import { accessTo, etcdOf, readAccess } from "../../../../lib/workbench/world/cluster/access.ts";
import { freePort } from "../../../../lib/workbench/world/cluster/servers/ports.ts";
import type { StartedPlan } from "../../../../lib/workbench/world/cluster/state.ts";
import { supervise } from "../../../../lib/workbench/world/cluster/supervisor.ts";
import { nodeEnvironment } from "../../../../lib/workbench/world/hosts/process/environment.ts";
import { createCertificates, enableLogins } from "../../../cluster/logins.ts";
import { type TestServers, testWithServers } from "../../../servers.ts";
import { HOOKS, planFor, requestFor, ROOT, withCluster } from "./rig.ts";

Deno.test("readAccess() takes the variables that are set, with absolute paths", () => {
  const env: Record<string, string> = { NATS_URL: "nats://a", NATS_CA: "ca.pem", NATS_KEY: "", ETCD_USER: "root:x" };
  assertEquals(readAccess((name) => env[name], (path) => `/here/${path}`), {
    NATS_CA: "/here/ca.pem",
    ETCD_USER: "root:x",
  });
});

Deno.test("accessTo() leaves out the variables for servers that the cluster starts itself", () => {
  const access = { NATS_CA: "/ca.pem", ETCD_USER: "root:x" };
  assertEquals(accessTo({ access }), {});
  assertEquals(accessTo({ access, nats: ["nats://a"] }), { NATS_CA: "/ca.pem" });
  assertEquals(accessTo({ access, etcd: ["http://a"] }), { ETCD_USER: "root:x" });
});

Deno.test("etcdOf() keeps the client of a cluster, which knows the members that do not answer", () => {
  const cluster = { etcd: ["http://a", "http://b"], access: {} };
  assertStrictEquals(etcdOf(cluster), etcdOf({ ...cluster }));
});

/** Paths and texts of all files in a folder. */
function textsIn(folder: string): [string, string][] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory, isFile }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return textsIn(path);
    return isFile ? [[path, Deno.readTextFileSync(path)] as [string, string]] : [];
  });
}

/** Starts nats-server and etcd, both with TLS, certificates of clients and logins. Returns a plan that uses them. */
async function secured(servers: TestServers): Promise<StartedPlan> {
  const { folder } = servers;
  const { ca, server, client } = await createCertificates(`${folder}/tls`);
  const nats = await servers.startPlainNats(
    `--jetstream --store_dir ${folder}/js --user me --pass secret --tls --tlscert=${server.cert} ` +
      `--tlskey=${server.key} --tlsverify --tlscacert=${ca.cert}`,
  );
  const etcd = `https://127.0.0.1:${freePort()}`;
  const flags = `--cert-file=${server.cert} --key-file=${server.key} --client-cert-auth --trusted-ca-file=${ca.cert}`;
  await enableLogins((await servers.startEtcdAt(etcd, flags)).url);
  return planFor(folder, {
    challenge: "5b",
    program: { path: `${ROOT}/challenges/kafka_lin_kv.ts`, args: [], kind: "export" },
    nats: [nats.url.replace("//", "//me:secret@")],
    etcd: [etcd],
    access: {
      NATS_CA: ca.cert,
      NATS_CERT: client.cert,
      NATS_KEY: client.key,
      ETCD_USER: "me:secret",
      ETCD_CACERT: ca.cert,
      ETCD_CERT: client.cert,
      ETCD_KEY: client.key,
    },
  });
}

testWithServers(
  "a cluster on servers with TLS and logins passes a test, and shows no password",
  ["nats-server", "etcd", "openssl"],
  async (servers) => {
    const plan = await secured(servers);
    const { folder } = plan;
    await withCluster(plan, async ({ control, told }) => {
      const request = requestFor("5b", "--time-limit 1 --rate 50", `${folder}/store`);
      const results = await runOnCluster(folder, request, HOOKS);
      assertEquals(results.valid, true, JSON.stringify(results.anomalies));
      assert(results.operations!.ok > 0);
      const { nodes, servers } = await control.report();
      for (const { pid } of [...nodes, ...servers]) {
        assert(!(await Deno.readTextFile(`/proc/${pid}/cmdline`)).includes("secret"));
      }
      assertEquals(nodes.length, 2);
      const written = textsIn(folder).filter(([path]) => path.endsWith(".log") || path.startsWith(`${folder}/store/`));
      assert(written.length > 3);
      assertEquals(written.filter(([, text]) => text.includes("secret")), []);
      assert(!told.join().includes("secret"));
    });
  },
  { sanitizeResources: false },
);

testWithServers(
  "a cluster that is not let in says why, in one line and without a password",
  ["nats-server", "etcd", "openssl"],
  async (servers) => {
    const plan = await secured(servers);
    const named = { ETCD_CERT: `${plan.folder}/tls/named.pem`, ETCD_KEY: `${plan.folder}/tls/named.key` };
    const failing = async (access: Record<string, string>, changes: Partial<StartedPlan> = {}) => {
      const told: string[] = [];
      const changed = { ...plan, ...changes, access: { ...plan.access, ...access } };
      await supervise(changed, nodeEnvironment(), (line) => told.push(line), new AbortController());
      const line = told.at(-1)!;
      assertMatch(line, /^failed [^\n]*$/);
      assert(!line.includes("secret"), line);
      return line;
    };
    const wrong = plan.nats![0]!.replace("secret", "secrets");
    assertStringIncludes(await failing({}, { nats: [wrong] }), "it refused the user me or its password");
    assertStringIncludes(await failing({ NATS_CA: "/no.pem" }), "Cannot read /no.pem: No such file or directory");
    assertStringIncludes(await failing({ ETCD_USER: "me:secrets" }), "refused the user me or the password");
    assertStringIncludes(await failing(named), "expected one without CN");
    assertStringIncludes(await failing({ ETCD_CACERT: "/no.pem" }), "Cannot read /no.pem: No such file or directory");
  },
  { sanitizeResources: false },
);
